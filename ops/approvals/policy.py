"""Who must sign what, who may, and when it goes without. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.people import Person, Role
from ops.settings import Approvals, Settings
from ops.words import elapsed

if TYPE_CHECKING:
    from ops.approvals.records import Approval

PRODUCTION_DATA = frozenset({"full rollback", "restore", "salvage"})  # what changes production's rows
_RECENT = timedelta(hours=24)  # an expired approval can still be broken through for so long


def signature(kind: str, person: Person, rules: Approvals) -> Role | None:
    """The role that must sign this for this person; None where nobody must. The terminal has every right but signing."""
    if kind in PRODUCTION_DATA:
        return rules.production_database
    if kind.startswith("staging"):
        return None
    free = rules.deploy if kind == "deploy" else rules.code_rollback
    return None if person.at_terminal or person.roles & free else Role.ENG_LEAD


def may_sign(approval: Approval, person: Person, now: datetime, settings: Settings) -> str:
    """Why this person may not sign it; "" if they may."""
    rules, role = settings.approvals, approval.role or Role.ENG_LEAD
    if person.at_terminal:
        return "Nothing is signed at a terminal: it cannot tell who sits there."
    if person.id == approval.requested_by and not rules.allow_self:
        return "You asked for this, so somebody else signs it."
    if person.roles & {role, Role.CTO}:
        return ""
    if person.id in rules.stand_ins:
        at = stand_ins_from(approval, settings)
        return "" if at is not None and now >= at else f"You stand in for the {role.title} {_from(at, now)}."
    return f"Only the {role.title} can sign a {approval.kind} of production. {waiting_for(approval, now, settings)}".strip()


def waiting_for(approval: Approval, now: datetime, settings: Settings) -> str:
    """Who was told, and who will be, in a sentence or two."""
    told = ", ".join(sorted(signers(approval.requested_by, approval.role, settings)))
    asked = f"{told} was told {elapsed(now - approval.asked_at)} ago." if told and approval.asked_at else ""
    stand_ins, at = ", ".join(sorted(settings.approvals.stand_ins)), stand_ins_from(approval, settings)
    return f"{asked} {f'{stand_ins} is told {_from(at, now)}.' if stand_ins and at and now < at else ''}".strip()


def _from(at: datetime | None, now: datetime) -> str:
    """From when on."""
    return "once it was asked for" if at is None else f"in {elapsed(at - now)}"


def stand_ins_from(approval: Approval, settings: Settings) -> datetime | None:
    """From when on the stand-ins may sign: at once where the asker is the only approver."""
    if approval.asked_at is None or not settings.approvals.stand_ins:
        return None
    if only_asker(approval.requested_by, approval.role, settings):
        return approval.asked_at
    return approval.asked_at + timedelta(minutes=settings.approvals.stand_in_minutes)


def approvers(settings: Settings, role: Role | None) -> frozenset[str]:
    """Everybody who is named for a role, people and groups; a CTO signs wherever an Eng Lead may."""
    if role is None:
        return frozenset()
    named: frozenset[str] = getattr(settings.roles, role.value)
    return named | settings.roles.cto


def signers(asker: str, role: Role | None, settings: Settings) -> frozenset[str]:
    """Whose signature is waited for: not the asker's own, unless the settings allow that; the stand-ins' where nobody else is left."""
    own: frozenset[str] = frozenset() if settings.approvals.allow_self else frozenset({asker})
    return approvers(settings, role) - own or settings.approvals.stand_ins - own


def only_asker(asker: str, role: Role | None, settings: Settings) -> bool:
    """Whether whoever asks is the only one who could sign."""
    return role is not None and approvers(settings, role) <= {asker}


def nobody(asker: str, role: Role | None, settings: Settings) -> bool:
    """Whether nobody at all could sign."""
    return only_asker(asker, role, settings) and not settings.approvals.stand_ins - {asker} and not settings.approvals.allow_self


def warnings(settings: Settings) -> list[str]:
    """What the start says of signatures that could not be had: where one person is all there is, and nobody stands in."""
    rules, found = settings.approvals, []
    for what, role in (("Whatever changes production's data", rules.production_database), ("Whatever an Eng Lead signs", Role.ENG_LEAD)):
        named = approvers(settings, role)
        if not named:
            found.append(f"{what} can be signed by nobody: give somebody the role {role.title}, in `[roles]`.")
        elif len(named) == 1 and not next(iter(named)).startswith("S") and not (rules.stand_ins - named or rules.allow_self):
            found.append(
                f"{what} can be signed by {min(named)} only; asked for by them, only broken glass is left. Name `[approvals] stand_ins`."
            )
    return found


def may_break_glass(approval: Approval, now: datetime, settings: Settings) -> str:
    """Why it may not go without its signature yet; "" if it may."""
    if nobody(approval.requested_by, approval.role, settings):
        return ""
    if approval.status == "expired":
        over = approval.expires_at or now
        return "" if now - over < _RECENT else "It expired more than a day ago: plan again."
    since = now - (approval.asked_at or now)
    wait = timedelta(minutes=settings.approvals.break_glass_after_minutes)
    return "" if since >= wait else f"It was asked for {elapsed(since)} ago; the glass may be broken in {elapsed(wait - since)}."


def typed(kind: str, bound: Mapping[str, Any]) -> str:
    """What a person types to say that they mean this very plan: the backup's id, or the commit's first six digits."""
    return str(bound["commit"])[:6] if kind == "deploy" else str(bound["backup"])
