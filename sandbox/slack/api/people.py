"""``users.*`` and ``usergroups.*``."""

from __future__ import annotations

from typing import Any

from sandbox.slack.api.arguments import Arguments
from sandbox.slack.api.paging import page
from sandbox.slack.people import TEAM
from sandbox.slack.refusals import Refusal
from sandbox.slack.workspace import Workspace

Answer = dict[str, Any]


class People:
    """The methods."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.methods = {
            "users.info": self.info,
            "users.list": self.everybody,
            "usergroups.list": self.groups,
            "usergroups.users.list": self.group,
        }

    def info(self, arguments: Arguments) -> Answer:
        """One person."""
        return {"user": self._workspace.member(arguments.needed("user")).described()}

    def everybody(self, arguments: Arguments) -> Answer:
        """Everybody."""
        members, more = page(list(self._workspace.members.values()), arguments)
        return {"members": [member.described() for member in members], **more}

    def groups(self, arguments: Arguments) -> Answer:
        """Every user group."""
        with_users = arguments.flag("include_users")
        groups = [
            {"id": group, "team_id": TEAM, "handle": handle, "name": handle, "user_count": len(users)}
            | ({"users": list(users)} if with_users else {})
            for group, (handle, users) in self._workspace.groups.items()
        ]
        return {"usergroups": groups}

    def group(self, arguments: Arguments) -> Answer:
        """Who is in a group."""
        group = self._workspace.groups.get(arguments.needed("usergroup"))
        if group is None:
            raise Refusal("no_such_subteam")
        return {"users": list(group[1])}
