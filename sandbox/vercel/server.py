"""A Vercel project on this machine: the API on one port, the site on another, builds whenever the production branch moves."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Self

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.now import Now
from sandbox.serving import Serving
from sandbox.vercel.api import Api, Refusal, refused
from sandbox.vercel.faults import Faults
from sandbox.vercel.project import Deployment, Project
from sandbox.vercel.routing import Routing
from sandbox.vercel.site import Site

_LOOK = 0.05  # seconds between two looks at the branch


class VercelServer:
    """One project.

    Args:
        repository: the bare remote whose branch is production.
        data: a folder in which everything survives a restart; without one it is gone with this object.
        branch: production's.
        team: that every call must name, if any.
        build: seconds that a build takes.
        ports: of the API and of the site; 0 takes a free one.
        now: its clock; this machine's unless it is said.
    """

    token = "vercel-token-of-the-sandbox"
    id, name = "prj_harbour0sandbox", "harbour"

    def __init__(  # noqa: PLR0913 # what a project is made of, all named
        self,
        repository: Path,
        data: Path | None = None,
        *,
        branch: str = "master",
        team: str = "",
        build: float = 0.4,
        ports: tuple[int, int] = (0, 0),
        now: Now | None = None,
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory() if data is None else None
        folder = data or Path(str(self._temporary and self._temporary.name))
        folder.mkdir(parents=True, exist_ok=True)
        self._repository, self._branch = repository, branch
        self.faults, self.calls = Faults(), Counter[str]()
        now = now or Now()
        self.project = Project(folder / "project.json", self.faults, build, now=now)
        self.routing = Routing(folder / "routes.json", now)
        self.api = Api(self.project, self.routing, id=self.id, name=self.name, token=self.token, team=team, host="127.0.0.1")
        self.site = Site(self._live_now, self.routing, lambda: "127.0.0.1")
        app = Starlette(routes=self.api.routes(), exception_handlers={Refusal: refused}, middleware=[Middleware(_Front, server=self)])
        self._api, self._site = Serving(app, ports[0], name="vercel"), Serving(self.site.app, ports[1], name="site")
        self._over, self._watching = threading.Event(), threading.Thread(target=self._watch, name="vercel builds", daemon=True)

    def start(self) -> Self:
        """Serve; what the branch has now is live from the start."""
        self.project.load()
        self.routing.load()
        if not self.project.deployments and (head := self._head()):
            first = self.project.push(head, self._subject(head), self._branch)
            first.created -= first.seconds + 60
        self.project.settle()
        self._api.start()
        self._site.start()
        self._watching.start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        self._over.set()
        self._watching.join()
        self._api.stop()
        self._site.stop()
        if self._temporary:
            self._temporary.cleanup()

    @property
    def url(self) -> str:
        """Where the API is: what VERCEL_API_URL has to be."""
        return self._api.url

    @property
    def site_url(self) -> str:
        """Where the site is."""
        return self._site.url

    @property
    def live(self) -> Deployment | None:
        """What is served at this moment."""
        return self._live_now()

    @property
    def maintenance(self) -> bool:
        """Whether a rule sends visitors to the maintenance page."""
        return any("maintenance" in str(each["route"].get("dest")) for each in self.routing.live)

    def draft(self, by: str = "somebody") -> None:
        """Somebody else begins to edit the routes."""
        self.routing.edit(
            [*self.routing.shown, {"id": "rt_foreign", "name": "theirs", "route": {"src": "^/old$", "dest": "/new", "status": 308}}], by
        )

    def _live_now(self) -> Deployment | None:
        self.project.settle()
        return self.project.find(self.project.live) if self.project.live else None

    def _watch(self) -> None:
        """Build whatever comes to the branch."""
        while not self._over.wait(_LOOK):
            head = self._head()
            newest = self.project.deployments[0].commit if self.project.deployments else ""
            if head and head != newest:
                self.project.push(head, self._subject(head), self._branch)

    def _head(self) -> str:
        """The commit of the branch, read as git writes it; "" while there is none."""
        try:
            return (self._repository / "refs/heads" / self._branch).read_text().strip()
        except OSError:
            packed = self._repository / "packed-refs"
            lines = packed.read_text().splitlines() if packed.exists() else []
            return next((line.split()[0] for line in lines if line.endswith(f" refs/heads/{self._branch}")), "")

    def _subject(self, commit: str) -> str:
        """A commit's first line."""
        done = subprocess.run(
            ["git", "-C", str(self._repository), "log", "-1", "--format=%s", commit], capture_output=True, text=True, check=False
        )
        return done.stdout.strip()


class _Front:
    """Counts every call, and fails those that are to fail."""

    def __init__(self, app: ASGIApp, server: VercelServer) -> None:
        self._app, self._server = app, server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._server.calls[f"{scope['method']} {scope['path']}"] += 1
        fault = self._server.faults.matching(scope["path"])
        if fault is not None:
            await asyncio.sleep(fault.get("delay", 0))
        if fault is not None and (fault.get("status") or fault.get("cut")):
            await self._fail(fault, scope, receive, send)
        elif _is_lost(self._server.faults, scope):
            await self._app(scope, receive, _dropped)
            self._server._api.cut(scope["client"])  # noqa: SLF001 # its own server
        else:
            await self._app(scope, receive, send)

    async def _fail(self, fault: dict[str, object], scope: Scope, receive: Receive, send: Send) -> None:
        if fault.get("cut"):
            self._server._api.cut(scope["client"])  # noqa: SLF001 # its own server
            return
        status = int(str(fault["status"]))
        error = {
            "code": fault.get("code", "rate_limited" if status == 429 else "internal_server_error"),
            "message": "The sandbox was told to fail",
        }
        headers = {"Retry-After": "1"} if status == 429 else {}
        await JSONResponse({"error": error}, status, headers)(scope, receive, send)


def _is_lost(faults: Faults, scope: Scope) -> bool:
    """Whether this call's answer gets lost."""
    places = [place for place in ("rollback", "promote", "routes") if faults.get(place) == "lost"]
    lost = scope["method"] in {"POST", "DELETE"} and any(f"/{place}" in scope["path"] for place in places)
    if lost:
        for place in places:
            faults[place] = None  # once
    return lost


async def _dropped(_: Message) -> None:
    """Nobody hears it."""
