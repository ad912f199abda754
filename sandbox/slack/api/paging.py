"""Pages with cursors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from sandbox.slack.api.arguments import Arguments
from sandbox.slack.refusals import Refusal

_T = TypeVar("_T")
MOST = 1000


def page(items: Sequence[_T], arguments: Arguments, default: int = 100, largest: int = MOST) -> tuple[list[_T], dict[str, Any]]:
    """The asked-for part, and the metadata that leads to the next; ``largest``: no page is longer, as Slack reserves it."""
    size = min(arguments.number("limit", default, MOST), largest)
    begin = _place(arguments.text("cursor"))
    end = begin + size
    following = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return list(items[begin:end]), {"response_metadata": {"next_cursor": following}}


def _place(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (binascii.Error, ValueError):
        raise Refusal("invalid_cursor") from None
