"""What the page asks about production, and what it can do to it: ``/production…``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.outside import Outside
from sandbox.world import commits
from sandbox.world.breaking import SWITCHES, Breaking
from sandbox.world.production import NAME
from sandbox.world.repository import PRODUCTION, SOURCE
from sandbox.world.world import World


@dataclass(frozen=True, kw_only=True)
class Around:
    """What stands around production in the demo."""

    breaking: Breaking
    bot: Mapping[str, Callable[[], str]]  # what can be done to the bot itself, by name
    clock: Clock
    move: Callable[[str], str]  # the clock, and the bot with it
    outside: Outside


class Routes:
    """The routes, each answering with production as it then is.

    Args:
        world: what is shown and changed.
        around: likewise.
    """

    def __init__(self, world: World, around: Around) -> None:
        self._world, self._around = world, around

    def routes(self) -> list[Route]:
        """All of them."""
        posted = {"change": self._change, "commit": self._commit, "fault": self._fault, "bot": self._to_bot, "clock": self._move}
        return [
            Route("/production", self._show),
            *(Route(f"/production/{name}", self._answering(deed), methods=["POST"]) for name, deed in posted.items()),
        ]

    async def _show(self, _: Request) -> JSONResponse:
        return JSONResponse(await asyncio.to_thread(self._state))

    def _answering(self, deed: Callable[[dict[str, Any]], str]) -> Callable[[Request], Any]:
        """A handler that does the deed and tells what happened."""

        async def handle(request: Request) -> JSONResponse:
            try:
                said = await asyncio.to_thread(deed, await request.json())
            except (KeyError, TypeError, json.JSONDecodeError) as unknown:
                return JSONResponse({"ok": False, "error": f"The sandbox cannot do that: {unknown}."}, 400)
            except RuntimeError as failed:
                return JSONResponse({"ok": False, "error": str(failed)}, 409)
            return JSONResponse({"ok": True, "said": said})

        return handle

    def _state(self) -> dict[str, Any]:
        return {
            "commit": self._world.repository.live(),
            "branch": PRODUCTION,
            "waiting": self._world.repository.waiting(),
            "site": self._site(),
            "deployment": NAME,
            "tables": self._world.production.tables(),
            "faults": self._around.breaking.on,
            "switches": [switch.shown for switch in SWITCHES],
            "clock": self._around.clock.shown,
            "outside": self._around.outside.shown,
        }

    def _site(self) -> dict[str, Any]:
        vercel = self._world.vercel
        live = vercel.live
        return {
            "url": vercel.site_url,
            "commit": live.commit if live else "",
            "maintenance": vercel.maintenance,
            "pinned": not vercel.project.auto,
        }

    def _change(self, asked: dict[str, Any]) -> str:
        return self._world.production.changes[asked["what"]]()

    def _commit(self, asked: dict[str, Any]) -> str:
        land = commits.KINDS[asked["kind"]]
        if self._world.repository.gone:
            raise RuntimeError("The git remote is gone: nothing can be pushed.")
        land(self._world.repository)
        if waiting := self._world.repository.waiting():
            how_many = "1 commit waits" if waiting == 1 else f"{waiting} commits wait"
            return f"It is on {SOURCE}: {how_many} for a deploy. Type /deploy."
        live = self._world.repository.live()
        return f"{live['hash'][:6]} is live: {live['message']}."

    def _fault(self, asked: dict[str, Any]) -> str:
        self._around.breaking.switch(asked["place"], asked["fault"])
        return ""

    def _to_bot(self, asked: dict[str, Any]) -> str:
        return self._around.bot[asked["what"]]()

    def _move(self, asked: dict[str, Any]) -> str:
        return self._around.move(asked["move"])
