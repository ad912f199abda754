"""Block Kit's blocks, with Slack's limits, and which of them may stand where (docs.slack.dev, @slack/types 3.2.0)."""

from __future__ import annotations

from sandbox.slack.limits import elements as element
from sandbox.slack.limits.shapes import Shape, anything, boolean, number, record, several, string, typed, word

_BLOCK: dict[str, Shape] = {"type": anything}
_ID: dict[str, Shape] = {"block_id": element.ID}


def _block(needed: dict[str, Shape], optional: dict[str, Shape] | None = None, either: tuple[str, ...] = ()) -> Shape:
    return record({**_BLOCK, **needed}, {**_ID, **(optional or {})}, either)


_RICH_KINDS = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
_RICH_PART = typed(
    dict.fromkeys(
        _RICH_KINDS,
        record(
            {**_BLOCK, "elements": several(0, 1000, anything)}, dict.fromkeys(("style", "indent", "offset", "border", "language"), anything)
        ),
    )
)
RICH_TEXT = _block({"elements": several(1, 1000, _RICH_PART)})

_CELL = typed({
    "raw_text": record({**_BLOCK, "text": string(3000)}),
    "raw_number": record({**_BLOCK, "value": anything, "text": string(3000)}),
    "rich_text": RICH_TEXT,
})  # fmt: skip
_COLUMN = record({}, {"align": word("left", "center", "right"), "is_wrapped": boolean})
_ROW = several(1, 20, _CELL)

_IN_ACTIONS = {
    "button": element.BUTTON,
    "overflow": element.OVERFLOW,
    "workflow_button": element.WORKFLOW,
    "rich_text_input": element.RICH_INPUT,
    **element.MENUS,
    **element.CHOICES,
    **element.PICKERS,
}
_ACCESSORY = {name: shape for name, shape in {**_IN_ACTIONS, "image": element.IMAGE}.items() if name != "rich_text_input"}
_IN_INPUT = {**element.MENUS, **element.CHOICES, **element.PICKERS, **element.INPUTS}
_IN_CONTEXT = {"image": element.IMAGE, "plain_text": element.plain(3000), "mrkdwn": element.marked(3000)}

_CARD = _block(
    {},
    {
        "hero_image": element.IMAGE,
        "icon": element.IMAGE,
        "title": element.marked(150),
        "subtitle": element.marked(150),
        "body": element.marked(200),
        "actions": several(1, 3, typed({"button": element.BUTTON})),
    },
    ("hero_image", "title", "actions", "body"),
)
_TASK = _block(
    {"task_id": element.ID, "title": string(3000), "status": word("pending", "in_progress", "complete", "error")},
    {"details": RICH_TEXT, "output": RICH_TEXT, "sources": several(0, 50, anything)},
)
_SIMPLE: dict[str, Shape] = {
    "actions": _block({"elements": several(1, 25, typed(_IN_ACTIONS))}),
    "context": _block({"elements": several(1, 10, typed(_IN_CONTEXT))}),
    "divider": _block({}),
    "file": _block({"source": word("remote"), "external_id": element.ID}),
    "header": _block({"text": element.plain(150)}),
    "image": _block(
        {"alt_text": string(2000)},
        {"title": element.plain(2000), "image_url": element.URL, "slack_file": element.SLACK_FILE},
        ("image_url", "slack_file"),
    ),
    "input": _block(
        {"label": element.plain(2000), "element": typed(_IN_INPUT)},
        {"hint": element.plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
    "section": _block(
        {},
        {
            "text": element.text(3000),
            "fields": several(1, 10, element.text(2000)),
            "accessory": typed(_ACCESSORY),
            "expand": boolean,
        },
        ("text", "fields"),
    ),
    "table": _block({"rows": several(1, 100, _ROW)}, {"column_settings": several(1, 20, _COLUMN)}),
    "video": _block(
        {"video_url": element.URL, "thumbnail_url": element.URL, "alt_text": string(2000), "title": element.plain(199)},
        {
            "title_url": element.URL,
            "author_name": string(49),
            "provider_name": string(49),
            "provider_icon_url": element.URL,
            "description": element.plain(200),
        },
    ),
}

BLOCKS: dict[str, Shape] = {
    **_SIMPLE,
    "alert": _block({"text": element.text(200)}, {"level": word("default", "info", "warning", "error", "success")}),
    "card": _CARD,
    "carousel": _block({"elements": several(1, 10, typed({"card": _CARD}))}),
    "container": _block(
        {"child_blocks": several(1, 10, typed(_SIMPLE))},
        {
            "title": element.plain(150), "rich_text_title": RICH_TEXT, "subtitle": element.text(150), "icon": element.IMAGE,
            "width": word("narrow", "standard", "wide", "full"),
            **dict.fromkeys(("is_collapsible", "default_collapsed", "has_header_divider"), boolean),
        },
        ("title", "rich_text_title"),
    ),
    "context_actions": _block({"elements": several(1, 5, typed({"feedback_buttons": element.FEEDBACK, "icon_button": element.ICON}))}),
    "data_table": _block(
        {"rows": several(2, 101, _ROW), "caption": string(2000)},
        {"page_size": number(1, 100), "row_header_column_index": number(0, 19)},
    ),
    "data_visualization": _block(
        {"title": string(50)}, dict.fromkeys(("chart", "series", "segments", "axis_config", "categories"), anything)
    ),
    "markdown": _block({"text": string(12_000)}),
    "plan": _block({"title": string(3000)}, {"tasks": several(1, 50, typed({"task_card": _TASK}))}),
    "task_card": _TASK,
}  # fmt: skip

_EVERYWHERE = {"actions", "card", "context", "divider", "header", "image", "input", "rich_text", "section", "video"}
_WIDE = _EVERYWHERE | {"carousel", "container", "data_table", "data_visualization", "table"}
SURFACES: dict[str, dict[str, Shape]] = {
    "message": {name: BLOCKS[name] for name in BLOCKS if name in _WIDE | {"context_actions", "file", "markdown", "plan", "task_card"}},
    "modal": {name: BLOCKS[name] for name in BLOCKS if name in _EVERYWHERE | {"alert"}},
    "home": {name: BLOCKS[name] for name in BLOCKS if name in _WIDE},
}
"""Which blocks may stand in a message, a modal and a Home."""

_ANY_VIEW: dict[str, Shape] = {"private_metadata": string(3000, 0), "callback_id": string(255, 0), "external_id": string(255, 0)}
_WINDOW = {"submit": element.plain(24), "close": element.plain(24), "clear_on_close": boolean, "notify_on_close": boolean}

VIEWS: dict[str, Shape] = {
    "modal": record(
        {**_BLOCK, "title": element.plain(24), "blocks": several(1, 100, typed(SURFACES["modal"]))},
        {**_ANY_VIEW, **_WINDOW, "submit_disabled": boolean},
    ),
    "home": record({**_BLOCK, "blocks": several(1, 100, typed(SURFACES["home"]))}, _ANY_VIEW),
}
MESSAGE = several(0, 50, typed(SURFACES["message"]))
