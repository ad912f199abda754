"""Make a plan of a proposal and a person's choice, refuse where the gate would not let it pass, and gather again what it binds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ops.context import Services
from ops.deploy.proposal import ENVIRONMENT, Proposal
from ops.errors import Refused
from ops.gate import Code, Colour, Verdict
from ops.people import Person, titles
from ops.plans import Plan
from ops.settings import Settings
from ops.words import one_line

KIND = "deploy"
REASON = 300  # characters


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a person decided about a proposal."""

    backup: Literal["", "quick", "full"] = ""  # taken first, within the deploy
    confirmed: bool = False  # the age of the backup is fine
    reason: str = ""  # for passing an amber or a closed gate
    override: bool = False  # pass a closed gate


def plan(settings: Settings, proposal: Proposal, choice: Choice, person: Person) -> Plan:
    """What will be done, as an approval binds it.

    Raises:
        Refused: nothing would change, or the gate does not let it pass like this.
    """
    if proposal.nothing_new:
        raise Refused(f"{proposal.branch} is at {proposal.commit.hash[:6]} already: there is nothing to deploy.", "Name another ref.")
    require_passable(settings, proposal.verdict, choice, person)
    return Plan(kind=KIND, environment=ENVIRONMENT, bound=_bound(settings, proposal, choice), shown=_shown(proposal, choice))


def require_passable(settings: Settings, verdict: Verdict, choice: Choice, person: Person) -> None:
    """Refuse what the gate does not let pass.

    Raises:
        Refused: with the reasons, and what would mend them.
    """
    left = [reason for reason in verdict.reasons if not (choice.backup and reason.code in {Code.NO_BACKUP, Code.OLD, Code.FELL})]
    if choice.backup == "quick" and verdict.needs == "full" and not choice.override:
        raise Refused("A quick backup would not cover this deploy: the Convex schema changes.", "Choose the full backup.")
    closing = [reason for reason in left if reason.colour is Colour.CLOSED]
    if closing and not choice.override:
        raise Refused(" ".join(reason.sentence for reason in closing), " ".join(reason.mend for reason in closing))
    if closing:
        require_override(settings, person, choice)
    elif left and not choice.confirmed:
        raise Refused(" ".join(reason.sentence for reason in left), "Confirm it, or take a backup first.")
    if left and verdict.asks_reason and not choice.reason.strip():
        raise Refused(" ".join(reason.sentence for reason in left), "Say in a sentence why the deploy should go on all the same.")


def require_override(settings: Settings, person: Person, choice: Choice) -> None:
    """Refuse passing a closed gate without the role, or without a reason.

    Raises:
        Refused: with the roles that may.
    """
    if not person.at_terminal and not person.roles & settings.gate.override:
        raise Refused("You may not pass a closed gate.", f"This needs the role {titles(settings.gate.override)}.")
    if not choice.reason.strip():
        raise Refused("Passing a closed gate needs a reason.", "Say in a sentence why; it is told in the channel.")


def _bound(settings: Settings, proposal: Proposal, choice: Choice) -> dict[str, Any]:
    """What is gathered again at the start and compared."""
    backup = proposal.verdict.backup
    return {
        "target": proposal.target,
        "branch": proposal.branch,
        "head": proposal.live.hash,
        "commit": proposal.commit.hash,
        "version": proposal.version,
        "schema_changed": proposal.shipment.schema_changed,
        "take": choice.backup,
        "backup": "" if choice.backup or backup is None else backup.id,
        "steps": list(steps(settings, take=choice.backup)),
        "settings": settings_digest(settings),
    }


def steps(settings: Settings, *, take: str) -> Sequence[str]:
    """The steps that a card names before they have run, in their order. Pure."""
    own, smoke = settings.app.functions == "bot", {page.environment for page in settings.smoke}
    listed = {
        "nothing moved": True,
        f"{take} backup": bool(take),
        "gate": True,
        "packages": True,
        "staging functions": settings.gate.staging_first,
        "staging smoke tests": settings.gate.staging_first and "staging" in smoke,
        "check": own,
        "push": True,
        "functions": own,
        "site": settings.vercel is not None,
        "smoke tests": ENVIRONMENT in smoke,
        "release": True,
    }
    return tuple(name for name, there in listed.items() if there)


def _shown(proposal: Proposal, choice: Choice) -> dict[str, Any]:
    """What people read before they decide."""
    verdict = proposal.verdict
    return {
        "ref": proposal.ref,
        "message": proposal.commit.message,
        "author": proposal.commit.author,
        "shipment": proposal.shipment.dump(),
        "gate": {
            "colour": verdict.colour.value,
            "needs": verdict.needs,
            "codes": [reason.code.value for reason in verdict.reasons],
            "reasons": [reason.sentence for reason in verdict.reasons],
        },
        "confirmed": choice.confirmed,
        "override": choice.override,
        "why": one_line(choice.reason, REASON),
    }


def found(services: Services, bound: Mapping[str, Any]) -> dict[str, Any]:
    """What the plan binds, as it is now: what differs makes an approval void."""
    settings = services.settings
    good = {each.id for each in services.catalogue.all() if each.good}
    return {
        **bound,
        "target": services.target(ENVIRONMENT),
        "branch": settings.app.production_branch,
        "head": services.git.remote_head(settings.app.production_branch),
        "backup": bound["backup"] if bound["backup"] in good else "",
        "settings": settings_digest(settings),
    }


def settings_digest(settings: Settings) -> str:
    """The settings that a deploy or a rollback works by, as one short text: changed, a plan made before is void. Pure."""
    app, convex = settings.app, settings.convex
    used = {
        "app": app.model_dump(mode="json"),
        "convex": {"mode": convex.import_mode, "pause": convex.pause, "production": convex.production.model_dump(mode="json")},
        "vercel": settings.vercel.model_dump(mode="json") if settings.vercel else None,
        "staging_first": settings.gate.staging_first,
    }
    return hashlib.sha256(json.dumps(used, sort_keys=True).encode()).hexdigest()[:16]


def typed(bound: Mapping[str, Any]) -> str:
    """What a person types to say that they mean this very deploy: the commit's first six digits. Pure."""
    return str(bound["commit"])[:6]
