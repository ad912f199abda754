"""A Slack workspace on this machine, for the unmodified Slack libraries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute

from sandbox.now import Now
from sandbox.serving import Serving
from sandbox.slack import manifest
from sandbox.slack.api.basics import Basics
from sandbox.slack.api.chat import Chat
from sandbox.slack.api.conversations import Conversations
from sandbox.slack.api.door import Method, WebApi
from sandbox.slack.api.files import Files
from sandbox.slack.api.marks import Marks
from sandbox.slack.api.people import People
from sandbox.slack.api.tokens import APP_TOKEN, BOT_TOKEN
from sandbox.slack.api.views import Views
from sandbox.slack.client import Client
from sandbox.slack.deeds import Deeds
from sandbox.slack.faults import Faults
from sandbox.slack.kept import Kept
from sandbox.slack.measuring import measure
from sandbox.slack.notices import Notices
from sandbox.slack.page import Page
from sandbox.slack.payloads import Payloads
from sandbox.slack.people import MEMBERS, TEAM, Member
from sandbox.slack.responses import Responses
from sandbox.slack.sockets import Sockets
from sandbox.slack.triggers import Triggers
from sandbox.slack.windows import Windows
from sandbox.slack.workspace import Workspace


class SlackServer:
    """One workspace with one app, on a port of its own.

    Args:
        folder: messages and Homes survive a restart in it; without one they are gone with this object.
        port: 0 takes a free one, which is kept when the server is stopped and started again.
        routes: what else is served there, such as the page.
        members: who is in the workspace.
        scopes: what the bot's token may do; those of the app's manifest unless it is said.
        now: its clock; this machine's unless it is said.
    """

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN
    team = TEAM

    def __init__(  # noqa: PLR0913 # what a workspace is made of, all named
        self,
        folder: Path | None = None,
        *,
        port: int = 0,
        routes: Sequence[BaseRoute] = (),
        members: Sequence[Member] = MEMBERS,
        scopes: Collection[str] | None = None,
        now: Now | None = None,
    ) -> None:
        self._kept = Kept(folder)
        self._workspace = Workspace(members, self._kept, now or Now())
        self.faults = Faults(self._fault_changed)
        self._sockets = Sockets(self.faults, self._cut)
        self._sockets.changed = self._workspace.changes.mark
        triggers, responses = Triggers(), Responses(self._workspace, self.faults)
        self._deeds = Deeds(
            payloads=Payloads(self._workspace, triggers, responses),
            sockets=self._sockets,
            windows=Windows(self._workspace),
            responses=responses,
            notices=Notices(self._workspace.changes.mark),
        )
        files = Files(self._workspace)
        allowed = frozenset(manifest.scopes() if scopes is None else scopes)
        self._api = WebApi(self._methods(files, triggers, allowed), self.faults, allowed, self._cut)
        page = Page(self._workspace, self._deeds)
        self._serving = Serving(Starlette(routes=[*self._routes(files, responses), *page.routes(), *routes]), port, "sandbox-slack")
        self.client = Client(self._workspace, self._deeds, self._serving)

    def start(self) -> Self:
        """Serve, and return when it answers."""
        self._workspace.changes.closed = False
        self._serving.start()
        self._workspace.url = self._serving.url
        return self

    def stop(self) -> None:
        """Stop serving; the port and what was said stay."""
        self._serving.ask(self._workspace.changes.close)
        self._serving.stop()
        self._kept.close()

    @property
    def url(self) -> str:
        """Where it is served."""
        return self._serving.url

    @property
    def api_url(self) -> str:
        """Where the Web API is served."""
        return f"{self.url}/api/"

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Every call of the Web API, oldest first."""
        return list(self._api.requests)

    @property
    def connections(self) -> int:
        """How many Socket Mode connections there are."""
        return len(self._sockets.connections)

    def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask for new connections, as Slack does every few hours; ``warning`` and ``link_disabled`` are the other reasons."""
        self._serving.run(self._sockets.refresh(reason), 30)

    def drop(self, number: int | None = None) -> None:
        """Cut connections without a word: so many, or all."""
        self._serving.ask(lambda: self._sockets.drop(number))

    def payload(self, text: str, user: str = "U0ALICE", channel: str = "C0ENGINEERING") -> dict[str, Any]:
        """A fresh payload of a slash command, as ``measure`` takes it."""
        return self._serving.ask(lambda: self._deeds.payloads.command(user, channel, text))

    async def measure(self, payloads: Sequence[Mapping[str, Any]], concurrency: int) -> list[float]:
        """Send these, so many at a time, in the server's own loop; milliseconds to each acknowledgement, in order."""
        return await self._serving.within(measure(self._sockets, payloads, concurrency))

    def _cut(self, peer: tuple[str, int] | None) -> None:
        self._serving.cut(peer)

    def _fault_changed(self) -> None:
        if self.faults.get("down"):
            self._serving.ask(self._sockets.drop)

    def _methods(self, files: Files, triggers: Triggers, scopes: frozenset[str]) -> dict[str, Method]:
        families = (
            Basics(self._workspace, self._sockets),
            Chat(self._workspace, scopes),
            Views(self._workspace, self._deeds.windows, triggers),
            Conversations(self._workspace),
            People(self._workspace),
            Marks(self._workspace),
            files,
        )
        return {name: method for family in families for name, method in family.methods.items()}

    def _routes(self, files: Files, responses: Responses) -> list[BaseRoute]:
        return [
            Route("/api/{method}", self._api.answer, methods=["GET", "POST"]),
            WebSocketRoute("/link/", self._sockets.connect),
            Route("/response/{token}", responses.use, methods=["POST"]),
            Route("/upload/{token}", files.receive, methods=["POST"]),
            Route("/files/{file}", files.show),
        ]
