"""Look at what a deploy would do: what would ship, how the gate stands, who would have to sign."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ops import freezes, gate, releases, shipment, standing
from ops.context import Services
from ops.errors import Refused
from ops.gate import Verdict
from ops.services.git import Commit
from ops.settings import Settings
from ops.shipment import Shipment
from ops.words import counted

ENVIRONMENT = "production"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A deploy as it would be, before anybody has decided anything."""

    target: str  # "production · sturgeon"
    branch: str
    ref: str  # as it was typed
    version: str
    live: Commit
    commit: Commit
    shipment: Shipment
    verdict: Verdict

    @property
    def nothing_new(self) -> bool:
        """Whether production is at that commit already."""
        return self.live.hash == self.commit.hash


def look(services: Services, ref: str = "", version: str = "", *, stop: threading.Event | None = None) -> Proposal:
    """Fetch, compare and read the gate.

    Raises:
        Refused, GitFailed: the ref is none, is not a fast-forward, or the version is taken.
    """
    app, git = services.settings.app, services.git
    ref = ref or app.source_branch
    live = git.head(app.production_branch, stop=stop)
    commit = git.resolve(ref, stop=stop)
    require_fast_forward(services, live, commit, ref, stop)
    require_free_version(services, version, commit, stop)
    ships = shipment.between(services, live.hash, commit.hash, environment=ENVIRONMENT, stop=stop)
    return Proposal(
        target=services.target(ENVIRONMENT),
        branch=app.production_branch,
        ref=ref,
        version=version,
        live=live,
        commit=commit,
        shipment=ships,
        verdict=read_gate(services, live.hash, schema_changed=ships.schema_changed),
    )


def read_gate(services: Services, live: str, *, schema_changed: bool) -> Verdict:
    """How the gate stands at this moment."""
    now = datetime.now(UTC)
    last = releases.last(services.engine, ENVIRONMENT)
    hold = standing.current(services.engine, standing.What.HOLD, ENVIRONMENT)
    window = freezes.frozen(services.settings.gate.freeze, services.settings.team.zone, now)
    facts = gate.Facts(
        live=live,
        schema_changed=schema_changed,
        backups=services.catalogue.all(),
        label=services.settings.convex.production.name,
        changed_at=last.at if last else None,
        held=gate.Held(reason=hold.reason, by=hold.by, since=hold.since) if hold else None,
        frozen=window.sentence if window else "",
    )
    return gate.decide(facts, rules(services.settings), now)


def rules(settings: Settings) -> gate.Rules:
    """The gate's settings. Pure."""
    chosen = settings.gate
    return gate.Rules(
        warn_after=timedelta(hours=chosen.warn_after_hours),
        max_age=timedelta(hours=chosen.max_age_hours) if chosen.max_age_hours is not None else None,
        reason_when_amber=chosen.reason_when_amber,
    )


def require_fast_forward(services: Services, live: Commit, commit: Commit, ref: str, stop: threading.Event | None) -> None:
    """Refuse a commit that would take away what is live.

    Raises:
        Refused: with the commits that production has and the ref has not.
    """
    git, branch = services.git, services.settings.app.production_branch
    if git.is_ancestor(live.hash, commit.hash, stop=stop):
        return
    count = git.count(commit.hash, live.hash, stop=stop)
    if git.is_ancestor(commit.hash, live.hash, stop=stop):
        raise Refused(
            f"“{ref}” ({commit.hash[:6]}) is behind {branch}: deploying it would take {counted(count, 'commit')} away.",
            "To go back, use `/rollback`.",
        )
    lost = git.log(commit.hash, live.hash, 3, stop=stop)
    named = ", ".join(f"{each.hash[:6]} “{each.message[:50]}” by {each.author}" for each in lost)
    raise Refused(
        f"“{ref}” ({commit.hash[:6]}) is no fast-forward of {branch}: {branch} has {counted(count, 'commit')} that it has not: {named}.",
        f"Merge {branch} into it first, then deploy again.",
    )


def require_free_version(services: Services, version: str, commit: Commit, stop: threading.Event | None) -> None:
    """Refuse a version that names another commit already: a tag is never moved.

    Raises:
        Refused: with the commit it names, or because it cannot be a tag.
    """
    if not version:
        return
    tagged = services.git.tag_of(version, stop=stop)
    if tagged is not None and tagged != commit.hash:
        raise Refused(f"The version {version} is taken: it names commit {tagged[:6]}.", "A version never moves. Choose the next one.")
