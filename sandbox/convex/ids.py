"""Document ids as Convex writes them: the table's number and 16 bytes, in base32 with a checksum."""

from __future__ import annotations

import base64
import secrets

_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CONVEX = "0123456789abcdefghjkmnpqrstvwxyz"
_TO_CONVEX = str.maketrans(_STANDARD, _CONVEX, "=")
_TO_STANDARD = str.maketrans(_CONVEX, _STANDARD)


class BadId(ValueError):
    """This is no document id."""


def encode(number: int, internal: bytes) -> str:
    """The id of the document ``internal`` (16 bytes) in the table with this number."""
    body = head(number) + internal
    return base64.b32encode(body + _fletcher16(body)).decode().translate(_TO_CONVEX)


def decode(identifier: str) -> tuple[int, bytes]:
    """The table's number and the 16 bytes. Raise BadId for anything else."""
    if not 31 <= len(identifier) <= 37 or not set(identifier) <= set(_CONVEX):
        raise BadId(f"Unable to decode ID: {identifier!r} is none")
    raw = _from_base32(identifier)
    number, start = _read_varint(raw)
    if len(raw) != start + 18 or number == 0 or _fletcher16(raw[:-2]) != raw[-2:]:
        raise BadId(f"Unable to decode ID: {identifier!r} has a wrong length or checksum")
    return number, raw[start : start + 16]


def table_number(identifier: object) -> int | None:
    """The number of the table that an id belongs to; None for what is no id."""
    try:
        return decode(identifier)[0] if isinstance(identifier, str) else None
    except BadId:
        return None


def new(number: int) -> str:
    """A fresh id in the table with this number."""
    return encode(number, secrets.token_bytes(16))


def head(number: int) -> bytes:
    """The bytes with which every id in the table with this number begins."""
    out = bytearray()
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _from_base32(text: str) -> bytes:
    size = len(text) * 5 // 8
    padded = text.translate(_TO_STANDARD) + "=" * (-len(text) % 8)
    return base64.b32decode(padded)[:size]


def _read_varint(raw: bytes) -> tuple[int, int]:
    number = 0
    for position, byte in enumerate(raw[:5]):
        number |= (byte & 127) << (7 * position)
        if byte < 128:
            return number, position + 1
    raise BadId("Unable to decode ID: the table's number does not end")


def _fletcher16(data: bytes) -> bytes:
    low = high = 0
    for byte in data:
        low = (low + byte) & 255
        high = (high + low) & 255
    return bytes((low, high))
