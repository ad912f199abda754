"""Check a payload against Slack's limits before it leaves: what is wrong, and where."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bot.views.limits.rules import (
    ALLOWED,
    BLOCK_ID,
    COLUMNS,
    MARKDOWN_CHARACTERS,
    MESSAGE_CHARACTERS,
    MOST_BLOCKS,
    RULES,
    STYLES,
    TABLES,
    TEXT,
    UNDER_KEY,
    VIEW_BYTES,
    Rule,
    Surface,
)
from bot.views.text import length

Payload = Mapping[str, Any]


class BadPayload(ValueError):
    """A payload that Slack would refuse: a defect of ours, with the place as a JSON pointer."""

    def __init__(self, pointer: str, what: str) -> None:
        super().__init__(f"{pointer or '/'}: {what}")
        self.pointer = pointer or "/"
        self.what = what


class PayloadTooLarge(BadPayload):
    """Something in it is longer, or more, than Slack takes."""


class WrongPayload(BadPayload):
    """Something in it is missing, unknown or in the wrong place."""


def check(payload: Payload, surface: Surface) -> None:
    """Raise unless Slack would take this.

    Raises:
        PayloadTooLarge: with the JSON pointer of what is too long or too many.
        WrongPayload: with the JSON pointer of what is missing or in the wrong place.
    """
    if surface == "message":
        _message(payload)
    else:
        _view(payload, surface)
    blocks = payload.get("blocks") or []
    _within("/blocks", len(blocks), MOST_BLOCKS[surface], "blocks")
    for place, block in enumerate(blocks):
        _allowed(block, surface, f"/blocks/{place}")
        _node(block, _type(block), f"/blocks/{place}")
    _unique(blocks)
    _sums(payload, blocks, surface)


def size(blocks: Sequence[Payload]) -> int:
    """Characters of these blocks as JSON."""
    return length(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))


def _message(payload: Payload) -> None:
    """The message itself."""
    if not _filled(payload.get("text")):
        raise WrongPayload("/text", "a message needs text: it is what a phone's notification shows")
    _within("/text", length(payload["text"]), TEXT, "characters")


def _view(payload: Payload, surface: Surface) -> None:
    """The window or Home itself."""
    if payload.get("type") != surface:
        raise WrongPayload("/type", f"is {payload.get('type')!r} where {surface!r} belongs")
    if not payload.get("blocks"):
        raise WrongPayload("/blocks", "is missing or empty")
    _rule({key: value for key, value in payload.items() if key != "blocks"}, RULES[surface], "")
    if surface == "modal" and not payload.get("submit") and any(_type(block) == "input" for block in payload["blocks"]):
        raise WrongPayload("/submit", "a window with an input needs a button to send it off")


def _allowed(block: Payload, surface: Surface, pointer: str) -> None:
    """The block may stand on this surface."""
    if _type(block) not in ALLOWED[surface]:
        raise WrongPayload(pointer, f"a {_type(block) or 'block without type'} cannot stand in a {surface}")


def _node(node: Payload, kind: str, pointer: str) -> None:
    """An object and everything in it."""
    _rule(node, RULES.get(kind, Rule()), pointer)
    _within(f"{pointer}/block_id", length(str(node.get("block_id", ""))), BLOCK_ID, "characters")
    if special := _SPECIAL.get(kind):
        special(node, pointer)
    for key, place, child in _children(node, pointer):
        _node(child, _type(child) or UNDER_KEY.get(key, ""), place)


def _button(node: Payload, pointer: str) -> None:
    """A button has one of two styles, or none."""
    if node.get("style") not in STYLES:
        raise WrongPayload(f"{pointer}/style", f"{node['style']!r} is no style; leave it out, or say primary or danger")


def _rows(node: Payload, pointer: str) -> None:
    """A table is not too wide."""
    for place, row in enumerate(node["rows"]):
        _within(f"{pointer}/rows/{place}", len(row), COLUMNS, "columns")


def _row_of_actions(node: Payload, pointer: str) -> None:
    """Each element of a row can be told from the others."""
    _distinct([element.get("action_id") for element in node["elements"]], f"{pointer}/elements", "action_id")


_SPECIAL: Mapping[str, Callable[[Payload, str], None]] = {
    "button": _button,
    "table": _rows,
    "data_table": _rows,
    "actions": _row_of_actions,
}


def _rule(node: Payload, rule: Rule, pointer: str) -> None:
    """What the table says of this kind of object."""
    _there(node, rule, pointer)
    for key, (fewest, most) in rule.counts.items():
        if key in node and len(node[key]) < fewest:
            raise WrongPayload(f"{pointer}/{key}", f"{len(node[key])} where at least {fewest} belong")
        _within(f"{pointer}/{key}", len(node.get(key) or ()), most, "items")
    for key, place, child in _children(node, pointer):
        if _type(child) not in rule.holds.get(key, {_type(child)}):
            raise WrongPayload(place, f"{_type(child) or 'an object without type'} cannot stand there")
    for key, most in rule.lengths.items():
        for place, text in _texts(node.get(key), f"{pointer}/{key}"):
            _within(place, length(text), most, "characters")


def _there(node: Payload, rule: Rule, pointer: str) -> None:
    """What must be there is there."""
    for key in rule.needs:
        if not _filled(node.get(key)):
            raise WrongPayload(f"{pointer}/{key}", "is missing or empty")
    if rule.either and not any(_filled(node.get(key)) for key in rule.either):
        raise WrongPayload(pointer, f"needs {' or '.join(rule.either)}")


def _texts(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    """The texts under a key: a string, a text object, or several."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        yield from _texts(value.get("text"), f"{pointer}/text")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, f"{pointer}/{place}")


def _children(node: Payload, pointer: str) -> Iterator[tuple[str, str, Payload]]:
    """The objects inside one, each with its key and its place."""
    for key, value in node.items():
        yield from ((key, place, child) for place, child in _objects(value, f"{pointer}/{key}"))


def _objects(value: object, pointer: str) -> Iterator[tuple[str, Payload]]:
    """The objects in a value, through lists of lists."""
    if isinstance(value, Mapping):
        yield pointer, value
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _objects(item, f"{pointer}/{place}")


def _unique(blocks: Sequence[Payload]) -> None:
    """No two blocks have one id."""
    _distinct([block.get("block_id") for block in blocks], "/blocks", "block_id")


def _distinct(ids: Sequence[str | None], pointer: str, name: str) -> None:
    """No id is there twice."""
    for place, each in enumerate(ids):
        if each is not None and each in ids[:place]:
            raise WrongPayload(f"{pointer}/{place}/{name}", f"{each!r} is there twice")


def _sums(payload: Payload, blocks: Sequence[Payload], surface: Surface) -> None:
    """What counts over all blocks together."""
    markdown = sum(length(block["text"]) for block in blocks if _type(block) == "markdown")
    _within("/blocks", markdown, MARKDOWN_CHARACTERS, "characters of markdown")
    _within("/blocks", sum(_type(block) == "table" for block in blocks), TABLES, "tables")
    if surface == "message":
        return _within("/blocks", size(blocks), MESSAGE_CHARACTERS, "characters in all")
    return _within("", len(json.dumps(payload, ensure_ascii=False).encode()), VIEW_BYTES, "bytes")


def _within(pointer: str, found: int, most: int, what: str) -> None:
    """No more than that."""
    if found > most:
        raise PayloadTooLarge(pointer, f"{found} {what}, and Slack takes {most}")


def _filled(value: object) -> bool:
    """Something is there."""
    return value is not None and value not in ("", [], {}) and not (isinstance(value, str) and not value.strip())


def _type(node: Payload) -> str:
    """What an object says it is."""
    found = node.get("type")
    return found if isinstance(found, str) else ""
