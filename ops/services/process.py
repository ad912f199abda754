"""Run an outside program so that it dies with us: a deadline, an allow-listed environment, no stdin, masked output.

On Linux it runs under ``setpriv --pdeathsig TERM``: a kill -9 of ours ends it too. The signal is bound to the thread that
started it, which is the operation's own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO

from ops.errors import Failed

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
_TAIL = 2000  # lines of output that are kept: enough for any message, whatever a program floods
_LONGEST = 64_000  # characters of a line
_PATIENCE = 5.0  # seconds between TERM and KILL
_LOOK = 0.1  # seconds between two looks at the deadline and the stop


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


def mask(text: str, secrets: Collection[str]) -> str:
    """The text without the secrets; a longer one first, as it may hold a shorter."""
    for secret in sorted((secret for secret in secrets if secret), key=len, reverse=True):
        text = text.replace(secret, "•••")
    return text


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
        on_line: called with each line of either stream, in a thread, masked.

    Raises:
        TimedOut, Stopped, NoProgram.
    """
    watched = _Run(name=Path(command[0]).name, secrets=secrets, on_line=on_line)
    child = _start(command, cwd, environ)
    try:
        watched.follow(child, time.monotonic() + deadline, stop)
    finally:
        _end(child)
        finished = watched.collect(child)
    return finished


def _start(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the child in a session of its own, so that its children end with it."""
    if shutil.which(command[0]) is None:
        raise NoProgram(f"`{Path(command[0]).name}` is not on this machine.", "Install it, and see that it is on PATH.")
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return subprocess.Popen(
        [*_dies_with_us(), *command],
        cwd=cwd,
        env={**passed, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@cache
def _dies_with_us() -> tuple[str, ...]:
    """The prefix that ties a child's life to ours, where the machine has one."""
    found = shutil.which("setpriv") if sys.platform == "linux" else None
    return (found, "--pdeathsig", "TERM") if found else ()


@dataclass(kw_only=True)
class _Run:
    """What one child says while it runs."""

    name: str
    secrets: Collection[str]
    on_line: Callable[[str], None] | None
    lines: dict[str, deque[str]] = field(default_factory=lambda: {"out": deque(maxlen=_TAIL), "err": deque(maxlen=_TAIL)})
    readers: list[threading.Thread] = field(default_factory=list)

    def follow(self, child: subprocess.Popen[bytes], until: float, stop: threading.Event | None) -> None:
        """Read both streams until the child ends, its time is up, or somebody stops it."""
        for name, stream in (("out", child.stdout), ("err", child.stderr)):
            reader = threading.Thread(target=self._read, args=(name, stream), name=f"{self.name}-{name}", daemon=True)
            reader.start()
            self.readers.append(reader)
        while not _ended(child):
            if stop is not None and stop.is_set():
                raise Stopped(f"`{self.name}` was stopped.", "")
            if time.monotonic() > until:
                raise TimedOut(f"`{self.name}` took longer than it may and was ended.", "")

    def _read(self, name: str, stream: IO[bytes]) -> None:
        """Keep the last lines of a stream."""
        for raw in iter(lambda: stream.readline(_LONGEST), b""):
            line = mask(raw.decode("utf-8", "replace").rstrip("\r\n"), self.secrets)
            self.lines[name].append(line)
            if self.on_line:
                self.on_line(line)

    def collect(self, child: subprocess.Popen[bytes]) -> Finished:
        """What it said; a grandchild that keeps a stream open is not waited for."""
        for reader in self.readers:
            reader.join(1.0)
        for stream in (child.stdout, child.stderr):
            if stream and not any(reader.is_alive() for reader in self.readers):
                stream.close()
        return Finished(code=child.returncode, out="\n".join(self.lines["out"]), err="\n".join(self.lines["err"]))


def _ended(child: subprocess.Popen[bytes]) -> bool:
    """Whether the child ends within a moment."""
    try:
        child.wait(_LOOK)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and its children: TERM, then KILL."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is not None:
            return
        try:
            os.killpg(child.pid, sign)
            child.wait(_PATIENCE)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
