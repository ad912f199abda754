"""Starts the real ``python -m ops`` and ``python -m bot`` from a process that has loaded them, which takes most of a short command.

The started process is a fork of one that has a single thread and has done nothing but import. It has its own environment, folder and
files, runs the module as its main one, and ends as any interpreter does. ``make test`` sets ``BACKSTOP_FORKED``; without it each
process is started by itself, as the benchmarks need it. Changes of the interpreter's own start (faketime, ``PYTHON…``) need that too.
"""

from __future__ import annotations

import atexit
import json
import os
import random
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WANTED = "BACKSTOP_FORKED"
_LONGEST = 1 << 20  # bytes of a request
_LOOK = 0.01  # seconds


class Child:
    """A process that was started, as ``subprocess.Popen`` shows it."""

    def __init__(self, module: str, words: Sequence[str], *, env: Mapping[str, str], cwd: Path, out: int, err: int) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.connect(_server())
        asked = json.dumps({"module": module, "words": list(words), "env": dict(env), "cwd": str(cwd)}).encode()
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 # its descriptor is all that is wanted
            socket.send_fds(self._line, [asked], [nothing.fileno(), out, err])
        self.pid = int(self._line.recv(64))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        if self.returncode is None:
            self._line.setblocking(False)
            try:
                self._end(self._line.recv(64))
            except BlockingIOError:
                return None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The same, once it has ended."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                self._end(self._line.recv(64))
            except TimeoutError:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal it, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without a word."""
        self.send_signal(signal.SIGKILL)

    def _end(self, said: bytes) -> None:
        """It has ended."""
        self.returncode = int(said or b"-1")
        self._line.close()


def start(module: str, words: Sequence[str], *, env: Mapping[str, str], log: Path) -> Child | subprocess.Popen[bytes]:
    """Start ``python -m module words…`` with its output in a file."""
    with log.open("ab") as out:
        if WANTED in os.environ:
            return Child(module, words, env=env, cwd=ROOT, out=out.fileno(), err=out.fileno())
        return subprocess.Popen([sys.executable, "-m", module, *words], cwd=ROOT, env=dict(env), stdout=out, stderr=out)


def run(module: str, words: Sequence[str], *, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run it to its end, and what it said."""
    with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as err:
        if WANTED in os.environ:
            code = Child(module, words, env=env, cwd=ROOT, out=out.fileno(), err=err.fileno()).wait()
        else:
            command = [sys.executable, "-m", module, *words]
            code = subprocess.run(command, cwd=ROOT, env=dict(env), stdout=out, stderr=err, check=False).returncode
        said = [file.read().decode() for file in (out, err) if file.seek(0) == 0]
    return subprocess.CompletedProcess([module, *words], code, *said)


@cache
def _server() -> str:
    """Where this process's own one listens; it ends with us."""
    folder = tempfile.mkdtemp(prefix="forked-")
    address = str(Path(folder) / "line")
    ours = subprocess.Popen([sys.executable, "-m", "tests.forked", address], cwd=ROOT, stdin=subprocess.PIPE)

    def end() -> None:
        if ours.stdin:
            ours.stdin.close()
        ours.wait(30)
        Path(address).unlink(missing_ok=True)
        Path(folder).rmdir()

    atexit.register(end)
    while not Path(address).exists():
        assert ours.poll() is None, "the process that is forked has ended"
        time.sleep(_LOOK)
    return address


def serve(address: str) -> dict[str, Any] | None:
    """Fork for whoever asks, until the other end of our input is closed; in a fork, what it is to run."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(f"{address}.new")
    listening.listen(64)
    Path(f"{address}.new").rename(address)
    waking, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as several:
        for each in (listening, sys.stdin, waking):
            several.register(each, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in several.select()}
            if listening in ready and (asked := _fork(listening, children)):
                return asked
            if waking in ready:
                os.read(waking, 4096)
                _reap(children)
            if sys.stdin in ready:
                return None


def _fork(listening: socket.socket, children: dict[int, socket.socket]) -> dict[str, Any] | None:
    """Take a request; None in the parent."""
    line, _ = listening.accept()
    said, files, _, _ = socket.recv_fds(line, _LONGEST, 3)
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for mine in (listening, line, *children.values()):
            mine.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
        asked: dict[str, Any] = json.loads(said)
        return {**asked, "files": files}
    for file in files:
        os.close(file)
    line.send(str(pid).encode())
    children[pid] = line
    return None


def _reap(children: dict[int, socket.socket]) -> None:
    """Tell of those that have ended."""
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            line = children.pop(pid)
            with suppress(BrokenPipeError):  # whoever asked is gone
                line.send(str(os.waitstatus_to_exitcode(status)).encode())
            line.close()


def become(asked: Mapping[str, Any]) -> None:
    """Be the program that was asked for."""
    for file in asked["files"]:
        os.close(file)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    random.seed()
    sys.argv = [asked["module"], *asked["words"]]
    runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)


def _load() -> None:
    """What both programs import, in either's own time too."""
    import alembic.command
    import git
    import httpx

    import bot.process
    import ops.terminal
    import ops.terminal_changes
    import ops.terminal_restores

    assert all((alembic.command, git, httpx, bot.process, ops.terminal, ops.terminal_changes, ops.terminal_restores))


if __name__ == "__main__":
    _load()
    if (wanted := serve(sys.argv[1])) is not None:
        become(wanted)
