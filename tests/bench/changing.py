"""Deploy and rollback beside the same commands in a shell script; the click that signs; packages; the journal; the loss by table."""

from __future__ import annotations

import statistics
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops import asking, deploy, holds, packages, rollback
from ops.backstop import Backstop
from ops.deploy import Choice
from ops.errors import Refused
from ops.people import Person, Role
from ops.services.convex import target
from ops.services.git import Git
from ops.settings import Settings, parse
from tests.bench.figures import Figure, timed
from tests.databases import programs, serving
from tests.journal_speed import steps
from tests.remotes import PLAIN, Remote
from tests.shipping import NEVER, Shop, ended, taken, untyped

ALICE = Person(id="U0ALICE", roles=frozenset({Role.DEVELOPER}))
BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))
CAROL = Person(id="U0CAROL", roles=frozenset({Role.CTO}))
CLICK = 300  # milliseconds
APP = Path(__file__).parents[2] / "sandbox/app"

SCRIPT = """\
set -e
git -C {clone} fetch -q origin '+refs/heads/*:refs/remotes/origin/*'
rm -rf {tree}; git -C {clone} worktree prune; git -C {clone} worktree add -q --detach {tree} {commit}
{tag}
ln -s {modules} {tree}/node_modules
cd {tree}
node node_modules/convex/bin/main.js deploy -y --dry-run
git -C {clone} push -q {force} origin {commit}:refs/heads/master
node node_modules/convex/bin/main.js deploy -y
"""


def beside(folder: Path, n: int = 3) -> Iterator[Figure]:
    """Ours and the script take turns, on one production."""
    shop = Shop(folder, vercel=False)
    spent: dict[str, list[float]] = {name: [] for name in ("deploy", "script deploy", "rollback", "script rollback")}
    try:
        with shop.backstop() as backstop:
            clone = folder / "script.git"
            subprocess.run(["git", "clone", "-q", "--bare", str(shop.remote.path), str(clone)], check=True, env=PLAIN)
            for number in range(n):
                _ours(shop, backstop, spent, number)
                _scripts(shop, backstop, clone, spent, number)
    finally:
        shop.close()
    for what, name in (("deploy", "deploy"), ("code rollback, with its safety backup", "rollback")):
        ours, script = statistics.median(spent[name]), statistics.median(spent[f"script {name}"])
        most = script * 1.10 + 0.5
        yield Figure(
            what=f"{what}, beside the same commands in a shell script", ours=ours, unit="s", beside=script, beside_what="script",
            aim="≤ 1.10× + 0.5 s", most=most, n=n,
        )  # fmt: skip


def _ours(shop: Shop, backstop: Backstop, spent: dict[str, list[float]], number: int) -> None:
    """A deploy, and the way back."""
    made = taken(backstop, "quick")
    shop.commit(f"Ours {number}", {"convex/more.ts": f"export const more = {number};\n"})
    plan = deploy.plan(shop.settings, deploy.look(backstop.services), Choice(), ALICE)
    with timed(spent["deploy"]):
        view = ended(backstop, asking.ask(backstop, ALICE, plan, id=uuid.uuid4().hex[:12]).operation_id)
    assert view.status == "succeeded", view
    back = rollback.plan(shop.settings, rollback.look(backstop.services, made, data=False, stop=NEVER), "bench")
    with timed(spent["rollback"]):
        view = ended(backstop, asking.ask(backstop, BOB, back, id=uuid.uuid4().hex[:12]).operation_id)
    assert view.status == "succeeded", view
    with suppress(Refused):
        holds.resume(backstop, BOB)


def _scripts(shop: Shop, backstop: Backstop, clone: Path, spent: dict[str, list[float]], number: int) -> None:
    """The same by hand."""
    former = shop.live
    commit = shop.commit(f"Script {number}", {"convex/more.ts": f"export const more = {number}.5;\n"})
    facts = {"clone": clone, "tree": shop.folder / "tree", "modules": untyped()}
    tag = f"git -C {clone} push -q origin {commit}:refs/tags/by-hand/{number}"
    with timed(spent["script deploy"]):
        _shell(backstop, SCRIPT.format(**facts, commit=commit, force="", tag=""))
    with timed(spent["script rollback"]):
        _shell(backstop, SCRIPT.format(**facts, commit=former, force=f"--force-with-lease=refs/heads/master:{commit}", tag=tag))
    assert shop.live == former


def _shell(backstop: Backstop, script: str) -> None:
    """Run it as a person would."""
    environ = {**PLAIN, **target.find(backstop.settings, "production").environ, "HOME": str(Path.home())}
    subprocess.run(["bash", "-c", script], check=True, env=environ, capture_output=True)


def click(folder: Path, n: int = 15) -> Iterator[Figure]:
    """From the click that signs to the first step."""
    shop = Shop(folder, vercel=False)
    spent: list[float] = []
    try:
        with shop.backstop() as backstop:
            taken(backstop, "full")
            plan = _plan(shop, backstop)
            spent += [_clicked(backstop, plan) for _ in range(n)]
    finally:
        shop.close()
    yield Figure(what="approval click → first step", ours=statistics.median(spent) * 1000, unit="ms", aim=f"< {CLICK} ms", most=CLICK, n=n)


def _plan(shop: Shop, backstop: Backstop) -> Any:
    """A full rollback, which the CTO signs."""
    full = backstop.catalogue.all()[0].id
    return rollback.plan(shop.settings, rollback.look(backstop.services, full, data=True, stop=NEVER), "bench")


def _clicked(backstop: Backstop, plan: Any) -> float:
    """Seconds from the click to the first step; then it is cancelled."""
    asked = asking.ask(backstop, BOB, plan, id=uuid.uuid4().hex[:12])
    began = datetime.now(UTC)
    asking.approve(backstop, CAROL, asked.approval.id)
    while True:
        view = backstop.journal.get(asked.operation_id)
        if view is not None and view.steps:
            break
        time.sleep(0.001)
    with suppress(Refused):
        backstop.journal.cancel(view.id, by="bench")
    ended(backstop, view.id)
    return (view.steps[0].started_at - began).total_seconds()


def kept(folder: Path, n: int = 3) -> Iterator[Figure]:
    """The sample app's packages: installed by npm, then found again."""
    remote = Remote(folder)
    commit = remote.land("App", {name: (APP / name).read_text() for name in ("package.json", "package-lock.json")})
    first: list[float] = []
    again: list[float] = []
    for number in range(n):
        values = {
            "app": {"repository": str(remote.path)},
            "convex": {"production": {"name": "sturgeon"}, "deadline": 300},
            "backups": {"folder": str(folder / f"backups{number}")},
        }
        settings = parse(Settings, values, folder)
        git = Git(str(remote.path), settings.state / "repository.git")
        git.fetch()
        for into in (first, again):
            with timed(into), packages.workspace(git, settings, commit, stop=None):
                pass
    yield Figure(
        what="packages of a lock file seen before", ours=statistics.median(again), unit="s", beside=statistics.median(first),
        beside_what="npm ci", aim="not installed again", n=n,
    )  # fmt: skip


def journal(folder: Path) -> Iterator[Figure]:
    """A step's two durable commits, on both databases."""
    yield Figure(
        what="journal step on SQLite, p50", ours=statistics.median(steps(f"sqlite:///{folder}/bot.sqlite", folder)), unit="ms", n=200
    )
    if programs():
        with serving() as server:
            yield Figure(what="journal step on PostgreSQL, p50", ours=statistics.median(steps(server.fresh(), folder)), unit="ms", n=200)
