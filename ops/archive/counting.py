"""Count and fingerprint the rows of a table: order-free, one pass, constant memory.

The fingerprint is the sum modulo 2^256 of the SHA-256 of each row's bytes as exported, never re-serialised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from ops.archive.layout import Member, Unreadable
from ops.archive.words import Table

_LONGEST = 16 * 1000**2  # bytes: a document is at most 1 MiB before it is written as JSON; this is no row any more
_MODULUS = 1 << 256
_WIDTH = 320  # bits: a hash, and room above it for more of them than there are rows
_ROOM = bytes(_WIDTH // 8 - 32)
_AT_ONCE = 1024  # rows: a block of empty ones has a hundred thousand, whose hashes side by side would be megabytes


class Counter:
    """Rows, bytes and fingerprint of one table."""

    def __init__(self) -> None:
        self.rows = self._sum = 0

    def add(self, rows: list[bytes]) -> None:
        """Add rows, each without its line end."""
        for at in range(0, len(rows), _AT_ONCE):
            some = rows[at : at + _AT_ONCE]
            hashes = _ROOM.join([sha256(row).digest() for row in some])
            self._sum += _folded(int.from_bytes(hashes, "big"), len(some))
        self.rows += len(rows)

    def table(self, size: int) -> Table:
        """What was counted in so many bytes."""
        return Table(rows=self.rows, bytes=size, fingerprint=f"{self._sum % _MODULUS:064x}")


def _folded(numbers: int, count: int) -> int:
    """The sum of so many numbers that lie side by side in one: half of them is added to the other half, until one is left. Pure."""
    while count > 1:
        half = count // 2
        bits = half * _WIDTH
        numbers = (numbers >> bits) + (numbers & ((1 << bits) - 1))
        count -= half
    return numbers


def count(blocks: Iterable[bytes], member: Member) -> Table:
    """Count the rows of a member without looking at them: no fingerprint.

    Raises:
        Unreadable: it ends in the middle of a row.
    """
    rows, last = 0, b"\n"
    for block in blocks:
        rows += block.count(b"\n")
        last = block[-1:]
        _require_credible(rows, member)
    if last != b"\n":
        raise Unreadable(f"{member.name} ends in the middle of a row")
    return Table(rows=rows, bytes=member.entry.size, fingerprint="")


def lines(blocks: Iterable[bytes], member: Member) -> Iterator[list[bytes]]:
    """The rows of a member, a list for each block; the last must end like a row.

    Raises:
        Unreadable: it ends in the middle of a row, has one that is too long, or more than there can be.
    """
    begun: list[bytes] = []  # the pieces of a row that is longer than a block
    length = number = 0
    for block in blocks:
        rows = block.split(b"\n")
        begun.append(rows[0])
        length += len(rows[0])
        if length > _LONGEST:
            raise Unreadable(f"{member.name} has a row of more than {_LONGEST // 1000**2} MB")
        if len(rows) == 1:
            continue
        rows[0] = b"".join(begun)
        begun = [rows.pop()]
        length = len(begun[0])
        number += len(rows)
        _require_credible(number, member)
        yield rows
    if length:
        raise Unreadable(f"{member.name} ends in the middle of a row")


def _require_credible(rows: int, member: Member) -> None:
    """Rows differ, so each takes room however well it is compressed; what has more is made to keep us busy for hours."""
    if rows > member.entry.compressed + 1024:
        raise Unreadable(f"{member.name} has more rows than its {member.entry.compressed} bytes can hold")
