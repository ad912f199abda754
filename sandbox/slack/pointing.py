"""Finding what a person points at: a button by its label, a menu by its action id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sandbox.slack.blocks import Block, label, usable
from sandbox.slack.payloads import Use
from sandbox.slack.state import Values, has_state, holding, option

_ACTION_ID = re.compile(r"[a-z0-9]+[_:][a-z0-9_:.-]+")


def at(blocks: Sequence[Block], action: str, user: str, values: Values) -> Use:
    """The one thing with this label or action id.

    Raises:
        LookupError: there is none, or more than one.
    """
    there = list(usable(blocks))
    found = [(block, element) for block, element in there if element["action_id"] == action]
    found = found or [(block, element) for block, element in there if element.get("type") == "button" and label(element) == action]
    if len(found) != 1:
        names = [label(element) or element["action_id"] for _, element in there]
        raise LookupError(f"there {'is no' if not found else 'is more than one'} {action!r}; there are {names}")
    block, element = found[0]
    return Use(user=user, block=block["block_id"], element=element, chosen={}, values=values)


def is_gone(blocks: Sequence[Block], action: str) -> bool:
    """Whether this is an action id, written as one, that nothing there has."""
    return bool(_ACTION_ID.fullmatch(action)) and all(action not in (element["action_id"], label(element)) for _, element in usable(blocks))


def of_old(blocks: Sequence[Block], action: str, user: str) -> Use:
    """A button that an older bot put under such a message."""
    block = blocks[-1]["block_id"] if blocks else "old"
    button = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "Old"}, "value": "old"}
    return Use(user=user, block=block, element=button, chosen={}, values={})


def choosing(use: Use, value: Any) -> Use:
    """The same, with this option chosen."""
    if not has_state(use.element):
        return replace(use, chosen={"selected_option": option(use.element, value)})
    held = holding(use.element, value)
    values = {**use.values, use.block: {**use.values.get(use.block, {}), use.element["action_id"]: held}}
    return replace(use, chosen=_without_type(held), values=values)


def _without_type(held: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in held.items() if name != "type"}
