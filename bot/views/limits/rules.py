"""Slack's limits as one table: for each block, element and composition object what it must have and how much it may hold.

Sources: the comments of @slack/types 3.2.0 and docs.slack.dev; where they differ the smaller number. The sum for a message
is undocumented (bolt-js issue 2509: refused at about 13,200 characters), so it is kept well below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Surface = Literal["message", "modal", "home"]

TEXT = 4000  # what Slack recommends; it cuts at 40,000
MESSAGE_CHARACTERS = 12_000  # of a message's blocks, as JSON
VIEW_BYTES = 250_000  # of a window or Home, as JSON
MARKDOWN_CHARACTERS = 12_000  # of all markdown blocks together
TABLES = 1  # a message or Home

MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100}

_EVERYWHERE = {"actions", "card", "context", "divider", "header", "image", "input", "rich_text", "section", "video"}
_SHOWN = _EVERYWHERE | {"carousel", "container", "data_table", "data_visualization", "table"}
ALLOWED: Mapping[Surface, set[str]] = {
    "message": _SHOWN | {"context_actions", "file", "markdown", "plan", "task_card"},
    "modal": _EVERYWHERE | {"alert"},
    "home": _SHOWN,
}

_CHOICES = {"checkboxes", "radio_buttons"}
_PICKERS = {"datepicker", "datetimepicker", "timepicker"}
_SELECTS = {f"{kind}_select" for kind in ("static", "external", "users", "conversations", "channels")}
_MENUS = _SELECTS | {f"multi_{name}" for name in _SELECTS}
_INPUTS = {"email_text_input", "file_input", "number_input", "plain_text_input", "rich_text_input", "url_text_input"}
_TEXTS = {"plain_text", "mrkdwn"}
_PLAIN = {"plain_text"}
_CELLS = {"raw_text", "raw_number", "rich_text"}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one kind of object must be."""

    needs: tuple[str, ...] = ()  # keys that must be there and not empty
    lengths: Mapping[str, int] = field(default_factory=dict)  # key -> most characters, of a text or of a text object's text
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # key -> fewest and most items
    holds: Mapping[str, set[str]] = field(default_factory=dict)  # key -> types of what is inside
    either: tuple[str, ...] = ()  # one of these keys at least


_ACTION = {"action_id": 255}
_PLACEHOLDER = {"placeholder": 150}
_HOLDS_PLACEHOLDER = {"placeholder": _PLAIN}


def _menu(*needs: str, **counts: tuple[int, int]) -> Rule:
    """A select menu of any sort."""
    return Rule(needs=("action_id", *needs), lengths=_ACTION | _PLACEHOLDER, counts=counts, holds=_HOLDS_PLACEHOLDER)


RULES: Mapping[str, Rule] = {
    # blocks
    "actions": Rule(
        needs=("elements",),
        counts={"elements": (1, 25)},
        holds={"elements": {"button", "overflow", "rich_text_input", "workflow_button"} | _CHOICES | _PICKERS | _MENUS},
    ),
    "alert": Rule(needs=("text",), lengths={"text": 200}, holds={"text": _TEXTS}),
    "card": Rule(lengths={"title": 150, "subtitle": 150, "body": 200}, counts={"actions": (1, 3)}, holds={"actions": {"button"}}),
    "carousel": Rule(needs=("elements",), counts={"elements": (1, 10)}, holds={"elements": {"card"}}),
    "container": Rule(
        needs=("child_blocks",),
        lengths={"title": 150, "subtitle": 150},
        counts={"child_blocks": (1, 10)},
        holds={
            "child_blocks": {
                *("actions", "context", "divider", "file", "header", "image", "input"),
                *("rich_text", "section", "table", "video"),
            }
        },
        either=("title", "rich_text_title"),
    ),
    "context": Rule(needs=("elements",), counts={"elements": (1, 10)}, holds={"elements": _TEXTS | {"image"}}),
    "context_actions": Rule(needs=("elements",), counts={"elements": (1, 5)}, holds={"elements": {"feedback_buttons", "icon_button"}}),
    "data_table": Rule(needs=("rows", "caption"), counts={"rows": (2, 101)}, holds={"rows": _CELLS}),
    "data_visualization": Rule(needs=("title",), lengths={"title": 50}, counts={"series": (1, 6), "segments": (1, 6)}),
    "divider": Rule(),
    "file": Rule(needs=("external_id", "source")),
    "header": Rule(needs=("text",), lengths={"text": 150}, holds={"text": _PLAIN}),
    "image": Rule(needs=("alt_text",), lengths={"alt_text": 2000, "title": 2000, "image_url": 3000}, either=("image_url", "slack_file")),
    "input": Rule(
        needs=("label", "element"),
        lengths={"label": 2000, "hint": 2000},
        holds={"label": _PLAIN, "hint": _PLAIN, "element": _CHOICES | _PICKERS | _MENUS | _INPUTS},
    ),
    "markdown": Rule(needs=("text",), lengths={"text": MARKDOWN_CHARACTERS}),
    "plan": Rule(needs=("title",), counts={"tasks": (1, 50)}, holds={"tasks": {"task_card"}}),
    "rich_text": Rule(
        needs=("elements",),
        holds={"elements": {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}},
    ),
    "section": Rule(
        lengths={"text": 3000, "fields": 2000},
        counts={"fields": (1, 10)},
        holds={
            "text": _TEXTS,
            "fields": _TEXTS,
            "accessory": {"button", "image", "overflow", "workflow_button"} | _CHOICES | _PICKERS | _MENUS,
        },
        either=("text", "fields"),
    ),
    "table": Rule(needs=("rows",), counts={"rows": (1, 100), "column_settings": (1, 20)}, holds={"rows": _CELLS}),
    "task_card": Rule(needs=("task_id", "title", "status")),
    "video": Rule(
        needs=("alt_text", "thumbnail_url", "title", "video_url"),
        lengths={"title": 199, "author_name": 49, "video_url": 3000, "thumbnail_url": 3000},
    ),
    # elements
    "button": Rule(
        needs=("text", "action_id"),
        lengths=_ACTION | {"text": 75, "value": 2000, "url": 3000, "accessibility_label": 75},
        holds={"text": _PLAIN},
    ),
    "checkboxes": Rule(needs=("action_id", "options"), lengths=_ACTION, counts={"options": (1, 10)}),
    "radio_buttons": Rule(needs=("action_id", "options"), lengths=_ACTION, counts={"options": (1, 10)}),
    "overflow": Rule(needs=("action_id", "options"), lengths=_ACTION, counts={"options": (1, 5)}),
    **{name: _menu() for name in _MENUS if "static" not in name},
    **{name: Rule(needs=("action_id",), lengths=_ACTION | _PLACEHOLDER, holds=_HOLDS_PLACEHOLDER) for name in _PICKERS | _INPUTS},
    "static_select": _menu(options=(1, 100), option_groups=(1, 100)),
    "multi_static_select": _menu(options=(1, 100), option_groups=(1, 100)),
    # what has no type of its own, by the key it stands under
    "confirm": Rule(
        needs=("text",),
        lengths={"title": 100, "text": 300, "confirm": 30, "deny": 30},
        holds={"title": _PLAIN, "text": _TEXTS, "confirm": _PLAIN, "deny": _PLAIN},
    ),
    "option": Rule(needs=("text",), lengths={"text": 75, "value": 150, "description": 75}, holds={"text": _TEXTS, "description": _PLAIN}),
    "option_group": Rule(needs=("label", "options"), lengths={"label": 75}, counts={"options": (1, 100)}, holds={"label": _PLAIN}),
    # texts
    "plain_text": Rule(needs=("text",), lengths={"text": 3000}),
    "mrkdwn": Rule(needs=("text",), lengths={"text": 3000}),
    "raw_text": Rule(needs=("text",)),
    # the window and Home themselves
    "modal": Rule(
        needs=("title",),
        lengths={"title": 24, "submit": 24, "close": 24, "callback_id": 255, "private_metadata": 3000},
        holds={"title": _PLAIN, "submit": _PLAIN, "close": _PLAIN},
    ),
    "home": Rule(lengths={"callback_id": 255, "private_metadata": 3000}),
}

UNDER_KEY: Mapping[str, str] = {
    "confirm": "confirm",
    "options": "option",
    "initial_option": "option",
    "initial_options": "option",
    "option_groups": "option_group",
}
"""Objects without a type are known by the key they stand under."""

STYLES = {"primary", "danger", None}
COLUMNS = 20
BLOCK_ID = 255
