"""``auth.test``, ``api.test`` and ``apps.connections.open``."""

from __future__ import annotations

from typing import Any

from sandbox.slack.api.arguments import Arguments
from sandbox.slack.people import APP, BOT, BOT_ID, TEAM
from sandbox.slack.sockets import Sockets
from sandbox.slack.workspace import Workspace

Answer = dict[str, Any]


class Basics:
    """The methods."""

    def __init__(self, workspace: Workspace, sockets: Sockets) -> None:
        self._workspace, self._sockets = workspace, sockets
        self.methods = {"auth.test": self.who, "api.test": self.echo, "apps.connections.open": self.connect}

    def who(self, _: Arguments) -> Answer:
        """Whose token it is."""
        return {
            "url": f"{self._workspace.url}/",
            "team": "Sandbox",
            "user": "backstop",
            "team_id": TEAM,
            "user_id": BOT,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def echo(self, arguments: Arguments) -> Answer:
        """What was sent."""
        return {"args": arguments.values}

    def connect(self, _: Arguments) -> Answer:
        """An address for one Socket Mode connection."""
        address = self._workspace.url.replace("http", "ws", 1)
        return {"url": f"{address}/link/?ticket={self._sockets.ticket()}&app_id={APP}"}
