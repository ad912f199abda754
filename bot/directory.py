"""Who a Slack user is: allowed in at all, and in which roles.

Somebody whose id is in the settings needs no answer from Slack. User groups and what Slack says of a person are kept and
brought up to date in the background; while Slack does not answer, what was known last holds. Who cannot be looked up is
refused: that somebody is a guest must not be found out afterwards.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from bot.requests import Request
from bot.slack import Slack, SlackAway, SlackSaidNo
from ops.errors import Refused
from ops.people import Person, Policy, Right, Role
from ops.settings import Roles

log = logging.getLogger(__name__)

FRESH = 60.0  # seconds that an answer of Slack's is taken as it is
FORGOTTEN = 3600.0  # seconds after which a person who did nothing is looked up anew before anything else
LIMIT = 1.2  # seconds that an acknowledgement, due in three, may spend on looking somebody up

ASK_AGAIN = "Ask again in a minute."
AT_THE_CLICK = frozenset({Right.APPROVE, Right.BREAK_GLASS})
"""Rights for which nobody's former membership counts."""


@dataclass
class _Known:
    """An answer of Slack's, and its age."""

    value: Any
    at: float = field(default_factory=time.monotonic)

    @property
    def age(self) -> float:
        """Seconds since Slack said so."""
        return time.monotonic() - self.at


class Directory:
    """The workspace's people, as far as the roles need them."""

    def __init__(self, slack: Slack, roles: Roles, policy: Policy) -> None:
        self.team = ""  # our workspace, once Slack has said which it is
        self._slack = slack
        self._roles = roles
        self._policy = policy
        self.groups = sorted(name for name in roles.ids if name.startswith("S"))
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[Any]] = {}

    async def warm(self) -> None:
        """Look up everybody who is named in the settings, and the groups; Slack may be away."""
        for name in sorted(self._roles.ids):
            try:
                await self._ask(name)
            except (SlackAway, SlackSaidNo) as error:
                log.info("%s is not known yet: %s", name, error)

    async def admit(self, request: Request) -> None:
        """Refuse who does not belong here.

        Raises:
            Refused: a bot, a guest, a deactivated person, another workspace's; or Slack did not say.
        """
        if self.team and request.teams - {self.team}:
            raise Refused("You are from another workspace.", "Backstop answers its own workspace's members only.")
        if reason := await self._reason_against(request.person.id):
            raise Refused(reason, "Ask a member of the team.")

    async def person(self, user: str, needs: Right) -> Person:
        """The person with their roles; groups are waited for only where the right hangs on them.

        Whoever signs is looked up at the click: Slack is asked who is in the groups now.
        """
        ids = frozenset({user})
        if needs in AT_THE_CLICK and not await self._groups_now() and not self._roles.of(ids):
            raise Refused("Slack did not say who is in the user groups now.", ASK_AGAIN)
        roles = self._roles.of(ids | self._groups_of(user))
        lacks = needs is not Right.LOOK and not roles & self._policy.get(needs, frozenset())
        if not lacks:
            return Person(id=user, roles=roles)
        if not await self._groups_are_known():
            raise Refused("Slack did not say who is in the user groups.", ASK_AGAIN)
        return Person(id=user, roles=self._roles.of(ids | self._groups_of(user)))

    def roles_of(self, user: str) -> frozenset[Role]:
        """Somebody's roles as far as is known at this moment; for what is only shown. From any thread."""
        inside = frozenset(group for group, known in list(self._known.items()) if group in self.groups and user in known.value)
        return self._roles.of(frozenset({user}) | inside)

    async def members(self) -> dict[str, frozenset[str] | None]:
        """Who is in each group of the settings at this moment; None where Slack did not say."""
        began = time.monotonic()
        await self._groups_now()
        known = {group: self._known.get(group) for group in self.groups}
        return {group: found.value if found is not None and found.at >= began else None for group, found in known.items()}

    async def _groups_now(self) -> bool:
        """Ask for every group anew; whether all of them answered."""
        began = time.monotonic()
        await asyncio.gather(*(self._within_limit(group) for group in self.groups))
        return all(group in self._known and self._known[group].at >= began for group in self.groups)

    async def _reason_against(self, user: str) -> str:
        """Why this user may not come in, or "" if they may."""
        if not user:
            return "A bot sent this."
        known = self._known.get(user)
        if known is None and user in self._roles.ids:
            self._refresh(user)
            return ""
        if known is None or known.age > FORGOTTEN:
            known = await self._within_limit(user) or known
        if known is None:
            return "Slack did not say who you are."
        self._refresh(user)
        return _against(known.value, self.team)

    def _groups_of(self, user: str) -> frozenset[str]:
        """The groups of the settings that they are in, as far as known."""
        for group in self.groups:
            self._refresh(group)
        return frozenset(group for group in self.groups if group in self._known and user in self._known[group].value)

    async def _groups_are_known(self) -> bool:
        """Ask for the groups never heard of yet; whether all are known now."""
        missing = [group for group in self.groups if group not in self._known]
        await asyncio.gather(*(self._within_limit(group) for group in missing))
        return all(group in self._known for group in self.groups)

    async def _within_limit(self, name: str) -> _Known | None:
        """Wait a short while for Slack; the question stays asked."""
        try:
            await asyncio.wait_for(asyncio.shield(self._ask(name)), LIMIT)
        except (SlackAway, SlackSaidNo, TimeoutError) as error:
            log.warning("%s could not be looked up: %s", name, error or "no answer in time")
        return self._known.get(name)

    def _refresh(self, name: str) -> None:
        """Ask again in the background if the answer is old."""
        known = self._known.get(name)
        if (known is None or known.age > FRESH) and name not in self._asking:
            self._ask(name).add_done_callback(_heard)

    def _ask(self, name: str) -> asyncio.Task[Any]:
        """One question at a time for each name."""
        if name not in self._asking:
            task = asyncio.get_running_loop().create_task(self._answer(name), name=f"look up {name}")
            self._asking[name] = task
            task.add_done_callback(lambda _: self._asking.pop(name, None))
        return self._asking[name]

    def _answer(self, name: str) -> Coroutine[Any, Any, None]:
        """The question that fits the id."""
        return self._members(name) if name in self.groups else self._user(name)

    async def _members(self, group: str) -> None:
        """Who is in a group."""
        answer = await self._slack.read("usergroups.users.list", usergroup=group)
        self._known[group] = _Known(frozenset(answer["users"]))

    async def _user(self, user: str) -> None:
        """What Slack says of somebody."""
        answer = await self._slack.read("users.info", user=user)
        self._known[user] = _Known(answer["user"])

    async def close(self) -> None:
        """Ask nothing more."""
        for task in tuple(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)


def _heard(task: asyncio.Task[Any]) -> None:
    """A refresh that failed is worth a line, no more: what was known holds."""
    if not task.cancelled() and (error := task.exception()):
        log.info("%s failed: %s", task.get_name(), error)


def _against(user: dict[str, Any], team: str) -> str:
    """Why somebody as Slack describes them may not come in."""
    if user.get("deleted"):
        return "Your account is deactivated."
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return "Guests may not use Backstop."
    if user.get("is_bot") or user.get("id") == "USLACKBOT":
        return "Bots may not use Backstop."
    if user.get("is_stranger") or (team and user.get("team_id") not in {None, "", team}):
        return "You are from another workspace."
    return ""
