"""Our side of an export, for the tests: settings, the real CLI, what was told on the way, and what must never be left behind."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from ops.errors import OpsError
from ops.services.convex import Convex, Exported, Patience
from ops.services.trusted import certificates
from ops.settings import Settings, parse
from sandbox.convex import ConvexServer

NAME = "bright-sturgeon-101"
SECRET = "5ec7e7-0f-the-5turge0n"
KEY = f"{NAME}|{SECRET}"
DEPLOY_KEY = f"prod:{KEY}"
HASTE = Patience(between_looks=0.3, longest_pause=1.0, websocket=3.0, ended=1.5, answer=1.0)
LIMIT = 60.0


def deployment(**limits: Any) -> ConvexServer:
    """A deployment with a few rows, which knows both spellings of its key."""
    server = ConvexServer(NAME, limits.pop("keys", [KEY, DEPLOY_KEY]), **limits).start()
    for number in range(40):
        server.insert("orders", {"number": float(number), "note": f"{number:0400}"})
    return server


class OurSide:
    """What Backstop has of a deployment."""

    def __init__(self, folder: Path, url: str | None, *, key: str | None = KEY, patience: Patience = HASTE, **convex: Any) -> None:
        secrets = {"convex_production_key": key} if key is not None else {}
        production = {"name": convex.pop("name", "sturgeon"), **({"url": url} if url else {})}
        values = {"app": {"repository": "/srv/app.git"}, "convex": {"production": production, **convex}, "secrets": secrets}
        self.settings = parse(Settings, values, folder)
        self.convex = Convex(self.settings, patience)
        self.part = self.settings.folder / "full" / ".convex-1701450000000.zip.abc.part"
        self.part.parent.mkdir(parents=True)
        self.stop = threading.Event()
        self.told: list[dict[str, Any]] = []
        self.commands: set[str] = set()  # command lines of the CLI and its children, as everybody on the machine can read them
        self.meanwhile: Callable[[], None] = lambda: None

    def export(self) -> Exported:
        """Take an export; afterwards nothing but the archive may be there."""
        try:
            return self.convex.export("production", self.part, stop=self.stop, progress=self._hear)
        finally:
            self._nothing_is_left()

    def failure(self, kind: type[OpsError] = OpsError) -> OpsError:
        """How an export fails: a sentence with a remedy, no key in any of it, no file."""
        with pytest.raises(kind) as caught:
            self.export()
        assert not self.part.exists()
        assert list(self.part.parent.iterdir()) == []
        return fit_for_people(caught.value)

    def refusal(self, kind: type[OpsError] = OpsError) -> OpsError:
        """How the question for the name fails."""
        with pytest.raises(kind) as caught:
            self.convex.instance("production")
        return fit_for_people(caught.value)

    def running(self) -> list[psutil.Process]:
        """The CLI and its children, if they run."""
        found = []
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if str(self.part) in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                    found.append(child)
        return found

    @property
    def phases(self) -> list[str]:
        """The phases that were told, each once."""
        return list(dict.fromkeys(facts["phase"] for facts in self.told))

    def _hear(self, facts: Mapping[str, Any]) -> None:
        assert set(facts) == {"phase", "bytes", "line", "waiting"}
        assert SECRET not in str(facts)
        self.told.append(dict(facts))
        for child in self.running():
            with contextlib.suppress(psutil.NoSuchProcess):
                self.commands.add(" ".join(child.cmdline()))
        self.meanwhile()

    def _nothing_is_left(self) -> None:
        assert self.running() == []
        assert list(self.settings.state.glob("convex-*")) == []


def fit_for_people(error: OpsError) -> OpsError:
    """Check that an error says what is so and what to do next, of which target, and nothing that is secret."""
    assert error.message.endswith(".")
    assert error.remedy.endswith((".", "`"))
    assert "production" in error.message
    assert SECRET not in f"{error} {error!r} {error.__cause__!r}"
    return error


def begin_elsewhere(server: ConvexServer) -> None:
    """Somebody else begins an export."""
    httpx.post(f"{server.url}/api/export/request/zip", headers={"Authorization": f"Convex {KEY}"}, verify=certificates()).raise_for_status()


def newest(server: ConvexServer) -> dict[str, Any]:
    """The newest export, as the server tells of it."""
    query = {"path": "_system/cli/exports:getLatest", "format": "convex_encoded_json", "args": [{}]}
    headers = {"Authorization": f"Convex {KEY}"}
    found: dict[str, Any] = httpx.post(f"{server.url}/api/query", headers=headers, json=query, verify=certificates()).json()["value"]
    return found


def cancelled(server: ConvexServer) -> int:
    """How many exports the server was asked to cancel."""
    return sum(request.get("path", "").startswith("/api/export/cancel/") for request in server.requests)


def reached(found: Callable[[], bool]) -> None:
    """Wait for a state."""
    end = time.monotonic() + LIMIT
    while not found():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextlib.contextmanager
def provision(url: str, status: int = 200) -> Iterator[str]:
    """Convex's cloud, as far as a deploy key needs it: where the key's deployment is, and in which project."""
    answers = {
        "/api/deployment/url_for_key": url,
        "/api/deployment/team_and_project_for_key": {
            "team": "acme", "project": "shop", "teamId": 1, "projectId": 2, "reference": "production", "isDefault": True
        },
    }  # fmt: skip

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = asked.get("deployKey") == DEPLOY_KEY
            body = json.dumps(answers[self.path] if known else {"code": "InvalidDeployKey", "message": "unknown"}).encode()
            self.send_response(status if known else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
