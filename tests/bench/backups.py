"""How long backups and lists take, beside the bare programs that they need."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ops import manifest
from tests.bench.lines import Line, middle
from tests.cards import answer, taken
from tests.remotes import PLAIN, git
from tests.world import KEY, ROOT, World, plain, process, world

CHECKING = ("check", "verify")
MANY = 10_000


def quick() -> Iterator[Line]:
    """From the envelope to the finished card, beside the git commands."""
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as around, process(around) as bot:
        bot.connected()
        slack = around.slack.client
        taken(slack, "/backup quick")
        ours = [_timed(lambda: taken(slack, "/backup quick")) for _ in range(7)]
        bare = [_timed(lambda place=place: _git(around, place)) for place in range(7)]  # type: ignore[misc]  # a default is no other type
        yield Line(
            what="quick backup, envelope to finished card",
            ours=f"{middle(ours):.2f} s",
            beside=f"bare git {middle(bare):.2f} s, {middle(ours) / middle(bare):.1f}×",
            aim="≤ 2 s",
        )
        yield from _list(around)


def _git(around: World, place: int) -> None:
    """What a quick backup needs of git."""
    clone = around.folder / "bare-clone"
    if not clone.exists():
        subprocess.run(["git", "clone", "-q", "--bare", str(around.remote.path), str(clone)], env=PLAIN, check=True)
    git(clone, "fetch", "-q", "origin", "+refs/heads/master:refs/remotes/origin/master")
    git(clone, "push", "-q", "origin", f"refs/remotes/origin/master:refs/tags/bench-{place}-{time.time_ns()}")
    git(clone, "ls-remote", "origin", "refs/tags/*")


def _list(around: World) -> Iterator[Line]:
    """Ten thousand backups: the first list, and the next."""
    source = json.loads(next((around.backups / "quick").glob("quick-backup-*[0-9].json")).read_bytes())
    for place in range(MANY):
        source["id"] = f"quick-{1_600_000_000_000 + place}"
        (around.backups / "quick" / manifest.file_name(source["id"])).write_bytes(manifest.dump(source))
    slack = around.slack.client
    first = _timed(lambda: answer(slack, "/backup list"))
    later = middle([_timed(lambda: answer(slack, "/backup list")) for _ in range(7)])
    assert "10" in answer(slack, "/backup list").text
    yield Line(what=f"list of {MANY:,} backups, envelope to answer: first", ours=f"{first:.2f} s", aim="≤ 0.5 s")
    yield Line(what=f"list of {MANY:,} backups: after that", ours=f"{later * 1000:.0f} ms", aim="≤ 50 ms")


def full(megabytes: int, times: int) -> Iterator[Line]:
    """A full backup from a terminal, beside the bare CLI."""
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as around:
        around.production.compression = 1
        around.production.fill("events", megabytes * 1_000_000 // 440)
        bare_export(around, Path(folder))  # the sandbox writes the archive once for the same rows
        runs = [_full(around) for _ in range(times)]
        bare = middle([_timed(lambda: bare_export(around, Path(folder))) for _ in range(times)])
    wall, cli, checking = (middle([run[place] for run in runs]) for place in range(3))
    rest = wall - cli - checking
    yield Line(
        what=f"full backup of {megabytes} MB, medians of {times}",
        ours=f"{wall:.2f} s",
        beside=f"bare CLI {bare:.2f} s",
        aim=f"rest ≤ {0.05 * bare + 0.3:.2f} s",
    )
    yield Line(what="    of it CLI / checking / rest", ours=f"{cli:.2f} / {checking:.2f} / {rest:.2f} s")


def _full(around: World) -> tuple[float, float, float]:
    """Seconds from the operation's start to its end, of its export, of its checking."""
    done = around.terminal("backup", "full", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    spans = {step["name"]: step["seconds"] for step in made["steps"]}
    began, ended = (manifest._time(made[key]).timestamp() for key in ("startedAt", "finishedAt"))
    return ended - began, spans["export"], sum(spans[name] for name in CHECKING)


def bare_export(around: World, folder: Path) -> None:
    """The CLI alone."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    (scratch / "package.json").write_text('{"dependencies":{"convex":"*"}}')
    (scratch / "bare.zip").unlink(missing_ok=True)
    keys = {"CONVEX_SELF_HOSTED_URL": around.production.url, "CONVEX_SELF_HOSTED_ADMIN_KEY": KEY, "CI": "1"}
    words = ["node", str(ROOT / "node_modules/convex/bin/main.js"), "export", "--path", "bare.zip"]
    subprocess.run(words, cwd=scratch, env={**plain(), **keys}, check=True, capture_output=True)


def _timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
