"""What a person sent, in one shape for commands, buttons, windows, shortcuts and events.

Slack's bodies differ by kind; everything behind the authoriser sees a ``Request`` only. Its key is Slack's own and the same
on every transport, so a delivery that comes twice is known. The trigger and the response address live in memory only.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from ops.people import Person, Role

Body = Mapping[str, Any]


class Kind(enum.StrEnum):
    """What was used."""

    COMMAND = "command"
    ACTION = "action"
    SUBMISSION = "submission"
    CLOSED = "closed"
    SHORTCUT = "shortcut"
    EVENT = "event"
    UNKNOWN = "unknown"


_KINDS = {
    "block_actions": Kind.ACTION,
    "view_submission": Kind.SUBMISSION,
    "view_closed": Kind.CLOSED,
    "shortcut": Kind.SHORTCUT,
    "message_action": Kind.SHORTCUT,
    "event_callback": Kind.EVENT,
}

_NEVER_STORED = ("trigger", "response_url")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One thing that one person asked for."""

    kind: Kind
    name: str  # "/backup", an action id up to its ":", a window's callback id, an event's type
    key: str  # Slack's own id of it
    person: Person
    teams: frozenset[str] = frozenset()  # every workspace the body names for the person
    channel: str = ""  # where it was sent from; "" from App Home and from windows
    subcommand: str = ""  # a command's first word, in lower case
    text: str = ""  # what follows it, as typed
    typed: str = ""  # all that follows a command's name
    value: str = ""  # what the button or the chosen option carries
    action_id: str = ""  # with what follows its ":"
    fields: Mapping[str, str] = field(default_factory=dict)  # a window's inputs by action id
    private: str = ""  # a window's private_metadata, as the view gave it
    view_id: str = ""  # the window it came from, or that was opened for it
    view_type: str = ""  # "modal" or "home"
    message: str = ""  # ts of the message the button is in
    thread: str = ""  # ts of the thread that message is in
    input_blocks: tuple[str, ...] = ()  # a window's inputs, top first: where an error can be shown
    opened: bool = False  # the window was opened, or turned, for this request
    replayed: bool = False  # found in the inbox at start: its trigger is dead
    trigger: str = field(default="", repr=False)
    response_url: str = field(default="", repr=False)

    @property
    def operation_id(self) -> str:
        """The id of the operation that this starts: the same however often it is handled."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:12]

    @property
    def in_window(self) -> bool:
        """Whether the person is looking at a window of ours."""
        return bool(self.view_id) and self.view_type == "modal"

    @property
    def words(self) -> list[str]:
        """What follows the subcommand, word by word."""
        return self.text.split()

    def by(self, person: Person) -> Self:
        """The same, with the person's roles known."""
        return replace(self, person=person)

    def stored(self) -> dict[str, Any]:
        """As the inbox keeps it: without what only this process may use."""
        kept = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in _NEVER_STORED}
        person = {"id": self.person.id, "roles": sorted(self.person.roles)}
        return {**kept, "person": person, "teams": sorted(self.teams), "fields": dict(self.fields)}

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Self:
        """From the inbox, after a crash. Keys that another version wrote are passed over."""
        known = {name: kept[name] for name in cls.__dataclass_fields__ if name in kept}
        person = Person(id=kept["person"]["id"], roles=frozenset(Role(role) for role in kept["person"]["roles"]))
        shapes = {"kind": Kind(kept["kind"]), "teams": frozenset(kept["teams"]), "input_blocks": tuple(kept["input_blocks"])}
        return cls(**{**known, **shapes, "person": person, "replayed": True})


def normalise(body: Body) -> Request:
    """Read any body that Slack sends."""
    kind = Kind.COMMAND if "command" in body else _KINDS.get(str(body.get("type")), Kind.UNKNOWN)
    read = {Kind.COMMAND: _command, Kind.ACTION: _action, Kind.EVENT: _event}.get(kind, _window)
    person = Person(id=_person(body))
    known = _view(body["view"]) if body.get("view") else {}
    named = {name: value for name, value in read(body).items() if value}
    return Request(
        kind=kind,
        key=_key(body, person.id),
        person=person,
        teams=_teams(body),
        trigger=body.get("trigger_id") or "",
        response_url=body.get("response_url") or "",
        **{"name": "", **known, **named},
    )


def _command(body: Body) -> dict[str, Any]:
    """``/backup full before the migration``."""
    typed = clean(body.get("text") or "").strip()
    first, _, rest = typed.partition(" ")
    words = {"subcommand": first.lower(), "text": rest.strip(), "typed": typed}
    return {"name": clean(body["command"]), "channel": body.get("channel_id") or "", **words}


def _action(body: Body) -> dict[str, Any]:
    """A button, or a choice from a menu."""
    action = body["actions"][0]
    container = body.get("container") or {}
    return {
        "name": clean(action["action_id"]).partition(":")[0],
        "action_id": clean(action["action_id"]),
        "value": _value(action),
        "channel": (body.get("channel") or {}).get("id") or container.get("channel_id") or "",
        "message": container.get("message_ts") or "",
        "thread": container.get("thread_ts") or "",
    }


def _event(body: Body) -> dict[str, Any]:
    """Something that happened in the workspace."""
    event = body["event"]
    channel = event.get("channel")
    return {"name": event["type"], "value": event.get("tab") or "", "channel": channel if isinstance(channel, str) else ""}


def _window(body: Body) -> dict[str, Any]:
    """A window that was submitted or closed, or a shortcut."""
    name = (body.get("view") or {}).get("callback_id") or body.get("callback_id") or ""
    return {"name": clean(name), "channel": (body.get("channel") or {}).get("id") or "", "message": body.get("message_ts") or ""}


def wrap(private: str, channel: str) -> str:
    """A window's private_metadata with the channel it was asked for in: a submission names none."""
    return json.dumps({"channel": channel, "private": private}) if channel else private


def _unwrap(metadata: str) -> tuple[str, str]:
    """The channel and the view's own private text."""
    try:
        held = json.loads(metadata)
        return str(held["channel"]), str(held["private"])
    except (ValueError, TypeError, KeyError):
        return "", metadata


def _view(view: Body) -> dict[str, Any]:
    """What a body says of the window it came from."""
    state = (view.get("state") or {}).get("values") or {}
    channel, private = _unwrap(view.get("private_metadata") or "")
    return {
        "channel": channel,
        "view_id": view.get("id") or "",
        "view_type": view.get("type") or "",
        "private": private,
        "fields": {action_id: _value(element) for block in state.values() for action_id, element in block.items()},
        "input_blocks": tuple(block["block_id"] for block in view.get("blocks") or () if block.get("type") == "input"),
    }


def _value(element: Body) -> str:
    """What an element carries, whatever its sort."""
    if (several := element.get("selected_options")) is not None:
        return ",".join(clean(option["value"]) for option in several)
    if chosen := element.get("selected_option"):
        return clean(chosen["value"])
    plain = (element.get(name) for name in ("value", "selected_user", "selected_channel", "selected_conversation", "selected_date"))
    return clean(next((value for value in plain if value), ""))


def _person(body: Body) -> str:
    """Who sent it; "" when nobody did."""
    if "user_id" in body:
        return str(body["user_id"])
    user = (body.get("event") or {}).get("user") if "event" in body else body.get("user")
    return str(user.get("id") or "") if isinstance(user, Mapping) else str(user or "")


def _teams(body: Body) -> frozenset[str]:
    """The workspaces named: the person's and the one it was sent in."""
    user = body.get("user")
    ours = (body.get("team_id"), (body.get("team") or {}).get("id"), user.get("team_id") if isinstance(user, Mapping) else None)
    return frozenset(str(team) for team in ours if team)


def _key(body: Body, person: str) -> str:
    """Slack's id of this one deed, the same however it is delivered."""
    view = body.get("view") or {}
    return str(body.get("event_id") or body.get("trigger_id") or f"{body.get('type')}-{view.get('id')}-{view.get('hash')}-{person}")


def clean(text: str) -> str:
    """A text that every database can keep: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
