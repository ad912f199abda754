"""What Slack would refuse of what an app sends, found without a look at how the app sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.slack.limits.shapes import complaint
from sandbox.slack.limits.table import MESSAGE, VIEWS
from sandbox.slack.refusals import Refusal

TEXT = 40_000  # characters of a message's own text
BLOCKS_TOGETHER = 13_200  # characters of a message's blocks as JSON (undocumented; bolt-js issue 2509)
VIEW = 250_000  # bytes of a view as JSON
MARKDOWN = 12_000  # characters of all markdown blocks together
_METADATA = 16_000  # characters


def judge_message(message: Mapping[str, Any]) -> None:
    """Refuse a message as ``chat.postMessage`` does.

    Raises:
        Refusal: no_text, msg_too_long, invalid_blocks, msg_blocks_too_long, invalid_metadata_format, metadata_too_large.
    """
    text, blocks = message.get("text"), message.get("blocks")
    if not text and not blocks and not message.get("attachments"):
        raise Refusal("no_text")
    if text is not None and not isinstance(text, str):
        raise Refusal("invalid_arguments", [complaint("must be a string", "/text")])
    if len(text or "") > TEXT:
        raise Refusal("msg_too_long")
    _judge_blocks(blocks)
    _judge_metadata(message.get("metadata"))


def judge_view(view: Any, kind: str) -> None:
    """Refuse a view as ``views.open`` (for a modal) or ``views.publish`` (for a home) does.

    Raises:
        Refusal: invalid_arguments, view_too_large.
    """
    if not isinstance(view, Mapping):
        raise Refusal("invalid_arguments", [complaint("missing required field: view", "/view")])
    if view.get("type") != kind:
        raise Refusal("invalid_arguments", [complaint(f"must be {kind}", "/view/type")])
    found = list(VIEWS[kind](view, "/view"))
    found += [] if found else _across(view["blocks"], "/view/blocks")
    if kind == "modal" and not view.get("submit") and any(block.get("type") == "input" for block in _dicts(view.get("blocks"))):
        found.append(complaint("`submit` is required when an `input` block is present", "/view"))
    if found:
        raise Refusal("invalid_arguments", found)
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW:
        raise Refusal("view_too_large")


def _judge_blocks(blocks: Any) -> None:
    if blocks is None:
        return
    if not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    found = list(MESSAGE(blocks, "/blocks")) or list(_across(blocks, "/blocks"))
    if found:
        raise Refusal("invalid_blocks", found)
    if len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > BLOCKS_TOGETHER:
        raise Refusal("msg_blocks_too_long")


def _judge_metadata(metadata: Any) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, Mapping) or not metadata.get("event_type") or not isinstance(metadata.get("event_payload"), Mapping):
        raise Refusal("invalid_metadata_format")
    if len(json.dumps(metadata)) > _METADATA:
        raise Refusal("metadata_too_large")


def _across(blocks: Sequence[Mapping[str, Any]], pointer: str) -> Iterator[str]:
    """What is wrong with blocks that are each right: an id twice, too much of something together."""
    yield from _twice([block.get("block_id") for block in blocks], "block_id", pointer)
    for place, block in enumerate(blocks):
        if block.get("type") == "actions":
            names = [element.get("action_id") for element in block["elements"]]
            yield from _twice(names, "action_id", f"{pointer}/{place}/elements")
    if sum(len(block["text"]) for block in blocks if block.get("type") == "markdown") > MARKDOWN:
        yield complaint(f"must be less than {MARKDOWN + 1} characters in all markdown blocks", pointer)
    if sum(block.get("type") == "table" for block in blocks) > 1:
        yield complaint("only one table allowed", pointer)


def _twice(ids: Sequence[str | None], name: str, pointer: str) -> Iterator[str]:
    for place, each in enumerate(ids):
        if each and each in ids[:place]:
            yield complaint(f"`{name}` {each} already exists", f"{pointer}/{place}/{name}")


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
