"""The deploy gate: whether production may change now, and if not, why and what would mend it. Pure.

A backup counts here when it is good at L2, is of the commit that is live now, and was taken since production last changed:
only then does it hold what a deploy is about to replace. A changed Convex schema needs the data too (X6).
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.manifest import Backup, Type
from ops.schedules import is_ahead
from ops.words import ago, elapsed


class Colour(enum.StrEnum):
    """How the gate stands."""

    OPEN = "open"
    AMBER = "amber"  # it may be passed, after one confirmation
    CLOSED = "closed"


class Code(enum.StrEnum):
    """Why it does not stand open."""

    NO_BACKUP = "no backup"
    OLD = "old backup"
    FELL = "rows fell"
    HELD = "held"
    FROZEN = "frozen"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason why not, and what would mend it."""

    code: Code
    colour: Colour
    sentence: str
    mend: str


@dataclass(frozen=True, kw_only=True)
class Held:
    """Somebody's word that nothing is to be deployed."""

    reason: str
    by: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The team's settings for the gate."""

    warn_after: timedelta
    max_age: timedelta | None = None
    reason_when_amber: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the gate is decided from."""

    live: str  # the commit that is live
    schema_changed: bool
    backups: Sequence[Backup]  # newest first
    label: str = ""  # of production's deployment; a backup of another one does not count
    changed_at: datetime | None = None  # when production last changed, as far as it is known
    held: Held | None = None
    frozen: str = ""  # why, and until when, if this is a time of a freeze


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How the gate stands, and on which backup that rests."""

    colour: Colour
    needs: Type  # the least backup that would do
    why_needs: str
    reasons: tuple[Reason, ...] = ()
    backup: Backup | None = None  # the usable one
    latest: Backup | None = None  # the newest good one of any type, usable or not
    asks_reason: bool = False  # passing it needs a reason, not only a confirmation

    @property
    def only_backup_missing(self) -> bool:
        """Whether a backup is all that keeps it closed."""
        closing = {reason.code for reason in self.reasons if reason.colour is Colour.CLOSED}
        return closing == {Code.NO_BACKUP}

    def has(self, code: Code) -> bool:
        """Whether this is one of the reasons."""
        return any(reason.code is code for reason in self.reasons)


def decide(facts: Facts, rules: Rules, now: datetime) -> Verdict:
    """Say how the gate stands."""
    needs: Type = "full" if facts.schema_changed else "quick"
    backup = next((each for each in facts.backups if _fault(each, facts, rules, needs, now) is None), None)
    reasons = tuple(_hindrances(facts) + _of_backup(backup, facts, rules, needs, now))
    return Verdict(
        colour=_worst(reasons),
        needs=needs,
        why_needs="The Convex schema changes, so the data must be kept too."
        if facts.schema_changed
        else "The Convex schema stays as it is.",
        reasons=reasons,
        backup=backup,
        latest=next((each for each in facts.backups if each.good and (not facts.label or each.is_of(facts.label))), None),
        asks_reason=any(reason.code is Code.FELL for reason in reasons) or (rules.reason_when_amber and _worst(reasons) is Colour.AMBER),
    )


def _worst(reasons: Sequence[Reason]) -> Colour:
    """Closed if any reason closes it."""
    colours = {reason.colour for reason in reasons}
    return next((colour for colour in (Colour.CLOSED, Colour.AMBER) if colour in colours), Colour.OPEN)


def _hindrances(facts: Facts) -> list[Reason]:
    """What closes it whatever backups there are."""
    found = []
    if held := facts.held:
        since = f"{held.since:%Y-%m-%d %H:%M} UTC"
        found.append(
            Reason(
                code=Code.HELD,
                colour=Colour.CLOSED,
                sentence=f"Deploys are held since {since} by {held.by}: “{held.reason}”.",
                mend="Lift the hold once that is settled: `/ops resume`.",
            )
        )
    if facts.frozen:
        found.append(Reason(code=Code.FROZEN, colour=Colour.CLOSED, sentence=facts.frozen, mend="Wait for its end."))
    return found


def _of_backup(backup: Backup | None, facts: Facts, rules: Rules, needs: Type, now: datetime) -> list[Reason]:
    """What the backups mean for it."""
    if backup is None:
        return [
            Reason(
                code=Code.NO_BACKUP,
                colour=Colour.CLOSED,
                sentence=_why_none(facts, rules, needs, now),
                mend=f"Take a {needs} backup now; the deploy goes on by itself once it is verified.",
            )
        ]
    found = []
    if now - backup.timestamp > rules.warn_after:
        found.append(
            Reason(
                code=Code.OLD,
                colour=Colour.AMBER,
                sentence=f"The last usable backup is {elapsed(now - backup.timestamp)} old: what was written since is not in it.",
                mend="Take a new one first, or confirm that its age is fine.",
            )
        )
    if backup.facts.warnings:
        found.append(
            Reason(
                code=Code.FELL,
                colour=Colour.AMBER,
                sentence=f"In that backup rows fell against the one before: {'; '.join(backup.facts.warnings[:3])}.",
                mend="Say why that is as it should be.",
            )
        )
    return found


def _why_none(facts: Facts, rules: Rules, needs: Type, now: datetime) -> str:
    """Why the newest backup of the type that is needed does not count."""
    fitting = [each for each in facts.backups if each.type in _enough(needs)]
    if not fitting:
        return f"There is no {'' if needs == 'quick' else 'full '}backup yet."
    return f"The last {'' if needs == 'quick' else 'full '}backup, {fitting[0].id}, does not count: " + str(
        _fault(fitting[0], facts, rules, needs, now)
    )


def _fault(backup: Backup, facts: Facts, rules: Rules, needs: Type, now: datetime) -> str | None:
    """Why a backup does not count; None when it does."""
    if backup.type not in _enough(needs):
        return "it holds the code only."
    if not backup.good:
        return f"it is not verified ({backup.problem or backup.facts.failed or 'nobody has looked at it'})."
    if facts.label and not backup.is_of(facts.label):
        return f"it is of the deployment {(backup.deployment or {}).get('label')}, not of {facts.label}."
    if backup.commit_hash != facts.live:
        return f"it is of {backup.short_commit}, and {facts.live[:6]} is live now."
    return _fault_of_age(backup, facts, rules, now)


def _fault_of_age(backup: Backup, facts: Facts, rules: Rules, now: datetime) -> str | None:
    """Why its age keeps a backup from counting."""
    if facts.changed_at is not None and backup.timestamp < facts.changed_at:
        return f"it was taken before production last changed ({ago(facts.changed_at, now)})."
    if is_ahead(backup.timestamp, now):
        return f"it is dated {ago(backup.timestamp, now)}, so its age is unknown."
    if rules.max_age is not None and now - backup.timestamp > rules.max_age:
        return f"it is {elapsed(now - backup.timestamp)} old, and {elapsed(rules.max_age)} is the most."
    return None


def _enough(needs: Type) -> tuple[Type, ...]:
    """The types that do: a full backup holds what a quick one does."""
    return ("full",) if needs == "full" else ("full", "quick")
