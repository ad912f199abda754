"""Made-up documents, many and fast, for measuring: about as hard to compress as what people write."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from sandbox.convex import ids, tables
from sandbox.convex.database import Database
from sandbox.convex.tables import Row

Bytes = npt.NDArray[np.uint8]

_BATCH = 20_000
_ALPHABET = np.frombuffer(b"0123456789abcdefghjkmnpqrstvwxyz", dtype=np.uint8)
_TEXT = 1 << 20  # long against deflate's window of 32 kB, so that one row tells little of the next
_VOCABULARY = 4000
_LETTERS = "aaabcddeeeeefghiiijklmmnnooopqrrsssttttuuvwxyz"
_ROW = b'{"_creationTime":%r,"_id":"%s","amount":%r,"author":"%s","body":"%s","likes":%d,"paid":%s}'
_SMALLEST = 150


def fill(database: Database, name: str, rows: int, bytes_each: int, seed: int) -> None:
    """Add documents whose lines have this many bytes on average."""
    with database.transaction() as connection:
        table = tables.ensure(connection, name)
    for batch in _made(table.number, rows, bytes_each, seed):
        with database.transaction() as connection:
            tables.insert(connection, table, batch)


def _made(number: int, rows: int, bytes_each: int, seed: int) -> Iterator[list[Row]]:
    text, now = _text(seed), time.time() * 1000
    dice = np.random.default_rng(seed)
    longest = 2 * max(0, bytes_each - _SMALLEST)
    for start in range(0, rows, _BATCH):
        count = min(_BATCH, rows - start)
        columns = zip(
            _identifiers(number, _increasing(dice, start, count, rows)),
            (now - rows + start + np.arange(count) + np.round(dice.random(count), 4)).tolist(),
            np.round(dice.random(count) * 1000, 2).tolist(),
            _slices(text, dice.integers(0, longest + 1, count).tolist(), dice),
            dice.integers(0, 2000, count).tolist(),
            strict=True,
        )
        yield [_row(*column) for column in columns]


def _row(identifier: bytes, made: float, amount: float, words: bytes, likes: int) -> Row:
    paid = b"true" if likes & 1 else b"false"
    line = _ROW % (made, identifier, amount, words[:12].strip(), words[12:], likes, paid)
    return identifier.decode(), line


def _slices(text: bytes, lengths: list[int], dice: np.random.Generator) -> list[bytes]:
    """Pieces of the text, each with room for an author's name."""
    places = dice.integers(0, len(text) - 100, len(lengths)).tolist()
    return [text[place : place + length + 12] for place, length in zip(places, lengths, strict=True)]


def _text(seed: int) -> bytes:
    """Words that do not exist, the first ones far more often than the last."""
    dice = random.Random(seed)
    words = ["".join(dice.choices(_LETTERS, k=dice.randint(2, 10))) for _ in range(_VOCABULARY)]
    weights = [1 / place for place in range(1, _VOCABULARY + 1)]
    return " ".join(dice.choices(words, weights, k=_TEXT // 4)).encode()[:_TEXT]


def _increasing(dice: np.random.Generator, start: int, count: int, rows: int) -> Bytes:
    """16 bytes for each document: in order, because a database takes rows in order several times as fast."""
    inside = dice.integers(0, 256, (count, 16), dtype=np.uint8)
    step = (1 << 56) // max(rows, 1)
    heads = (start + np.arange(count, dtype=np.uint64)) * np.uint64(step) + dice.integers(0, max(step, 1), count, dtype=np.uint64)
    inside[:, :8] = heads.astype(">u8").view(np.uint8).reshape(count, 8)
    return inside


def _identifiers(number: int, inside: Bytes) -> list[bytes]:
    """What ``ids.encode`` makes of each, for all at once."""
    head = np.frombuffer(ids.head(number), dtype=np.uint8)
    body = np.hstack([np.tile(head, (len(inside), 1)), inside])
    low = np.cumsum(body, axis=1, dtype=np.uint8)
    high = np.cumsum(low, axis=1, dtype=np.uint8)
    return _base32(np.hstack([body, low[:, -1:], high[:, -1:]]))


def _base32(raw: Bytes) -> list[bytes]:
    bits = np.unpackbits(raw, axis=1)
    bits = np.pad(bits, ((0, 0), (0, -bits.shape[1] % 5))).reshape(len(raw), -1, 5)
    digits = bits @ np.array([16, 8, 4, 2, 1], dtype=np.uint8)
    letters = np.ascontiguousarray(_ALPHABET[digits])
    return letters.view(f"S{letters.shape[1]}").ravel().tolist()
