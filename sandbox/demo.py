"""The whole demo: Slack with the page, production, and the real bot between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import Mount, Router
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from sandbox.attendant import Attendant
from sandbox.chores import Chores
from sandbox.clock import Clock
from sandbox.folder import Claim
from sandbox.outside import Outside
from sandbox.slack import SlackServer
from sandbox.world import Around, Breaking, Routes, World, settings

PAGE = Path(__file__).resolve().parent.parent / "build" / "console"
"""Where ``make`` builds the page."""
LONGEST_START = 30.0  # seconds until we say that the bot is still not connected

_LOOK = 0.25
_LOOK_AT_FIRST = 0.02


class Demo:
    """Starts in an order in which each finds what it needs, and stops in the opposite one.

    Args:
        folder: where everything outlives the demo.
        port: the page's.
        say: tells a person what happens.
        staging: whether there is a staging deployment.

    Raises:
        Taken: a sandbox runs in this folder already.
    """

    def __init__(self, folder: Path, port: int, say: Callable[[str], None], *, staging: bool = False) -> None:
        self._folder, self._say = folder.resolve(), say
        self._claim = Claim(self._folder)
        self._attendant: Attendant | None = None
        self._chores = Chores()
        page = Router()
        self.clock = Clock(self._folder, ZoneInfo(settings.ZONE))
        self.world = World(self._folder, self.clock, staging=staging)
        self.outside = Outside(self._folder / "mail", self.clock)
        self.slack = SlackServer(self._folder / "slack", port=port, routes=[Mount("", page)], now=self.clock)
        page.routes += [*Routes(self.world, self._around()).routes(), Mount("/", _Files(directory=PAGE, html=True))]

    def _around(self) -> Around:
        """What the page asks for beside production."""
        breaking = Breaking(self.world.production.convex.faults, self.slack.faults, self.world.repository, self.world.vercel.faults)
        return Around(breaking=breaking, bot={"kill": self._kill}, clock=self.clock, move=self._move, outside=self.outside)

    def run(self, stop: threading.Event) -> None:
        """Serve until ``stop`` is set.

        Raises:
            OSError: the port is taken.
            GaveUp: the bot does not stay alive.
        """
        with ExitStack() as ending:
            ending.callback(self._claim.release)
            self.slack.start()
            ending.callback(self.slack.stop)
            ending.callback(self._chores.close)
            self._claim.note(self.slack.url)
            self.world.start()
            ending.callback(self.world.stop)
            self.outside.start()
            ending.callback(self.outside.stop)
            attendant = self._attendant = Attendant(self._environ(), self._folder / "bot.log")
            ending.callback(attendant.stop)
            attendant.start()
            self._greet(attendant, stop)
            while not stop.wait(_LOOK):
                self._look(attendant)

    def _environ(self) -> dict[str, str]:
        """The real bot's: what somebody would set up for a team, and the time."""
        vercel = self.world.vercel
        site = settings.Site(url=vercel.site_url, api_url=vercel.url, token=vercel.token)
        staging = self.world.staging.convex.url if self.world.staging else ""
        file = settings.write(self._folder, self.world.repository.remote, self.world.production.convex.url, site, staging)
        slack = settings.Slack(api_url=self.slack.api_url, bot_token=self.slack.bot_token, app_token=self.slack.app_token)
        return settings.environment(file, slack, site, staging=bool(staging)) | self.outside.environ | self.clock.environ

    def _greet(self, attendant: Attendant, stop: threading.Event) -> None:
        """Wait until the bot is connected, and print the address."""
        until = time.monotonic() + LONGEST_START
        while not self.slack.connections and time.monotonic() < until:
            if stop.wait(_LOOK_AT_FIRST):
                return
            self._look(attendant)
        if not self.slack.connections:
            self._say(f"The bot is not connected yet; what it says is in {attendant.log}.")
        if self.clock.lost:
            self._say(self.clock.lost)
        self._say(f"Open {self.slack.url}/\nCtrl-C ends everything; what was done stays in {self._folder}.")

    def _look(self, attendant: Attendant) -> None:
        self._chores.do()
        said = attendant.look()
        if said:
            self._say(said)

    def _move(self, move: str) -> str:
        """Move the clock; the bot ends at the old time and starts at the new one."""
        self.clock.check(move)
        return self._chores.ask(partial(self._moved, move))

    def _moved(self, move: str) -> str:
        """Where the bot was started: it must end and start there."""
        if self._attendant is None:
            raise RuntimeError("The bot is not running yet.")

        def later() -> dict[str, str]:
            self.clock.move(move)
            return self._environ()

        self._attendant.renew(later)
        return f"It is {self.clock.here():%A %d %B, %H:%M}. Backstop was started again at that time; what is due comes in a moment."

    def _kill(self) -> str:
        return self._attendant.kill() if self._attendant else "The bot is not running yet."


class _Files(StaticFiles):
    """The page's files, asked for anew each time: a page that was built again is seen at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "no-cache"
        return answer
