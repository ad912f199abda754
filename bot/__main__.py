"""Start-up and shutdown of the bot, and its only wiring: ``python -m bot``.

The journal comes first: operations go on whether Slack is there or not. A setting or a token that is wrong ends the start
with one line and exit code 2; Slack being away does not. SIGTERM and SIGINT end the process in good order: first nothing new
comes in, then running operations are left for the next start, then the cards say so.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from bot import logs, settings
from bot.settings import BotSettings
from ops.errors import WrongSetting

log = logging.getLogger("bot")

WRONG = 2  # exit code of a wrong setting
LONGEST_END = 10.0  # seconds from the signal to the end of the process, whatever hangs


def main() -> int:
    """Run the bot until it is told to end; the exit code."""
    began = time.perf_counter()
    try:
        found = settings.load()
        logs.start(found.hidden)
        return asyncio.run(_until_told(found, began))
    except WrongSetting as error:
        print(error, file=sys.stderr)  # noqa: T201  # the one line that a person at a terminal reads
        return WRONG


async def _until_told(found: BotSettings, began: float) -> int:
    """Serve until a signal comes."""
    from bot.process import serve

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _told(stop))
    await serve(found, stop, lambda: log.info("connected %.2f s after the start", time.perf_counter() - began))
    return 0


def _told(stop: asyncio.Event) -> Callable[[], None]:
    """What a signal does: begin the end, and see to it that it is one."""

    def begin() -> None:
        last = threading.Timer(LONGEST_END, os._exit, (0,))  # what is left undone is taken up by the next start
        last.daemon = True
        last.start()
        stop.set()

    return begin


if __name__ == "__main__":
    sys.exit(main())
