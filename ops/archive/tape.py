"""A file read once, from front to back, and hashed on the way: nothing is read twice for the sake of its SHA-256."""

from __future__ import annotations

import hashlib
from typing import IO

_BLOCK = 128 * 1024


class Tape:
    """Reads forward only."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._position = 0

    def read(self, count: int) -> bytes:
        """The next bytes; fewer at the file's end."""
        found = self._file.read(count)
        self._hash.update(found)
        self._position += len(found)
        return found

    def forward(self, position: int) -> None:
        """Go on to a place; what lies between is hashed too."""
        while self._position < position and self.read(min(_BLOCK, position - self._position)):
            pass

    def sha256(self) -> str:
        """The SHA-256 of the whole file."""
        while self.read(_BLOCK):
            pass
        return self._hash.hexdigest()
