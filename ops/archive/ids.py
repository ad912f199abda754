"""Find an id that stands twice, in bounded memory: sorted runs of 16-byte digests on the disk, then merged."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from hashlib import blake2b
from types import TracebackType
from typing import IO, Self

_RUN = 100_000  # digests that are sorted at once: 6 MB
_WIDTH = 16


class Ids:
    """The ids of one table; its runs on the disk go when it is left."""

    def __init__(self) -> None:
        self._run: list[bytes] = []
        self._runs: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for file in self._runs:
            file.close()

    def add(self, found: str) -> None:
        """One more id."""
        self._run.append(blake2b(found.encode(), digest_size=_WIDTH).digest())
        if len(self._run) == _RUN:
            self._spill()

    def _spill(self) -> None:
        """Put a sorted run on the disk."""
        file = tempfile.TemporaryFile()  # noqa: SIM115 # it lives as long as the table
        file.write(b"".join(sorted(self._run)))
        file.seek(0)
        self._runs.append(file)
        self._run = []

    def twice(self) -> bool:
        """Whether any id was added twice."""
        runs = [iter(sorted(self._run)), *(_digests(file) for file in self._runs)]
        previous = b""
        for digest in heapq.merge(*runs):
            if digest == previous:
                return True
            previous = digest
        return False


def _digests(file: IO[bytes]) -> Iterator[bytes]:
    """The digests of a run."""
    while digest := file.read(_WIDTH):
        yield digest
