"""What a person has typed and chosen: ``state.values``, as Slack keeps it for a window or a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.slack.blocks import Block, usable

Values = dict[str, dict[str, dict[str, Any]]]

_SEVERAL = ("selected_options", "selected_users", "selected_conversations", "selected_channels")

_KEYS: dict[str, tuple[str, str]] = {
    **{f"{kind}_input": ("value", "initial_value") for kind in ("plain_text", "email_text", "url_text", "number")},
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", ""),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    **{f"{kind}s_select": (f"selected_{kind}", f"initial_{kind}") for kind in ("user", "conversation", "channel")},
    **{f"multi_{kind}s_select": (f"selected_{kind}s", f"initial_{kind}s") for kind in ("user", "conversation", "channel")},
}
"""For each element that has a state: the key of what is in it, and of what is in it at first."""

_REQUIRED = "Please complete this required field."


def _stateful(blocks: Sequence[Block]) -> Iterator[tuple[Block, Block]]:
    return ((block, element) for block, element in usable(blocks) if element.get("type") in _KEYS)


def initial(blocks: Sequence[Block], before: Values | None = None) -> Values:
    """The state of these blocks when they are shown; what was typed into the same input before stays."""
    values: Values = {}
    for block, element in _stateful(blocks):
        kind, name = element["type"], element["action_id"]
        key, at_first = _KEYS[kind]
        typed = (before or {}).get(block["block_id"], {}).get(name)
        fresh = {"type": kind, key: element.get(at_first, [] if key in _SEVERAL else None)}
        values.setdefault(block["block_id"], {})[name] = typed if typed and typed["type"] == kind else fresh
    return values


def filled(blocks: Sequence[Block], values: Values, fields: Mapping[str, Any]) -> Values:
    """The state after a person has filled these fields, by action id.

    Raises:
        LookupError: there is no such field, or no such option in it.
    """
    found = {element["action_id"]: (block, element) for block, element in _stateful(blocks)}
    result = {block: dict(inputs) for block, inputs in values.items()}
    for name, value in fields.items():
        if name not in found:
            raise LookupError(f"there is no field {name!r}; there are {sorted(found)}")
        block, element = found[name]
        result.setdefault(block["block_id"], {})[name] = holding(element, value)
    return result


def holding(element: Block, value: Any) -> dict[str, Any]:
    """An element's state with this in it: a text, or an option's value or label."""
    key, _ = _KEYS[element["type"]]
    if key == "selected_option":
        return {"type": element["type"], key: option(element, value)}
    if key == "selected_options":
        return {"type": element["type"], key: [option(element, each) for each in value]}
    return {"type": element["type"], key: value}


def option(element: Block, wanted: Any) -> dict[str, Any] | None:
    """The option with this value or label.

    Raises:
        LookupError: there is none.
    """
    if wanted is None or isinstance(wanted, dict):
        return wanted
    groups = [group.get("options") or [] for group in element.get("option_groups") or ()]
    options = [*(element.get("options") or ()), *(each for group in groups for each in group)]
    for each in options:
        if wanted in (each.get("value"), each["text"]["text"]):
            return dict(each)
    raise LookupError(f"there is no option {wanted!r}; there are {[each.get('value') for each in options]}")


def has_state(element: Block) -> bool:
    """Whether something can be typed into it or chosen in it."""
    return element.get("type") in _KEYS


def wrong(blocks: Sequence[Block], values: Values) -> dict[str, str]:
    """What Slack itself would not send off: by block id, a sentence."""
    found = {}
    for block in blocks:
        if block.get("type") == "input" and (reason := _reason(block, values)):
            found[block["block_id"]] = reason
    return found


def _reason(block: Block, values: Values) -> str:
    element = block["element"]
    held = values.get(block["block_id"], {}).get(element["action_id"], {}).get(_KEYS[element["type"]][0])
    if held in (None, "", []):
        return "" if block.get("optional") else _REQUIRED
    if isinstance(held, str) and element["type"] == "plain_text_input":
        most, fewest = element.get("max_length", 3000), element.get("min_length", 0)
        if not fewest <= len(held) <= most:
            return f"Please write between {fewest} and {most} characters."
    return ""
