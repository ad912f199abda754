"""Values in their two spellings: lines of an archive, and the wire of the CLI.

In memory a document is what its line in an archive holds: int is Int64, float is Float64, ``{"$bytes": …}`` and
``{"$float": …}`` (NaN and the infinities) are written out.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

import orjson

Document = dict[str, Any]


def to_line(document: Document) -> bytes:
    """A document as one line, without its end: keys sorted, so that the same document always gives the same bytes."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def from_line(line: bytes) -> Any:
    """What a line holds. Raise ValueError if it is not JSON."""
    return orjson.loads(line)


def to_wire(value: Any) -> Any:
    """The same value as the CLI's client reads it: an int is ``{"$integer": base64}``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {"$integer": base64.b64encode(struct.pack("<q", value)).decode()}
    if isinstance(value, list):
        return [to_wire(item) for item in value]
    if isinstance(value, dict) and not _is_special(value):
        return {key: to_wire(item) for key, item in value.items()}
    return value


def from_wire(value: Any) -> Any:
    """The other way: a bare number is Float64."""
    if isinstance(value, dict) and "$integer" in value:
        return struct.unpack("<q", base64.b64decode(value["$integer"]))[0]
    if isinstance(value, dict):
        return value if _is_special(value) else {key: from_wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_wire(item) for item in value]
    return floats(value)


def floats(value: Any) -> Any:
    """Every number as Float64: how Convex reads rows that are not marked "uniform"."""
    if isinstance(value, list):
        return [floats(item) for item in value]
    if isinstance(value, dict):
        return {key: floats(item) for key, item in value.items()}
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _is_special(value: Document) -> bool:
    return len(value) == 1 and next(iter(value)).startswith("$")
