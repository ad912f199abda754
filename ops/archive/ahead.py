"""The members' contents, inflated and hashed one after another: here, or ahead of us in a process of its own.

Inflating and fingerprinting take about as long as each other, so two cores do in half the time what one does. The process
is forked: it has all it needs, and what it inflates comes through a pipe, which holds it back when we are slower.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from ops.archive.inflating import blocks
from ops.archive.layout import Member, Unreadable
from ops.archive.tape import Tape

_FRAME = struct.Struct("<cI")
_BLOCK, _END, _DAMAGE, _HASH = b"b", b"e", b"d", b"h"
_WORTH_IT = 4 * 1000**2  # bytes of rows; less is inflated before a process has started


class Contents(Protocol):
    """An archive's members in the order of the file, each read to its end before the next."""

    def blocks(self, member: Member) -> Iterator[bytes]:
        """The bytes of the next member. Raise Unreadable when it is damaged."""

    def sha256(self) -> str:
        """The SHA-256 of the whole file, once every member was read."""


@contextmanager
def contents(path: Path, members: Sequence[Member], *, busy: bool) -> Iterator[Contents]:
    """Open an archive's members: inflated ahead where we are busy ourselves, there is enough to do, and a second core."""
    enough = sum(member.entry.size for member in members) > _WORTH_IT
    opened = _ahead(path, members) if busy and enough and _cores() > 1 else _here(path)
    with opened as found:
        yield found


def _cores() -> int:
    """The cores that we may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class _Here:
    """Inflated in this process."""

    def __init__(self, file: IO[bytes]) -> None:
        self._tape = Tape(file)

    def blocks(self, member: Member) -> Iterator[bytes]:
        return blocks(self._tape, member)

    def sha256(self) -> str:
        return self._tape.sha256()


@contextmanager
def _here(path: Path) -> Iterator[Contents]:
    """Inflate in this process."""
    with path.open("rb") as file:
        yield _Here(file)


class _Ahead:
    """Inflated by the other process; its frames come in the order of the members."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    def blocks(self, _member: Member) -> Iterator[bytes]:
        kind, content = self._frame()
        while kind == _BLOCK:
            yield content
            kind, content = self._frame()
        if kind == _DAMAGE:
            raise Unreadable(content.decode())

    def sha256(self) -> str:
        return self._frame()[1].decode()

    def _frame(self) -> tuple[bytes, bytes]:
        """The next frame; the other process sends a hash before it ends, so an early end is its death."""
        header = self._pipe.read(_FRAME.size)
        if len(header) < _FRAME.size:
            raise EOFError("the process that inflates ended early")
        kind, length = _FRAME.unpack(header)
        return kind, self._pipe.read(length)


@contextmanager
def _ahead(path: Path, members: Sequence[Member]) -> Iterator[Contents]:
    """Inflate in a process of its own, which ends when nobody reads from it any more."""
    reading, writing = os.pipe()
    _widen(writing)
    child = os.fork()
    if not child:
        os.close(reading)
        _send(path, members, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            yield _Ahead(pipe)
    finally:
        os.waitpid(child, 0)


def _widen(pipe: int) -> None:
    """Let the pipe hold a megabyte where the system can: at its usual 64 kB each process waits for the other all the time."""
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)


def _send(path: Path, members: Sequence[Member], writing: int) -> None:
    """The other process: send every member, then the hash, and end without returning to what was forked."""
    code = 1
    try:
        with os.fdopen(writing, "wb") as pipe, path.open("rb") as file:
            tape = Tape(file)
            _send_members(pipe, tape, members)
            _write(pipe, _HASH, tape.sha256().encode())
        code = 0
    except (OSError, ValueError):  # the file went away, or nobody reads any more: the reader sees an early end
        pass
    finally:
        os._exit(code)


def _send_members(pipe: IO[bytes], tape: Tape, members: Sequence[Member]) -> None:
    """Send the members up to the first that is damaged."""
    try:
        for member in members:
            for block in blocks(tape, member):
                _write(pipe, _BLOCK, block)
            _write(pipe, _END, b"")
    except Unreadable as damage:
        _write(pipe, _DAMAGE, str(damage).encode())


def _write(pipe: IO[bytes], kind: bytes, content: bytes) -> None:
    """Send one frame."""
    pipe.write(_FRAME.pack(kind, len(content)) + content)
