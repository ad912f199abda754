"""What a host and Prometheus ask while the database is silent: an answer in time all the same, and one thread for all of them."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from threading import Event
from typing import Any

from bot.shared import Shared
from bot.web import Web


def test_a_silent_database_is_asked_once_however_many_wait_for_it_and_each_hears_in_time() -> None:
    asked, goes_on = [], Event()

    def ask(what: str) -> str:
        asked.append(what)
        goes_on.wait(30)
        return what

    async def scenario() -> tuple[list[Any], str]:
        shared = Shared("asking", ask, 0.3)
        late = await asyncio.gather(*(shared(each) for each in "abc"), return_exceptions=True)
        goes_on.set()
        await asyncio.sleep(0.1)
        return late, await shared("d")

    late, then = asyncio.run(scenario())
    assert [type(each) for each in late] == [TimeoutError] * 3
    assert (asked, then) == (["a", "d"], "d")


def test_prometheus_hears_that_there_are_no_figures_and_not_nothing() -> None:
    async def silent() -> bytes:
        raise TimeoutError

    async def well() -> tuple[bool, dict[str, Any]]:
        return True, {}

    def fetched(port: int) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as got:
                return got.status, got.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    async def scenario() -> tuple[int, str]:
        web = Web(well, silent, "127.0.0.1", 0)
        port = await web.open()
        try:
            return await asyncio.to_thread(fetched, port)
        finally:
            await web.close()

    assert asyncio.run(scenario()) == (503, "the database does not answer\n")
