"""Kill a bot that deploys or rolls back a whole production, at every point, and see what production is in the end.

``python -m tests.crash real sqlite|postgresql [stride] [offset]``: for the deploy, both rollbacks and the restore.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from ops import deploy, restore, rollback, standing
from ops.backstop import Backstop
from ops.deploy import Choice
from ops.journal import Interrupted, OperationView, Status
from ops.people import Person, Role
from sandbox.convex import ConvexServer
from sandbox.vercel import VercelServer
from tests.crash.lives import ID
from tests.databases import Server, serving
from tests.remotes import executable
from tests.shipping import KEY, NAME, NEVER, Shop, ended, taken

BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))
KINDS = ("deploy", "quick rollback", "full rollback", "restore")
_COUNTING = "#!/bin/sh\nwhile read old new ref; do case $ref in refs/heads/master) echo $new >> moves;; esac; done\n"
ROOT = Path(__file__).parents[2]
LIVES = 8
LEASE = 2.0  # seconds, where a lease is all that tells the dead from the living
PUSH = 20  # seconds that a run of the CLI may take there: for so long its step is not repeated by another machine
LIFE = 180.0  # seconds: longer than any life lasts on a slow machine


@dataclass(kw_only=True)
class Run:
    """What came of one."""

    at: int | str
    kind: str
    hit: bool = False
    halted: int = 0
    seconds: float = 0.0
    end: str = ""
    wrong: list[str] = field(default_factory=list)


class Scene:
    """A production just before an operation; each run begins from a copy of it at the same place."""

    environment = "production"

    def __init__(self, home: Path, kind: str, server: Server | None) -> None:
        self.kind, self._server = kind, server
        self.folder, self._template = home / "scene", home / "template"
        self.folder.mkdir(parents=True)
        self.database = server.fresh() if server else None
        shop = self._open()
        executable(shop.remote.path / "hooks/post-receive", _COUNTING)
        self.start, self.goal, self.params = self._prepare(shop)
        self.ports = (shop.convex._serving.port, shop.vercel._api.port, shop.vercel._site.port) if shop.vercel else (0, 0, 0)
        shop.close()
        self._closed()
        (shop.remote.path / "moves").unlink(missing_ok=True)
        self.shop = shop
        shutil.copytree(self.folder, self._template, symlinks=True)

    @property
    def _more(self) -> dict[str, Any]:
        return {"database_url": self.database, "convex": {"deadline": PUSH}} if self.database else {}

    def _open(self) -> Shop:
        """The whole production."""
        return Shop(self.folder, **self._more)

    def _closed(self) -> None:
        """What else is served ends."""

    def _reopened(self) -> None:
        """What else is served is served again, from the copy."""

    def _prepare(self, shop: Shop) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Come to where the operation begins: how production is, how it should be, and the operation's parameters."""
        with shop.backstop(adopts=False) as backstop:
            full = taken(backstop, "full")
            before = self._state(shop)
            if self.kind == "deploy":
                shop.commit(
                    "Second", {"convex/users.ts": f"{(shop.remote.work / 'convex/users.ts').read_text()}export const second = 2;\n"}
                )
                proposal = deploy.look(backstop.services)
                plan = deploy.plan(shop.settings, proposal, Choice(backup="quick"), BOB)
                goal = {**before, "branch": proposal.commit.hash, "site": proposal.commit.hash, "code": "second"}
                return before, goal, self._started(plan.bound, plan.shown)
            self._go_on(shop, backstop)
            now = self._state(shop)
            if self.kind == "restore":
                found = restore.look(backstop.services, full, "production", stop=NEVER)
                plan = restore.plan(shop.settings, found, "it is broken")
                return now, {**now, "rows": before["rows"]}, self._started(plan.bound, plan.shown)
            preview = rollback.look(backstop.services, full, data=self.kind == "full rollback", stop=NEVER)
            plan = rollback.plan(shop.settings, preview, "it is broken")
            data = {} if self.kind == "full rollback" else {"rows": now["rows"]}
            return now, {**before, "code": "", **data}, self._started(plan.bound, plan.shown)

    def _go_on(self, shop: Shop, backstop: Backstop) -> None:
        """A deploy, and rows that were written after it; for the full rollback with a schema that the old rows do not fit."""
        files = {"convex/users.ts": f"{(shop.remote.work / 'convex/users.ts').read_text()}export const second = 2;\n"}
        shop.commit("Second", files)
        plan = deploy.plan(shop.settings, deploy.look(backstop.services), Choice(backup="quick"), BOB)
        params = self._started(plan.bound, plan.shown)
        view = ended(backstop, backstop.journal.start("deploy", params, by="U0BOB", environment="production"))
        assert view.status is Status.SUCCEEDED, view
        shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})

    @staticmethod
    def _started(bound: Any, shown: Any) -> dict[str, Any]:
        return {"bound": dict(bound), "shown": dict(shown), "approval": uuid.uuid4().hex[:12]}

    @contextmanager
    def place(self) -> Iterator[Shop]:
        """A fresh copy with its servers."""
        shutil.rmtree(self.folder)
        shutil.copytree(self._template, self.folder, symlinks=True)
        shop, url = self.shop, None
        shop.convex = ConvexServer(NAME, [KEY], self.folder / "convex", step=0.01, port=self.ports[0]).start()
        shop.vercel = VercelServer(shop.remote.path, self.folder / "vercel", build=0.3, ports=self.ports[1:]).start()
        if self._server and self.database:
            url = self._server.fresh(self.database.rpartition("?")[0].rpartition("/")[2])
            shop.more = {**shop.more, "database_url": url}
        self._reopened()
        try:
            yield shop
        finally:
            shop.close()
            self._closed()
            if self._server and url:
                self._server.drop(url)

    def _state(self, shop: Shop) -> dict[str, Any]:
        """How production is, as far as a deploy or a rollback changes it."""
        site = shop.vercel.live if shop.vercel else None
        code = "second" if "second" in str(shop.convex.deployed.modules.get("users.js", "")) else ""
        return {"branch": shop.live, "site": site.commit if site else "", "rows": shop.rows(), "code": code}

    def run(self, at: int | str, number: signal.Signals = signal.SIGKILL) -> Run:
        """Disturb it at one point, then let other lives bring it to its end; a person only ever says: again."""
        found, began = Run(at=at, kind=self.kind), time.monotonic()
        with self.place() as shop:
            scene = self._scene(shop)
            code = live(scene, at, number)
            found.hit = code in {-signal.SIGKILL, 3}
            found.wrong += self._after_death(shop)
            for _ in range(LIVES):
                status = self._standing(shop)
                if status is Status.HALTED:
                    found.halted += 1
                elif status is not None and status is not Status.RUNNING:
                    break
                live(scene, 0, number)
            found.end = str(self._standing(shop))
            found.wrong += self._judged(shop, found.end)
        found.seconds = time.monotonic() - began
        return found

    def frozen(self, at: int | str) -> Run:
        """A bot is frozen at one point past its lease; another one takes over; then the first one is thawed."""
        found = Run(at=at, kind=self.kind)
        with self.place() as shop:
            scene = self._scene(shop)
            command = [sys.executable, "-m", "tests.crash.life", str(scene), str(at), str(int(signal.SIGSTOP))]
            with subprocess.Popen(command, cwd=ROOT) as first:
                try:
                    found.hit = _until_frozen(first.pid)
                    live(scene, 0, signal.SIGKILL)
                    first.send_signal(signal.SIGCONT)
                    first.wait(LIFE)
                finally:
                    first.kill()
            found.end = str(self._standing(shop))
            found.wrong += self._judged(shop, found.end)
        return found

    def _scene(self, shop: Shop) -> Path:
        """What a life reads."""
        path = self.folder / "scene.json"
        lease = LEASE if self._server else 600.0
        facts = {"kind": self.kind, "params": self.params, "environment": self.environment, "settings": shop.values, "lease": lease}
        path.write_text(json.dumps(facts))
        return path

    def _standing(self, shop: Shop) -> Status | None:
        """How the operation stands; a person who finds it halted has it try again."""
        backstop = Backstop.open(shop.settings, adopts=False)
        try:
            view = backstop.journal.get(ID)
            if view is not None and view.status is Status.HALTED:
                last = view.steps[-1]
                backstop.journal.settle(ID, last.name if last.state != "done" else None, done=Interrupted.REDO, by="U0CAROL")
            return view.status if view else None
        finally:
            backstop.close()

    def _after_death(self, shop: Shop) -> list[str]:
        """Nothing of a dead bot changes anything; what it changed comes after a safety backup."""
        wrong = [] if _nobody_left(self.folder) else ["a child outlived the bot"]
        changed = shop.live != self.start["branch"] or shop.convex._imports.listed()
        made = list((self.folder / "backups").glob("*/*-backup-*.json"))
        needed = 2 if self.kind == "deploy" else 3
        if changed and len(made) < needed:
            wrong.append("production changed before the safety backup was there")
        return wrong

    def _judged(self, shop: Shop, end: str) -> list[str]:
        """Production is at the goal, once; or as it was."""
        wrong, state = [], self._state(shop)
        wanted = self.goal if end == "succeeded" else self.start
        wrong += [
            f"{end}, but {name} is {str(state[name])[:60]}, not {str(wanted[name])[:60]}" for name in wanted if state[name] != wanted[name]
        ]
        if end not in {"succeeded", "failed"}:
            wrong.append(f"it ended as {end}")
        if shop.convex.paused or (shop.vercel and shop.vercel.maintenance):
            wrong.append("it left production paused or in maintenance")
        if left := self._left(shop) - {standing.What.HOLD, standing.What.PINNED}:
            wrong.append(f"{', '.join(sorted(left))} still stands in the rows")
        imports = [each for each in shop.convex._imports.listed() if each["state"]["state"] == "completed"]
        if len(imports) > (1 if self.kind in {"full rollback", "restore"} else 0):
            wrong.append(f"{len(imports)} imports were made")
        moves = shop.remote.path / "moves"
        if moves.exists() and len(moves.read_text().splitlines()) > 1:
            wrong.append("the branch was pushed twice")
        return wrong

    @staticmethod
    def _view(shop: Shop) -> OperationView | None:
        """The operation as its rows say."""
        backstop = Backstop.open(shop.settings, adopts=False)
        try:
            return backstop.journal.get(ID)
        finally:
            backstop.close()

    @staticmethod
    def _left(shop: Shop) -> set[standing.What]:
        """What stands by our rows."""
        backstop = Backstop.open(shop.settings, adopts=False)
        try:
            return {each.what for each in standing.all_of(backstop.engine)}
        finally:
            backstop.close()


def _until_frozen(pid: int) -> bool:
    """Whether a process came to stand still."""
    end = time.monotonic() + LIFE
    while time.monotonic() < end:
        if psutil.Process(pid).status() in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}:
            return psutil.Process(pid).status() == psutil.STATUS_STOPPED
        time.sleep(0.02)
    return False


def _nobody_left(folder: Path) -> bool:
    """Whether no program is at work in the scene, within a few seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if not [each for each in psutil.process_iter(["cmdline"]) if _works_in(each, folder)]:
            return True
        time.sleep(0.05)
    return False


def _works_in(each: psutil.Process, folder: Path) -> bool:
    """Whether a program has to do with the scene."""
    words = " ".join(each.info["cmdline"] or ())
    return str(folder) in words and ("git" in words.split()[0] or "node" in words.split()[0] or "cli.bundle.cjs" in words)


def live(scene: Path, at: int | str, number: signal.Signals) -> int:
    """A bot's whole life; its exit code."""
    command = [sys.executable, "-m", "tests.crash.life", str(scene), str(at), str(int(number))]
    with subprocess.Popen(command, cwd=ROOT) as child:
        try:
            return child.wait(LIFE)
        except subprocess.TimeoutExpired:
            child.kill()
            return -99


def points(scene: Scene) -> list[str]:
    """The points that an undisturbed operation passes."""
    with scene.place() as shop:
        assert live(scene._scene(shop), 0, signal.SIGKILL) == 0
        wrong = scene._judged(shop, str(scene._standing(shop)))
        assert not wrong, wrong
        (trace,) = scene.folder.glob("trace-*")
        return trace.read_text().splitlines()


def main(arguments: Sequence[str], kinds: Sequence[str] = KINDS, scene: type[Scene] = Scene) -> int:
    """All of them on one database."""
    database, stride, offset = arguments[0], int((*arguments, "1")[1]), int(arguments[2]) if len(arguments) > 2 else 1
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="backstop-real-") as home:
        if database == "postgresql":
            with serving() as server:
                wrong = sum(disturbed(scene(Path(home) / kind.replace(" ", "-"), kind, server), stride, offset) for kind in kinds)
        else:
            wrong = sum(disturbed(scene(Path(home) / kind.replace(" ", "-"), kind, None), stride, offset) for kind in kinds)
    return 1 if wrong else 0


def disturbed(scene: Scene, stride: int, offset: int) -> int:
    """One operation, disturbed at every stride-th point; how many runs went wrong."""
    kind = scene.kind
    names = points(scene)
    runs = []
    for at in range(offset, len(names) + 1, stride):
        found = scene.run(at)
        runs.append(found)
        if found.wrong:
            print(f"WRONG: {kind} at {at} ({names[at - 1]}): {found.wrong}", flush=True)
    where = "postgresql" if scene.database else "sqlite"
    ends = {end: sum(each.end == end for each in runs) for end in sorted({each.end for each in runs})}
    print(
        f"{where}, {kind}: {len(names)} points, {len(runs)} runs, {sum(each.hit for each in runs)} hit, "
        f"{sum(each.halted for each in runs)} halted for a person, ends {ends}, {sum(bool(each.wrong) for each in runs)} wrong, "
        f"{sum(each.seconds for each in runs) / max(len(runs), 1):.1f} s a run",
        flush=True,
    )
    return sum(bool(each.wrong) for each in runs)
