"""Shorten what may be shortened until Slack takes it: a card of a thousand tables is better cut than refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.views.limits.checking import Payload, size
from bot.views.limits.rules import MESSAGE_CHARACTERS, MOST_BLOCKS, RULES, TEXT, Surface
from bot.views.text import cut, length, number

_TRAILS = re.compile(r"(?:&[a-z]*|<[^<>]*)$")  # half an entity, half a mention or date
_MORE = re.compile(r"and ([\d\u202f]+) more(.*)")
_TRIES = ((3000, 100, 50), (1500, 60, 50), (800, 40, 50), (400, 25, 40), (200, 15, 30), (200, 10, 20))
"""Characters that a paragraph may keep, rows that a table may, blocks that a message may: tried in turn."""


def fit(payload: Payload, surface: Surface = "message") -> dict[str, Any]:
    """The same payload, shortened as far as needed: paragraphs by an ellipsis, tables and blocks by "and 12 more"."""
    whole = dict(payload)
    if "text" in whole:
        whole["text"] = shorten(whole["text"], TEXT)
    for characters, rows, most in _TRIES:
        fitted = [_fitted(block, characters, rows) for block in payload.get("blocks") or ()]
        whole["blocks"] = _fewer_blocks(fitted, most if surface == "message" else MOST_BLOCKS[surface])
        if surface != "message" or size(whole["blocks"]) <= MESSAGE_CHARACTERS:
            break
    return whole


def shorten(text: str, limit: int) -> str:
    """A text in mrkdwn, cut so that no entity, mention, date or span of code is left half."""
    if length(text) <= limit:
        return text
    kept = _TRAILS.sub("", cut(text, limit - 3).removesuffix("…"))
    if kept.count("```") % 2:
        return f"{kept[: limit - 4]}…```"
    return f"{kept}`…" if kept.replace("```", "").rpartition("\n")[2].count("`") % 2 else f"{kept.rstrip()}…"


def _fitted(block: Payload, characters: int, rows: int) -> Payload:
    """One block within its limits; the block itself is left as it is."""
    match block["type"]:
        case "section":
            return {key: _PARTS[key](value, characters) if key in _PARTS else value for key, value in block.items()}
        case "header":
            return {**block, "text": _shortened(block["text"], RULES["header"].lengths["text"])}
        case "context":
            return {**block, "elements": _each_shortened(block["elements"], characters)}
        case "table":
            return {**block, "rows": _fewer_rows(block["rows"], rows)}
    return block


def _shortened(found: Payload, limit: int) -> Payload:
    """A text object within a limit."""
    if "text" not in found or length(found["text"]) <= limit:
        return found
    return {**found, "text": shorten(found["text"], limit) if found["type"] == "mrkdwn" else cut(found["text"], limit)}


def _each_shortened(found: Sequence[Payload], limit: int) -> list[Payload]:
    """Several short texts within a limit."""
    return [_shortened(each, min(limit, RULES["section"].lengths["fields"])) for each in found]


_PARTS: Mapping[str, Callable[[Any, int], Any]] = {"text": _shortened, "fields": _each_shortened}
"""What can be shortened in a section."""


def _fewer_rows(rows: Sequence[Sequence[Payload]], most: int) -> Sequence[Sequence[Payload]]:
    """The first rows, and a last one that says how many more there are."""
    if len(rows) <= most:
        return rows
    left_out, noun = len(rows) - most + 1, ""
    if more := _MORE.fullmatch(rows[-1][0].get("text", "")):  # the view left some out already
        left_out, noun = left_out - 1 + int(re.sub(r"\D", "", more[1])), more[2]
    texts = [f"and {number(left_out)} more{noun}", *("–" for _ in rows[0][1:])]
    return [*rows[: most - 1], [{"type": "raw_text", "text": text} for text in texts]]


def _fewer_blocks(blocks: list[Payload], most: int) -> list[Payload]:
    """The first blocks, how many were left out, and the buttons at the end if there are any."""
    if len(blocks) <= most:
        return blocks
    end = blocks[-1:] if blocks[-1]["type"] == "actions" else []
    kept = blocks[: most - 1 - len(end)]
    more = {"type": "context", "elements": [{"type": "mrkdwn", "text": f"and {number(len(blocks) - len(kept) - len(end))} more"}]}
    return [*kept, more, *end]
