"""What a person sees, as values that a test can hold on to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack import blocks as kit
from sandbox.slack.messages import Message
from sandbox.slack.windows import Window

Payload = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Readable:
    """Anything made of blocks."""

    blocks: list[dict[str, Any]]

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons."""
        return kit.buttons(self.blocks)

    def has_button(self, label: str) -> bool:
        """Whether there is a button with this label or action id."""
        names = [(kit.label(element), element["action_id"]) for _, element in kit.usable(self.blocks) if element.get("type") == "button"]
        return any(label in name for name in names)


@dataclass(frozen=True, kw_only=True)
class Shown(_Readable):
    """A message as it was when it was looked at."""

    ts: str
    channel: str
    user: str
    text: str
    ephemeral: bool
    thread_ts: str
    edited: int  # how often
    history: list[Payload] = field(repr=False)  # what it said before, oldest first
    body: Payload = field(repr=False)  # all that Slack keeps of it
    message: Message = field(repr=False, compare=False)

    @property
    def all_text(self) -> str:
        """Everything that can be read in it."""
        return "\n".join([self.text, *kit.texts(self.blocks)])

    @property
    def pings(self) -> list[str]:
        """What in it makes a phone ring."""
        return kit.pings(self.body)

    @property
    def files(self) -> list[Payload]:
        """What was uploaded with it."""
        return list(self.body.get("files", []))


@dataclass(frozen=True, kw_only=True)
class View(_Readable):
    """A modal or App Home as it was when it was looked at."""

    id: str
    user: str
    type: str
    callback_id: str
    title: str
    submit: str
    close: str
    private_metadata: str
    hash: str
    state: Payload
    errors: Mapping[str, str]
    body: Payload = field(repr=False)
    window: Window = field(repr=False, compare=False)

    @property
    def all_text(self) -> str:
        """Everything that can be read in it."""
        return "\n".join([self.title, *kit.texts(self.blocks), self.submit, self.close])

    def __getitem__(self, name: str) -> Any:
        """A part of it as Slack says it, such as ``view["blocks"]``."""
        return self.body[name]

    @property
    def fields(self) -> list[str]:
        """The action ids of what can be filled in."""
        return [action for block in self.state["values"].values() for action in block]


def message(found: Message) -> Shown:
    """A message, looked at now."""
    body = dict(found.body)
    return Shown(
        blocks=list(body.get("blocks") or []),
        ts=found.ts,
        channel=found.channel,
        user=body["user"],
        text=body["text"],
        ephemeral=bool(found.to),
        thread_ts=found.thread,
        edited=len(found.history),
        history=list(found.history),
        body=body,
        message=found,
    )


def view(window: Window) -> View:
    """A window, looked at now."""
    body = window.described()
    return View(
        blocks=window.blocks,
        id=window.id,
        user=window.user,
        type=window.kind,
        callback_id=body["callback_id"],
        title=_words(body["title"]) if window.kind == "modal" else "",
        submit=_words(body["submit"]),
        close=_words(body["close"]),
        private_metadata=body["private_metadata"],
        hash=window.hash,
        state={"values": {block: dict(inputs) for block, inputs in window.values.items()}},
        errors=dict(window.errors),
        body=body,
        window=window,
    )


def _words(text: Payload | None) -> str:
    return str(text["text"]) if text else ""
