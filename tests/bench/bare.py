"""A bot that does nothing but acknowledge, with the libraries we use: ``python -m tests.bench.bare API_URL``."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import SlackServer
from sandbox.slack.api.tokens import APP_TOKEN, BOT_TOKEN
from tests.world import ROOT, wait_for

CONNECTIONS = 2  # as many as ours


async def serve(api_url: str) -> None:
    """Acknowledge until the process is ended."""
    client = AsyncWebClient(token=BOT_TOKEN, base_url=api_url)
    app = AsyncApp(client=client, process_before_response=True)  # else Bolt looks for the acknowledgement every 10 ms only

    @app.command(re.compile(""))
    async def _(ack: Callable[[], Awaitable[None]]) -> None:
        await ack()

    handlers = [AsyncSocketModeHandler(app, APP_TOKEN) for _ in range(CONNECTIONS)]
    for handler in handlers:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's own
    await asyncio.Event().wait()


@contextmanager
def serving() -> Iterator[SlackServer]:
    """A workspace of its own, with the bare bot in a process of its own."""
    slack = SlackServer().start()
    child = subprocess.Popen([sys.executable, "-m", "tests.bench.bare", slack.api_url], cwd=ROOT)
    try:
        wait_for(lambda: slack.connections == CONNECTIONS, "the bare bot's connections")
        yield slack
    finally:
        child.kill()
        child.wait()
        slack.stop()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
