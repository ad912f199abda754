"""Outside programs: they end in time, leave nothing behind, ask nothing, and show no secret."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from ops.services import process
from ops.services.process import Finished, NoProgram, Stopped, TimedOut

SECRET = "prod:sturgeon|01a2b3c4d5e6f7"
LONG = 60.0  # seconds: longer than any of these takes on a slow machine


def sh(script: str, *, deadline: float = LONG, **more: object) -> Finished:
    """Run a shell script through the door."""
    return process.run(["sh", "-c", script], cwd=Path("/"), environ={}, deadline=deadline, **more)  # type: ignore[arg-type] # passed on


def python(script: str, **more: object) -> Finished:
    """Run a piece of Python through the door."""
    given: dict[str, object] = {"cwd": Path("/"), "environ": {}, "deadline": LONG, **more}
    return process.run([sys.executable, "-c", script], **given)  # type: ignore[arg-type] # passed on


def eventually(seen: Callable[[], object]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + LONG
    while not seen():
        assert time.monotonic() < until
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Whether a process is there, and not only its corpse."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def written(path: Path) -> int:
    """The process id that somebody wrote to a file, once it is there."""
    eventually(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


# ── what it says ──


def test_both_streams_and_the_exit_code_come_back() -> None:
    assert sh("echo one; echo two >&2; printf three; exit 7") == Finished(code=7, out="one\nthree", err="two")


def test_lines_are_told_as_they_come() -> None:
    told: list[str] = []
    sh("echo one; echo two >&2; sleep 0.2; echo three", on_line=told.append)
    assert sorted(told[:2]) == ["one", "two"]
    assert told[2:] == ["three"]


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert sh(r"printf 'caf\303\251 \377\n'").out == "café �"


def test_an_error_in_the_listener_ends_the_program_and_is_raised(tmp_path: Path) -> None:
    def listen(line: str) -> None:
        raise LookupError(line)

    with pytest.raises(LookupError, match="one"):
        sh(f"echo $$ > {tmp_path}/pid; echo one; sleep 600", on_line=listen)
    eventually(lambda: not lives(written(tmp_path / "pid")))  # KILL is sent, not awaited: a grandchild goes when it is scheduled


def test_a_flood_is_read_to_its_end_and_bounded() -> None:
    before = psutil.Process().memory_info().rss
    finished = python("import sys\nfor _ in range(300): sys.stdout.write('y' * 99_999 + '\\n')\nprint('the end')")
    assert finished.out.endswith("the end")
    assert finished.cut
    assert len(finished.out) <= 4_000_000
    assert psutil.Process().memory_info().rss - before < 60_000_000


def test_an_answer_of_many_lines_comes_back_whole() -> None:
    finished = python("for number in range(20_000): print(number)")
    assert finished.out.splitlines() == [str(number) for number in range(20_000)]
    assert not finished.cut


def test_a_line_without_an_end_is_bounded_too() -> None:
    finished = python("import sys\nfor _ in range(200): sys.stdout.write('y' * 100_000)")
    assert finished.cut
    assert len(finished.out) <= 4_000_000


# ── secrets ──


def test_secrets_are_masked_on_both_streams_and_in_what_is_told() -> None:
    told: list[str] = []
    finished = sh(f"echo 'key {SECRET}'; echo '{SECRET}{SECRET}' >&2", secrets=[SECRET], on_line=told.append)
    assert finished.out == "key •••"
    assert finished.err == "••••••"
    assert sorted(told) == ["key •••", "••••••"]


@pytest.mark.parametrize("before", [*range(63_970, 64_003), 65_530])
def test_a_secret_across_the_cut_of_an_endless_line_is_masked(before: int) -> None:
    finished = python(f"import sys; sys.stdout.write('x' * {before} + '{SECRET}' + 'y' * 70_000)", secrets=[SECRET])
    assert "•" in finished.out  # the cut may go through the mask itself
    assert not any(SECRET[at : at + 6] in finished.out.replace("\n", "") for at in range(len(SECRET) - 6))


def test_a_secret_in_two_writes_is_masked() -> None:
    assert sh(f"printf '{SECRET[:9]}'; sleep 0.3; echo '{SECRET[9:]}'", secrets=[SECRET]).out == "•••"


def test_a_secret_of_several_lines_is_masked_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----"
    assert sh(f"printf '%s' '{key}'", secrets=[key]).out == "•••\n•••\n•••\n•••"


def test_the_longer_secret_is_masked_first() -> None:
    assert process.mask("token-and-more token", ["token", "token-and-more", ""]) == "••• •••"


# ── what it gets ──


def test_only_the_named_variables_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVEX_DEPLOY_KEY", SECRET)
    monkeypatch.setenv("TZ", "UTC")
    finished = process.run(["env"], cwd=Path("/"), environ={"GIT_TERMINAL_PROMPT": "0"}, deadline=LONG)
    names = {line.split("=", 1)[0] for line in finished.out.splitlines()}
    assert SECRET not in finished.out
    assert {"PATH", "TZ", "GIT_TERMINAL_PROMPT"} <= names


def test_a_program_that_asks_gets_no_answer() -> None:
    ours = "from pathlib import Path; from ops.services import process\n"
    ours += "print(process.run(['sh', '-c', 'read answer && echo yes || echo nobody'], cwd=Path('/'), environ={}, deadline=60).out)"
    done = subprocess.run([sys.executable, "-c", ours], input="yes\n", capture_output=True, text=True, check=True)
    assert done.stdout == "nobody\n"


def test_an_argument_never_meets_a_shell() -> None:
    assert process.run(["printf", "%s", "$(id); `id` && id"], cwd=Path("/"), environ={}, deadline=LONG).out == "$(id); `id` && id"


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(NoProgram, match="`no-such-program` is not on this machine"):
        process.run(["no-such-program"], cwd=Path("/"), environ={}, deadline=1)


# ── its end ──


def test_the_deadline_ends_the_program_and_its_children(tmp_path: Path) -> None:
    with pytest.raises(TimedOut, match="`sh` took longer"):
        sh(f"sleep 600 & echo $! > {tmp_path}/pid; wait", deadline=1)
    eventually(lambda: not lives(written(tmp_path / "pid")))


def test_a_stop_ends_the_program_and_its_children(tmp_path: Path) -> None:
    stop = threading.Event()

    def stop_it() -> None:
        written(tmp_path / "pid")
        stop.set()

    threading.Thread(target=stop_it).start()
    with pytest.raises(Stopped, match="`sh` was stopped"):
        sh(f"sleep 600 & echo $! > {tmp_path}/pid; wait", stop=stop)
    eventually(lambda: not lives(written(tmp_path / "pid")))


def test_nothing_is_started_once_it_is_stopped(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        sh(f"touch {tmp_path}/started", stop=stop)
    assert not (tmp_path / "started").exists()


def test_a_program_that_ignores_term_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PATIENCE", 0.3)
    with pytest.raises(TimedOut):
        sh(f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.1; done", deadline=1)
    eventually(lambda: not lives(written(tmp_path / "pid")))


def test_a_child_that_ignores_term_is_killed_though_its_parent_went(tmp_path: Path) -> None:
    with pytest.raises(TimedOut):
        sh(f"(trap '' TERM; while :; do sleep 0.1; done) & echo $! > {tmp_path}/pid; wait", deadline=1)
    eventually(lambda: not lives(written(tmp_path / "pid")))


def test_a_child_left_behind_ends_with_its_program_and_is_not_waited_for(tmp_path: Path) -> None:
    finished = sh(f"sleep 600 & echo $! > {tmp_path}/pid; echo done")
    assert finished == Finished(code=0, out="done", err="")
    eventually(lambda: not lives(written(tmp_path / "pid")))


def test_a_child_that_left_the_session_keeps_nobody_waiting(tmp_path: Path) -> None:
    try:
        finished = sh(f"setsid sleep 600 & echo $! > {tmp_path}/pid; echo done")
        assert finished.out == "done"
    finally:
        os.kill(written(tmp_path / "pid"), signal.SIGKILL)


def test_a_program_that_closes_its_streams_is_waited_for() -> None:
    assert sh("exec >&- 2>&-; sleep 0.3; exit 5").code == 5


def test_no_thread_and_no_file_stays_open() -> None:
    me = psutil.Process()
    sh("true")
    before = (me.num_fds(), threading.active_count())
    for _ in range(5):
        sh("echo x")
    assert (me.num_fds(), threading.active_count()) == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a child's life to ours")
def test_a_program_dies_with_us_when_we_are_killed(tmp_path: Path) -> None:
    ours = (
        "import threading; from pathlib import Path; from ops.services import process\n"
        f"run = lambda: process.run(['sh', '-c', 'echo $$ > {tmp_path}/pid; exec sleep 600'], cwd=Path('/'), environ={{}}, deadline=600)\n"
        "thread = threading.Thread(target=run); thread.start(); thread.join()"
    )
    with subprocess.Popen([sys.executable, "-c", ours]) as parent:
        child = written(tmp_path / "pid")
        assert lives(child)
        os.kill(parent.pid, signal.SIGKILL)
    eventually(lambda: not lives(child))


def test_it_works_where_setpriv_is_missing(tmp_path: Path) -> None:
    for name in ("sh", "sleep"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    assert _elsewhere(tmp_path) == "there\n"


def test_it_works_where_setpriv_knows_no_pdeathsig(tmp_path: Path) -> None:
    for name in ("sh", "true"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    (tmp_path / "setpriv").write_text("#!/bin/sh\necho 'unrecognized option: pdeathsig' >&2; exit 1\n")
    (tmp_path / "setpriv").chmod(0o755)
    assert _elsewhere(tmp_path) == "there\n"


def _elsewhere(path: Path) -> str:
    """What a script says when it is run by a bot with this PATH."""
    ours = "from pathlib import Path; from ops.services import process\n"
    ours += "print(process.run(['sh', '-c', 'echo there'], cwd=Path('/'), environ={}, deadline=60).out)"
    done = subprocess.run([sys.executable, "-c", ours], env={"PATH": str(path)}, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
