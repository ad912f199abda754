"""The workspace as it is at first: its people, user groups and channels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TEAM = "T0SANDBOX"
OTHER_TEAM = "T0OTHER"
APP = "A0BACKSTOP"
BOT = "U0BACKSTOP"
BOT_ID = "B0BACKSTOP"


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody, or a bot."""

    id: str
    handle: str
    name: str
    title: str = ""
    color: str = "4a154b"
    team: str = TEAM
    switcher: bool = False  # whether the page lets you be them
    is_restricted: bool = False  # a guest
    deleted: bool = False
    is_bot: bool = False

    def described(self) -> dict[str, Any]:
        """As ``users.info`` says it."""
        profile = {"real_name": self.name, "display_name": self.handle, "title": self.title, "email": f"{self.handle}@sandbox.test"}
        found: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team,
            "name": self.handle,
            "real_name": self.name,
            "deleted": self.deleted,
            "profile": profile,
            "is_bot": self.is_bot,
            "updated": 0,
        }
        if self.deleted:
            return found
        rights = {f"is_{right}": False for right in ("admin", "owner", "primary_owner", "ultra_restricted", "app_user")}
        stranger = {"is_stranger": True} if self.team != TEAM else {}
        return {**found, **rights, **stranger, "is_restricted": self.is_restricted, "color": self.color, "tz": "Australia/Melbourne"}

    def brief(self) -> dict[str, str]:
        """As a click says it."""
        return {"id": self.id, "username": self.handle, "name": self.handle, "team_id": self.team}


MEMBERS: tuple[Member, ...] = (
    Member(id="U0ALICE", handle="alice", name="Alice", title="Developer", color="2f7d4f", switcher=True),
    Member(id="U0BOB", handle="bob", name="Bob", title="Engineering Lead", color="1264a3", switcher=True),
    Member(id="U0CAROL", handle="carol", name="Carol", title="CTO", color="a8324a", switcher=True),
    Member(id="U0DAVE", handle="dave", name="Dave", title="DevOps Engineer", color="b1642a", switcher=True),
    Member(id="U0MALLORY", handle="mallory", name="Mallory", title="Sales"),
    Member(id="U0GUEST", handle="gus", name="Gus", title="Contractor", is_restricted=True),
    Member(id="U0GONE", handle="gina", name="Gina", title="Left last year", deleted=True),
    Member(id="U0ERIN", handle="erin", name="Erin", title="Of another company", team=OTHER_TEAM),
    Member(id=BOT, handle="backstop", name="Backstop", color="1f2937", is_bot=True),
)
"""Four who have roles, and those whom a bot must not take for one of them."""

GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {"S0DEVS": ("developers", ("U0ALICE",)), "S0OPS": ("devops", ("U0DAVE",))}
"""User groups: id -> handle and members."""


@dataclass
class Channel:
    """A place to talk."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    is_private: bool = False
    is_archived: bool = False
    with_user: str = ""  # of a direct message

    @property
    def is_direct(self) -> bool:
        """Whether it is between the bot and one person."""
        return bool(self.with_user)

    def described(self) -> dict[str, Any]:
        """As ``conversations.info`` says it."""
        if self.is_direct:
            return {"id": self.id, "is_im": True, "is_channel": False, "user": self.with_user, "is_open": True, "is_archived": False}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_member": BOT in self.members,
            "num_members": len(self.members),
        }


def channels(members: tuple[Member, ...]) -> list[Channel]:
    """Four channels; in two of them is the bot."""
    everybody = {member.id for member in members if not member.deleted}
    people = everybody - {BOT}
    return [
        Channel("C0ENGINEERING", "engineering", set(everybody)),
        Channel("C0INCIDENTS", "incidents", set(everybody)),
        Channel("C0RANDOM", "random", set(people)),
        Channel("G0PRIVATE", "secret", {"U0CAROL"} & people, is_private=True),
    ]
