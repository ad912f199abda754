"""Count and fingerprint the rows of a table: order-free, one pass, constant memory.

The fingerprint is the sum modulo 2^256 of the SHA-256 of each row's bytes as exported, never re-serialised. The sum is kept
as eight 32-bit limbs in 64-bit words, so that a block of digests is added in one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

import numpy as np

from ops.archive.layout import Unreadable
from ops.archive.words import Table

_LIMBS = 8
_LONGEST = 64 * 1000**2  # a document is at most 1 MiB; this is no row any more


class Counter:
    """Rows, bytes and fingerprint of one table."""

    def __init__(self) -> None:
        self.rows = self.bytes = 0
        self._sum = np.zeros(_LIMBS, dtype=np.uint64)

    def add(self, rows: list[bytes]) -> None:
        """Add rows, each without its line end."""
        if rows:
            digests = np.frombuffer(b"".join([sha256(row).digest() for row in rows]), dtype=">u4")
            self._sum += digests.reshape(-1, _LIMBS).sum(axis=0, dtype=np.uint64)
            self.rows += len(rows)

    def table(self) -> Table:
        """What was counted."""
        total = sum(int(limb) << (32 * (_LIMBS - 1 - place)) for place, limb in enumerate(self._sum))
        return Table(rows=self.rows, bytes=self.bytes, fingerprint=f"{total % (1 << 256):064x}")


def lines(blocks: Iterable[bytes], name: str) -> Iterator[list[bytes]]:
    """The rows of a member, a list for each block; the last must end like a row.

    Raises:
        Unreadable: it ends in the middle of a row.
    """
    rest = b""
    for block in blocks:
        rows = (rest + block).split(b"\n")
        rest = rows.pop()
        if len(rest) > _LONGEST:
            raise Unreadable(f"{name} has a row of more than {_LONGEST // 1000**2} MB")
        yield rows
    if rest:
        raise Unreadable(f"{name} ends in the middle of a row")
