"""What a push changes, or would: the indexes and components that the CLI names, without the rest of what it says. Pure."""

from __future__ import annotations

import re

from ops.services.convex.shown import uncoloured

_MOST = 60  # lines that are kept
_HEADS = (
    (re.compile(r"^(Would delete|Deleted) table indexes:"), "- index"),
    (re.compile(r"^(Would add|Added) table indexes:"), "+ index"),
    (re.compile(r"^(Would add|Added) staged table indexes:"), "+ staged index"),
    (re.compile(r"^These indexes (would be|are now) enabled:"), "~ enabled index"),
    (re.compile(r"^These indexes (would be|are now) staged:"), "~ staged index"),
)
_INDEX = re.compile(r"^\[[-+*]\] (\w+\.\w+)\s*(.*)$")
_COMPONENT = re.compile(r"^(Installed|Unmounted|Remounted) component (\S+?)\.?$")
_LARGE_HEAD = re.compile(r"push will (create|delete) the following")
_LARGE = re.compile(r"^\S*\s*(\w+\.\w+) .* ([\d,]+) documents")


def changes(said: str) -> tuple[str, ...]:
    """Each index and component that comes or goes: ``+ index orders.by_number (number, _creationTime)``."""
    found, head = [], ""
    for line in _lines(said):
        head = next((kind for sign, kind in _HEADS if sign.search(line)), head if _INDEX.search(line) else "")
        if head and (index := _INDEX.search(line)):
            found.append(f"{head} {index[1]} ({' '.join(index[2].split())})")
        if component := _COMPONENT.search(line):
            found.append(f"{component[1].lower()} component {component[2]}")
    return tuple(found[:_MOST])


def large(said: str) -> tuple[str, ...]:
    """Indexes of large tables that come or go: a push waits until one that comes is filled, and so does its way back."""
    found, word = [], ""
    for line in _lines(said):
        head = _LARGE_HEAD.search(line)
        word = head[1] if head else word
        if word and (index := _LARGE.search(line)):
            found.append(f"{word} index {index[1]} ({index[2]} documents)")
    return tuple(found[:_MOST])


def _lines(said: str) -> list[str]:
    """The lines without colours and marks."""
    return [re.sub(r"^[✔✖-] ", "", line.strip()) for line in uncoloured(said).splitlines()]
