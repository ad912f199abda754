"""Who may do what. Pure: roles in, an answer or a reason out."""

from __future__ import annotations

import enum
import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass

from ops.errors import Refused


class Role(enum.StrEnum):
    """The roles of the documents' access table."""

    DEVELOPER = "developer"
    ENG_LEAD = "eng_lead"
    CTO = "cto"
    DEVOPS = "devops"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title() is of no use for a role
        """As people say it."""
        return _TITLES[self]


_TITLES = {Role.DEVELOPER: "developer", Role.ENG_LEAD: "Eng Lead", Role.CTO: "CTO", Role.DEVOPS: "DevOps"}


class Right(enum.StrEnum):
    """What a person may be allowed to do; looking needs no right."""

    LOOK = "look"
    TAKE = "take"
    DELETE = "delete"
    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    RESTORE = "restore"
    HOLD = "hold"
    SETTLE = "settle"
    APPROVE = "approve"
    BREAK_GLASS = "break_glass"


Policy = Mapping[Right, frozenset[Role]]

_DEEDS = {
    Right.LOOK: "look at backups",
    Right.TAKE: "take, pin or verify backups, or have anything posted",
    Right.DELETE: "delete or unpin backups",
    Right.DEPLOY: "ask for a deploy",
    Right.ROLLBACK: "ask for a rollback",
    Right.RESTORE: "ask for a restore or a drill",
    Right.HOLD: "hold deploys, lift a hold, switch maintenance, or let a paused app run",
    Right.SETTLE: "decide about a halted operation or an alert",
    Right.APPROVE: "sign or reject what others ask for",
    Right.BREAK_GLASS: "start anything without its signature",
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who asks: a Slack user, or whoever sits at the terminal."""

    id: str
    roles: frozenset[Role] = frozenset()
    at_terminal: bool = False


class NotAllowed(Refused):
    """The person's roles do not carry the right."""


def at_terminal() -> Person:
    """Whoever runs the terminal command: every right but approving."""
    return Person(id=f"terminal:{_user()}", roles=frozenset(Role), at_terminal=True)


def _user() -> str:
    """The name of whoever runs us; in a container it may have none, only a number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def require(person: Person, right: Right, policy: Policy) -> None:
    """Refuse unless one of the person's roles carries the right.

    Raises:
        NotAllowed: with the roles that may.
    """
    if right is Right.LOOK or person.at_terminal or person.roles & policy.get(right, frozenset()):
        return
    roles = policy.get(right, frozenset())
    if roles == frozenset(Role):  # so they hold none
        raise NotAllowed(
            f"You may not {_DEEDS[right]}.", "This needs a role, and you have none: `[roles]` in `backstop.toml` names who has."
        )
    raise NotAllowed(f"You may not {_DEEDS[right]}.", f"This needs the role {titles(roles)}." + (" Ask one of them." if roles else ""))


def titles(roles: frozenset[Role]) -> str:
    """Give "developer, Eng Lead or CTO" for these roles, in the documents' order."""
    names = [role.title for role in Role if role in roles]
    if not names:
        return "that nobody holds"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
