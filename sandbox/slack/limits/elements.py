"""Block Kit's composition objects and elements, with Slack's limits (docs.slack.dev, @slack/types 3.2.0)."""

from __future__ import annotations

from sandbox.slack.limits.shapes import Shape, anything, boolean, number, record, several, string, typed, word

ID = string(255)
URL = string(3000)
INTEGER = 10_000_000_000


def plain(most: int) -> Shape:
    """A plain_text object."""
    return typed({"plain_text": record({"type": anything, "text": string(most)}, {"emoji": boolean})})


def marked(most: int) -> Shape:
    """A mrkdwn object."""
    return typed({"mrkdwn": record({"type": anything, "text": string(most)}, {"verbatim": boolean})})


def text(most: int) -> Shape:
    """A text object of either sort."""
    return typed({"plain_text": plain(most), "mrkdwn": marked(most)})


CONFIRM = record({"text": text(300)}, {"title": plain(100), "confirm": plain(30), "deny": plain(30), "style": word("primary", "danger")})
OPTION = record({"text": text(75)}, {"value": string(150), "description": plain(75), "url": URL})
GROUP = record({"label": plain(75), "options": several(1, 100, OPTION)})
FILTER = record({}, dict.fromkeys(("include", "exclude_external_shared_channels", "exclude_bot_users"), anything))
SLACK_FILE = record({}, {"id": ID, "url": URL}, either=("id", "url"))
IMAGE = record(
    {"type": anything, "alt_text": string(2000)}, {"image_url": URL, "slack_file": SLACK_FILE}, either=("image_url", "slack_file")
)

_ACTION = {"action_id": ID, "confirm": CONFIRM}
_FOCUS = {**_ACTION, "focus_on_load": boolean}
_MENU = {**_FOCUS, "placeholder": plain(150)}
_SEVERAL = {"max_selected_items": number(1, INTEGER)}
_CHOICES = {"options": several(1, 100, OPTION), "option_groups": several(1, 100, GROUP)}
_TYPE: dict[str, Shape] = {"type": anything}
_DISPATCH = {"dispatch_action_config": anything}


def _menus() -> dict[str, Shape]:
    found: dict[str, Shape] = {
        "static_select": record(_TYPE, {**_MENU, **_CHOICES, "initial_option": OPTION}, either=("options", "option_groups")),
        "multi_static_select": record(
            _TYPE, {**_MENU, **_CHOICES, **_SEVERAL, "initial_options": several(1, 100, OPTION)}, either=("options", "option_groups")
        ),
        "external_select": record(_TYPE, {**_MENU, "initial_option": OPTION, "min_query_length": number(0, 100)}),
    }
    for kind in ("user", "conversation", "channel"):
        extra = {} if kind == "user" else {"response_url_enabled": boolean}
        only = {"default_to_current_conversation": boolean, "filter": FILTER} if kind == "conversation" else {}
        found[f"{kind}s_select"] = record(_TYPE, {**_MENU, **extra, **only, f"initial_{kind}": ID})
        found[f"multi_{kind}s_select"] = record(_TYPE, {**_MENU, **only, **_SEVERAL, f"initial_{kind}s": several(1, 100, ID)})
    return found


MENUS = _menus()
CHOICES: dict[str, Shape] = {
    "checkboxes": record({**_TYPE, "options": several(1, 10, OPTION)}, {**_FOCUS, "initial_options": several(1, 10, OPTION)}),
    "radio_buttons": record({**_TYPE, "options": several(1, 10, OPTION)}, {**_FOCUS, "initial_option": OPTION}),
}
PICKERS: dict[str, Shape] = {
    "datepicker": record(_TYPE, {**_MENU, "initial_date": string(10)}),
    "timepicker": record(_TYPE, {**_MENU, "initial_time": string(5), "timezone": string(100)}),
    "datetimepicker": record(_TYPE, {**_FOCUS, "initial_date_time": number(0, INTEGER)}),
}
BUTTON = record(
    {**_TYPE, "text": plain(75)},
    {**_ACTION, "value": string(2000), "url": URL, "style": word("primary", "danger"), "accessibility_label": string(75)},
)
OVERFLOW = record({**_TYPE, "options": several(1, 5, OPTION)}, _ACTION)
WORKFLOW = record({**_TYPE, "text": plain(75), "workflow": anything}, {"action_id": ID, "style": word("primary", "danger")})
RICH_INPUT = record(_TYPE, {**_MENU, **_DISPATCH, "initial_value": anything})
INPUTS: dict[str, Shape] = {
    "plain_text_input": record(
        _TYPE,
        {
            **_MENU,
            **_DISPATCH,
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": number(0, 3000),
            "max_length": number(1, 3000),
        },
    ),
    "email_text_input": record(_TYPE, {**_MENU, **_DISPATCH, "initial_value": string(3000)}),
    "url_text_input": record(_TYPE, {**_MENU, **_DISPATCH, "initial_value": string(3000)}),
    "number_input": record(
        {**_TYPE, "is_decimal_allowed": boolean},
        {**_MENU, **_DISPATCH, **{name: string(100) for name in ("initial_value", "min_value", "max_value")}},
    ),
    "file_input": record(_TYPE, {"action_id": ID, "filetypes": several(1, 100, string(20)), "max_files": number(1, 10)}),
    "rich_text_input": RICH_INPUT,
}
ICON = record({**_TYPE, "icon": string(100), "text": plain(75)}, {**_ACTION, "value": string(2000), "visible_to_user_ids": anything})
FEEDBACK = record({**_TYPE, "positive_button": anything, "negative_button": anything}, {"action_id": ID})
