"""Smoke tests: every page that must answer is asked, until it is as it should be or the patience is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import smoke
from ops.errors import Failed
from ops.settings import Smoke
from sandbox.vercel import VercelServer
from tests.remotes import Remote, refused_port

NEVER = threading.Event()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VercelServer]:
    remote = Remote(tmp_path)
    remote.land("First", {"README.md": "hello"})
    server = VercelServer(remote.path, build=0.1).start()
    yield server
    server.stop()


def asked(*pages: Smoke, patience: float = 0.0, cookie: str = "") -> dict[str, object]:
    return smoke.require(pages, NEVER, cookies={"pass": cookie} if cookie else {}, patience=patience)


def test_pages_that_are_as_they_should_be_are_counted(server: VercelServer) -> None:
    pages = [Smoke(url=f"{server.site_url}/", text="Version"), Smoke(url=f"{server.site_url}/nowhere", status=404)]
    assert (asked(*pages)["passed"], asked(*pages)["of"]) == (2, 2)


def test_each_that_is_not_is_named_with_what_it_answered(server: VercelServer) -> None:
    bad = [
        Smoke(url=f"{server.site_url}/", text="Welcome"),
        Smoke(url=f"{server.site_url}/nowhere"),
        Smoke(url=f"http://127.0.0.1:{refused_port()}/"),
        Smoke(url=f"{server.site_url}/"),
    ]
    with pytest.raises(Failed, match="3 of 4 smoke tests failed") as failed:
        asked(*bad)
    for words in ("does not say “Welcome”", "answers 404, not 200", "does not answer (ConnectError)"):
        assert words in failed.value.message


def test_a_page_that_comes_a_moment_later_is_waited_for(server: VercelServer) -> None:
    server.site.broken = True
    threading.Timer(0.5, lambda: setattr(server.site, "broken", False)).start()
    assert asked(Smoke(url=f"{server.site_url}/"), patience=20.0)["passed"] == 1


def test_a_stop_ends_the_waiting(server: VercelServer) -> None:
    server.site.broken = True
    stop = threading.Event()
    stop.set()
    with pytest.raises(Failed, match="answers 500"):
        smoke.require([Smoke(url=f"{server.site_url}/")], stop, cookies={}, patience=60.0)


def test_the_bypass_opens_a_site_in_maintenance(server: VercelServer) -> None:
    route = {"src": "^/.*$", "dest": "/maintenance.html", "status": 307, "missing": [{"type": "cookie", "key": "pass", "value": "word"}]}
    server.routing.edit([{"id": "r", "route": route}], "x")
    server.routing.act(server.routing.versions[0]["id"], "promote")
    page = Smoke(url=f"{server.site_url}/", text="Version")
    with pytest.raises(Failed, match="answers 307, not 200"):
        asked(page)
    assert asked(page, cookie="word")["passed"] == 1
