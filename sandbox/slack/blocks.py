"""Looking through Block Kit: what can be used, what can be read, what would ping somebody."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Block = Mapping[str, Any]

_PING = re.compile(r"<!(?:channel|here|everyone|subteam\^[A-Z0-9]+)(?:\|[^>]*)?>|<@[A-Z0-9]+(?:\|[^>]*)?>")
_WORD = re.compile(r"(?<!\w)@(?:channel|here|everyone)\b")
_MENTIONS = {
    "mrkdwn": ("{}", "text"),
    "markdown": ("{}", "text"),
    "broadcast": ("<!{}>", "range"),
    "user": ("<@{}>", "user_id"),
    "usergroup": ("<!subteam^{}>", "usergroup_id"),
}
"""By type: how it reads as a mention, and where the words are."""

_NESTED = ("child_blocks", "elements", "tasks")


def with_ids(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """The blocks as Slack keeps them: each has a block id, and each thing that can be used an action id."""
    return [_with_id(block) for block in blocks]


def _with_id(block: Block) -> dict[str, Any]:
    kept: dict[str, Any] = {"block_id": secrets.token_urlsafe(4), **block}
    for key in ("elements", "child_blocks"):
        if isinstance(kept.get(key), list):
            kept[key] = [_part(part) for part in kept[key]]
    for key in ("accessory", "element"):
        if isinstance(kept.get(key), Mapping):
            kept[key] = _part(kept[key])
    return kept


def _part(part: Any) -> Any:
    """A block in a block gets a block id, an element an action id, words neither."""
    if not isinstance(part, Mapping):
        return part
    kind = str(part.get("type"))
    if kind in {"section", "actions", "input", "context", "card", "header", "container"}:
        return _with_id(part)
    usable = kind == "button" or kind.endswith(("_select", "_input", "picker", "checkboxes", "radio_buttons", "overflow"))
    return {"action_id": secrets.token_urlsafe(4), **part} if usable else dict(part)


def usable(blocks: Sequence[Block]) -> Iterator[tuple[Block, Block]]:
    """Everything with an action id, each with the block that it is in."""
    for block in blocks:
        yield from ((block, element) for element in _in(block))
        for key in _NESTED:
            yield from usable([part for part in block.get(key) or () if isinstance(part, Mapping) and "block_id" in part])


def _in(block: Block) -> Iterator[Block]:
    parts = [block.get("accessory"), block.get("element"), *(block.get("elements") or ()), *(block.get("actions") or ())]
    for part in parts:
        if isinstance(part, Mapping) and "action_id" in part:
            yield part


def label(element: Block) -> str:
    """What stands on a button."""
    text = element.get("text")
    return str(text.get("text", "")) if isinstance(text, Mapping) else str(text or "")


def buttons(blocks: Sequence[Block]) -> list[str]:
    """The labels of all buttons."""
    return [label(element) for _, element in usable(blocks) if element.get("type") == "button"]


def texts(value: Any, key: str = "") -> Iterator[str]:
    """Every text that somebody can read, in the order in which it stands there."""
    if isinstance(value, str):
        if key in {"text", "title", "subtitle", "body", "label", "hint", "alt_text", "placeholder", "name", "details", "output", "caption"}:
            yield value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from texts(part, name)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from texts(part, key)


def pings(message: Block) -> list[str]:
    """What in a message would make somebody's phone ring."""
    words = bool(message.get("link_names")) or message.get("parse") == "full"
    found = []
    for text in [str(message.get("text") or ""), *_marked_up(message.get("blocks") or [])]:
        found += _PING.findall(text)
        found += _WORD.findall(text) if words else []
    return found


def _marked_up(value: Any) -> Iterator[str]:
    """The texts in which a mention is one; rich text has elements for it."""
    if isinstance(value, Mapping) and value.get("type") in _MENTIONS:
        form, key = _MENTIONS[value["type"]]
        yield form.format(value.get(key, ""))
    elif isinstance(value, (list, Mapping)):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _marked_up(part)
