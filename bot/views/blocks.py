"""Block Kit, one small function a piece. A piece that would be empty is left out by giving an empty text or nothing at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.views.limits import fit

Block = dict[str, Any]
Element = dict[str, Any]
Message = dict[str, Any]
"""``{"text": …, "blocks": […]}``; the text is what a phone's notification shows."""
View = dict[str, Any]
"""A window (modal) or an App Home."""

TITLE = "Backstop"
_CODE_WIDTH = 20  # characters of a table's name that a phone shows beside two figures


def message(text: str, *blocks: Block | None) -> Message:
    """A message. ``text`` is never left out; what would be too long for Slack is shortened."""
    if not text.strip():
        raise ValueError("a message without text shows nothing on a phone")
    return fit({"text": text, "blocks": _there(blocks) or [section(text)]})


def modal(title: str, *blocks: Block | None, submit: str = "", callback_id: str = "", private: str = "") -> View:
    """A window; with ``submit`` it can be sent off."""
    view: View = {"type": "modal", "title": plain(title), "close": plain("Cancel" if submit else "Close"), "blocks": _there(blocks)}
    view = fit(view, "modal")
    if submit:
        view["submit"] = plain(submit)
    return view | {key: value for key, value in (("callback_id", callback_id), ("private_metadata", private)) if value}


def home(*blocks: Block | None) -> View:
    """An App Home."""
    return fit({"type": "home", "blocks": _there(blocks)}, "home")


def _there(blocks: Iterable[Block | None]) -> list[Block]:
    """Those that are not left out."""
    return [block for block in blocks if block]


def plain(text: str) -> Element:
    """A text object without formatting."""
    return {"type": "plain_text", "text": text, "emoji": True}


def mrkdwn(text: str) -> Element:
    """A text object with formatting."""
    return {"type": "mrkdwn", "text": text}


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain(text)}


def divider() -> Block:
    """A line across."""
    return {"type": "divider"}


def section(*lines: str | None, beside: Element | None = None) -> Block:
    """A paragraph; lines that are empty are left out, and so is a paragraph without any."""
    text = "\n".join(line for line in lines if line)
    return {"type": "section", "text": mrkdwn(text)} | ({"accessory": beside} if beside else {}) if text else {}


def columns(*texts: str) -> Block:
    """Short texts side by side, two in a row; one below the other on a phone."""
    return {"type": "section", "fields": [mrkdwn(text) for text in texts]}


def context(*texts: str | None) -> Block:
    """Small print; parts that are empty are left out, and so is one without any."""
    shown = [mrkdwn(text) for text in texts if text]
    return {"type": "context", "elements": shown} if shown else {}


def dotted(*parts: str | None) -> str:
    """Parts on one line, with a dot between them."""
    return " · ".join(part for part in parts if part)


def actions(*elements: Element | None) -> Block:
    """A row of buttons; one without any is left out."""
    shown = [element for element in elements if element]
    return {"type": "actions", "elements": shown} if shown else {}


def button(label: str, action_id: str, value: str = "", *, asks: Element | None = None, style: str = "") -> Element:
    """A button, whose label is the deed."""
    shown: Element = {"type": "button", "text": plain(label), "action_id": str(action_id)}
    return shown | {key: found for key, found in (("value", value), ("confirm", asks), ("style", style)) if found}


def confirm(title: str, text: str, yes: str, no: str = "Keep it") -> Element:
    """What is asked before a button does its deed."""
    return {"title": plain(title), "text": mrkdwn(text), "confirm": plain(yes), "deny": plain(no), "style": "danger"}


def option(label: str, value: str) -> Element:
    """A choice."""
    return {"text": plain(label), "value": value}


def select(name: str, options: Sequence[Element], chosen: str) -> Element:
    """A menu, with one chosen from the start."""
    initial = next(each for each in options if each["value"] == chosen)
    return {"type": "static_select", "action_id": str(name), "options": list(options), "initial_option": initial}


def radio(name: str, options: Sequence[Element], chosen: str = "") -> Element:
    """Choices of which one is taken, all in sight."""
    initial = [each for each in options if each["value"] == chosen]
    return {"type": "radio_buttons", "action_id": str(name), "options": list(options)} | ({"initial_option": initial[0]} if initial else {})


def tick(name: str, label: str) -> Element:
    """One box to tick; its value is "yes"."""
    return {"type": "checkboxes", "action_id": str(name), "options": [option(label, "yes")]}


def checks(name: str, options: Sequence[Element]) -> Element:
    """Boxes of which any are ticked, ten at most; the value is theirs, with commas between."""
    return {"type": "checkboxes", "action_id": str(name), "options": list(options)}


def somebody(name: str, hint: str) -> Element:
    """A menu of the workspace's people."""
    return {"type": "users_select", "action_id": str(name), "placeholder": plain(hint)}


def typed(name: str, *, hint: str, limit: int, lines: bool = False, value: str = "") -> Element:
    """A field to type in; ``value`` stands in it from the start."""
    field = {"type": "plain_text_input", "action_id": str(name), "placeholder": plain(hint), "max_length": limit}
    return field | ({"multiline": True} if lines else {}) | ({"initial_value": value} if value else {})


def entry(label: str, element: Element, *, hint: str = "", needed: bool = False) -> Block:
    """An input with its label; its block has the id of its element."""
    block: Block = {"type": "input", "block_id": element["action_id"], "label": plain(label), "element": element, "optional": not needed}
    return block | ({"hint": plain(hint)} if hint else {})


def table(*rows: Sequence[str]) -> Block:
    """A table: the first row is its head, the first column words, the others figures. For messages and Home only."""
    settings: list[Element] = [{"is_wrapped": True}, *({"align": "right"} for _ in rows[0][1:])]
    return {"type": "table", "column_settings": settings, "rows": [[_cell(text) for text in row] for row in rows]}


def _cell(text: str) -> Element:
    """A cell; an empty one is a dash, since Slack takes no empty text."""
    return {"type": "raw_text", "text": text or "–"}


def in_window(shown: Message, title: str = TITLE, callback_id: str = "") -> View:
    """A message in a window, for clicks that come from one or from Home; tables become lines, as windows have none."""
    return modal(title, *(_as_lines(block) if block["type"] == "table" else block for block in shown["blocks"]), callback_id=callback_id)


def _as_lines(block: Block) -> Block:
    """A table as lines of even width."""
    rows = [[cell["text"] for cell in row] for row in block["rows"]]
    widths = [max(len(row[column]) for row in rows) for column in range(1, len(rows[0]))]
    words = min(_CODE_WIDTH, max(len(row[0]) for row in rows))
    lines = [" ".join([_even(row[0], words), *(text.rjust(width) for text, width in zip(row[1:], widths, strict=True))]) for row in rows]
    text: Element = {"type": "text", "text": "\n".join(lines)}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [text]}]}


def _even(text: str, width: int) -> str:
    """A text of exactly this width; of one that is longer the end is kept, where table names differ."""
    return text.ljust(width) if len(text) <= width else f"…{text[1 - width :]}"
