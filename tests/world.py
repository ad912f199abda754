"""A whole production on loopback for one test file: a git remote, a Convex deployment, Slack, and the real bot between them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot import settings
from bot.process import serve
from sandbox.convex import ConvexServer
from sandbox.slack import SlackServer
from tests import forked
from tests.remotes import Remote

ROOT = Path(__file__).resolve().parent.parent
ALICE, BOB, CAROL, DAVE, MALLORY, GUS = "U0ALICE", "U0BOB", "U0CAROL", "U0DAVE", "U0MALLORY", "U0GUEST"
ENGINEERING, INCIDENTS, RANDOM, SECRET = "C0ENGINEERING", "C0INCIDENTS", "C0RANDOM", "G0PRIVATE"
KEY = "bright-sturgeon-101|01f00d5eedba5e"
LIMIT = 60.0  # seconds that a test waits for something that must come

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found | None], what: str, limit: float = LIMIT) -> Found:
    """What the look finds, as soon as it finds something."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {limit:g} s")


@dataclass(kw_only=True)
class World:
    """The outside, and how the bot is told of it."""

    folder: Path
    remote: Remote
    production: ConvexServer
    slack: SlackServer
    more: str = ""  # further settings
    app: str = ""  # further settings of the app
    limit: str = "500 MB"  # of the backup folder
    variables: dict[str, str] = field(default_factory=dict)  # further environment

    @property
    def backups(self) -> Path:
        """Where backups lie."""
        return self.folder / "backups"

    @property
    def environ(self) -> dict[str, str]:
        """What the bot is started with."""
        path = self.folder / "backstop.toml"
        path.write_text(
            SETTINGS.format(remote=self.remote.path, url=self.production.url, limit=self.limit, more=self._scheduled, app=self.app)
        )
        return {
            "BACKSTOP_CONFIG": str(path),
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "CONVEX_PRODUCTION_KEY": KEY,
            **self.variables,
        }

    @property
    def _scheduled(self) -> str:
        """The further settings; where they name no schedule, nothing is due during a test, and no night, it is day, at any time."""
        far = f"{datetime.now(UTC) - timedelta(hours=12):%H:%M} UTC"
        schedule = f'[schedule]\nbackup = "{far}"\nhealth = "{far}"\nretention = "{far}"\n'
        night = '[alerts]\nnight = "00:00-00:00"\n'
        return "\n".join([self.more, *(each for each in (schedule, night) if each.partition("\n")[0] not in self.more)])

    def terminal(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ``python -m ops`` without any setting of Slack's."""
        environ = {name: value for name, value in self.environ.items() if not name.startswith("SLACK")}
        return forked.run("ops", words, env={**plain(), **environ, **variables})


SETTINGS = """\
[app]
repository = "{remote}"
{app}
[convex]
deadline = 60
[convex.production]
name = "sturgeon"
url = "{url}"
[convex.development]
name = "trout"
[team]
name = "Derrimut Platform"
zone = "Australia/Melbourne"
[backups]
folder = "backups"
warn_at = "{limit}"
[roles]
developer = ["U0ALICE"]
eng_lead = ["U0BOB"]
cto = ["U0CAROL"]
devops = ["S0OPS"]
{more}
"""


def plain() -> dict[str, str]:
    """Our own environment without anything that would steer the bot."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SLACK", "CONVEX", "BACKSTOP_C", "DATABASE"))}


@contextmanager
def world(folder: Path, *, more: str = "", **variables: str) -> Iterator[World]:
    """A remote with a commit, a deployment with some rows, and Slack."""
    remote = Remote(folder)
    remote.land("Open the shop", {"convex/schema.ts": "export default 1;\n", "convex/orders.ts": "export const list = 1;\n"})
    production = ConvexServer("bright-sturgeon-101", {KEY: None}, folder / "convex").start()
    slack = SlackServer().start()
    try:
        for number in range(40):
            production.insert("users", {"name": f"user {number}", "email": f"user{number}@example.com"})
        for number in range(25):
            production.insert("orders", {"total": float(number), "paid": number % 2 == 0})
        yield World(folder=folder, remote=remote, production=production, slack=slack, more=more, variables=variables)
    finally:
        slack.stop()
        production.stop()


class Bot:
    """The real bot in a thread of this process."""

    def __init__(self, around: World) -> None:
        self.ready = threading.Event()
        self.failed: BaseException | None = None
        self._settings = settings.load(around.environ)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="bot")

    def start(self) -> Bot:
        """Start it, and return when Slack has it."""
        self._thread.start()
        while not self.ready.wait(0.05):
            if self.failed:
                self._thread.join()
                raise self.failed
        return self

    def stop(self) -> None:
        """Have it end in good order."""
        if self._loop and self._stop and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(LIMIT)
        assert not self._thread.is_alive(), "the bot does not end"

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001  # told to the test that waits
            self.failed = error

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await serve(self._settings, self._stop, self.ready.set)


@contextmanager
def running(around: World) -> Iterator[Bot]:
    """The real bot, as long as the block runs."""
    bot = Bot(around).start()
    try:
        yield bot
    finally:
        bot.stop()


class Process:
    """The real bot as a process of its own, to be ended in every way."""

    def __init__(self, around: World, **variables: str) -> None:
        self.log = around.folder / f"bot-{time.monotonic_ns()}.log"
        self.child = forked.start("bot", (), env={**plain(), **around.environ, **variables}, log=self.log)

    def connected(self) -> Process:
        """Wait until Slack has it."""
        wait_for(lambda: "connected" in self.words or self.child.poll() is not None, "the connection")
        assert self.child.poll() is None, self.words
        return self

    @property
    def words(self) -> str:
        """What it has logged."""
        return self.log.read_text("utf-8", "replace")

    def kill(self) -> None:
        """As the machine's power button would."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(LIMIT)

    def end(self) -> int:
        """As a host does at a deploy; the exit code."""
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(LIMIT)


@contextmanager
def process(around: World, **variables: Any) -> Iterator[Process]:
    """The real bot as a process that does not outlive the block."""
    bot = Process(around, **variables)
    try:
        yield bot
    finally:
        if bot.child.poll() is None:
            bot.child.kill()
            bot.child.wait(LIMIT)
