"""Run an outside program so that it dies with us: a deadline, an allow-listed environment, no stdin, masked output.

On Linux it runs under ``setpriv --pdeathsig TERM``: a kill -9 of ours ends it too. The signal is bound to the thread that
started it, which is the operation's own. Everything happens in the caller's thread, so what ``on_line`` raises ends the
program as a stop does.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from ops.errors import Failed
from ops.services.lines import Lines, mask

__all__ = ["Finished", "NoProgram", "Stopped", "TimedOut", "mask", "run"]

_PASSED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
)
_READ = 65_536  # bytes at once
_PATIENCE = 5.0  # seconds between TERM and KILL
_LOOK = 0.1  # seconds between two looks at the deadline and the stop
_LINGER = 1.0  # seconds that a program's last words are waited for, once it has ended


class TimedOut(Failed):
    """The program took longer than it may."""


class Stopped(Failed):
    """The program was ended because the operation was cancelled or the process goes down."""


class NoProgram(Failed):
    """The program is not on this machine."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a program ended, its output without secrets."""

    code: int
    out: str
    err: str
    cut: bool = False  # whether it said more than is kept: then only the end is here


def run(  # noqa: PLR0913 # the facts of one run, all named
    command: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    deadline: float,
    stop: threading.Event | None = None,
    secrets: Collection[str] = (),
    on_line: Callable[[str], None] | None = None,
) -> Finished:
    """Run a program to its end.

    Args:
        command: the program and its arguments; never a shell line.
        cwd: where it runs.
        environ: added to the few variables that are handed on.
        deadline: seconds.
        stop: ends it when set.
        secrets: masked in every text that comes back.
        on_line: called with each line of either stream, masked; what it raises ends the program.

    Raises:
        TimedOut, Stopped, NoProgram.
    """
    watch = _Watch(name=Path(command[0]).name, until=time.monotonic() + deadline, stop=stop)
    watch.look()
    out, err = Lines(secrets, on_line), Lines(secrets, on_line)
    with _started(command, cwd, environ) as child, _listening({child.stdout: out, child.stderr: err}) as ears:
        while child.poll() is None:
            watch.look()
            _hear(ears, _LOOK) if ears.get_map() else _rest(child)
        _end(child)  # what it started and left behind holds the streams open
        _hear_out(ears)
    out.close()
    err.close()
    return Finished(code=child.returncode, out=out.text, err=err.text, cut=out.cut or err.cut)


@dataclass(frozen=True, kw_only=True)
class _Watch:
    """How long a program may run."""

    name: str
    until: float
    stop: threading.Event | None

    def look(self) -> None:
        """End the run if it is time."""
        if self.stop is not None and self.stop.is_set():
            raise Stopped(f"`{self.name}` was stopped.")
        if time.monotonic() > self.until:
            raise TimedOut(f"`{self.name}` took longer than it may and was ended.")


@contextmanager
def _started(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start the child in a session of its own, and leave nothing of it, however this ends."""
    if shutil.which(command[0]) is None:
        raise NoProgram(f"`{Path(command[0]).name}` is not on this machine.", "Install it, and see that it is on PATH.")
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    child = subprocess.Popen(
        [*_dies_with_us(), *command],
        cwd=cwd,
        env={**passed, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        _end(child)
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()


@cache
def _dies_with_us() -> tuple[str, ...]:
    """The prefix that ties a child's life to ours, where the machine has one that works (busybox has another)."""
    found = shutil.which("setpriv") if sys.platform == "linux" else None
    prefix = (found, "--pdeathsig", "TERM") if found else ()
    works = bool(prefix) and not subprocess.run([*prefix, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode
    return prefix if works else ()


@contextmanager
def _listening(streams: Mapping[IO[bytes] | None, Lines]) -> Iterator[selectors.BaseSelector]:
    """Both streams, to be read as they speak."""
    with selectors.DefaultSelector() as ears:
        for stream, lines in streams.items():
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                ears.register(stream.fileno(), selectors.EVENT_READ, lines)
        yield ears


def _hear(ears: selectors.BaseSelector, patience: float) -> None:
    """Read what either stream has to say within a moment; a stream that has ended is no longer listened to."""
    for key, _ in ears.select(patience):
        said = os.read(key.fd, _READ)
        if said:
            key.data.feed(said)
        else:
            ears.unregister(key.fd)


def _hear_out(ears: selectors.BaseSelector) -> None:
    """Read to the end. What has left the session and holds a stream open is not waited for."""
    until = time.monotonic() + _LINGER
    while ears.get_map() and time.monotonic() < until:
        _hear(ears, _LOOK)


def _rest(child: subprocess.Popen[bytes]) -> None:
    """Wait a moment for the end of a child that has said all."""
    with suppress(subprocess.TimeoutExpired):
        child.wait(_LOOK)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started in its session: TERM, then KILL."""
    if child.poll() is None:
        _signal(child, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_PATIENCE)
    _signal(child, signal.SIGKILL)
    child.wait()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the child's group, which outlives the child while anybody is in it."""
    with suppress(ProcessLookupError, PermissionError):  # nobody is left; macOS says so of a zombie in its own way
        os.killpg(child.pid, number)
