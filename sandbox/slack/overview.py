"""Everything that one person sees, as the page draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.slack import manifest
from sandbox.slack.deeds import Deeds
from sandbox.slack.messages import Message
from sandbox.slack.people import TEAM, Channel, Member
from sandbox.slack.windows import Window
from sandbox.slack.workspace import Workspace


def overview(workspace: Workspace, deeds: Deeds, user: str) -> dict[str, Any]:
    """The state."""
    channels = [channel for channel in workspace.channels.values() if user in channel.members]
    windows = deeds.windows
    top = windows.top(user)
    return {
        "team": {"id": TEAM, "name": "Sandbox"},
        "me": user,
        "members": [_member(member) for member in workspace.members.values()],
        "channels": [{"id": channel.id, "name": _name(channel), "direct": channel.is_direct} for channel in channels],
        "messages": {channel.id: _messages(workspace, channel, user) for channel in channels},
        "views": [window.described() for window in windows.stacks.get(user, [])],
        "home": _described(windows.homes.get(user)),
        "errors": dict(top.errors) if top else {},
        "commands": manifest.commands(),
        "connected": len(deeds.sockets.connections),
        "notices": deeds.notices.of(user),
        "changes": workspace.changes.count,
    }


def _member(member: Member) -> dict[str, Any]:
    known = {"id": member.id, "name": member.name, "title": member.title, "color": f"#{member.color}"}
    return {**known, "switcher": member.switcher, "is_bot": member.is_bot}


def _name(channel: Channel) -> str:
    return "Backstop" if channel.is_direct else channel.name


def _described(window: Window | None) -> dict[str, Any] | None:
    return window.described() if window else None


def _messages(workspace: Workspace, channel: Channel, user: str) -> list[dict[str, Any]]:
    """A channel's messages with their replies, and among them what only this person sees."""
    private = [message for message in workspace.only_for(user) if message.channel == channel.id]
    everything = sorted([*workspace.in_channel(channel.id), *private], key=lambda message: message.ts)
    roots = {message.ts for message in everything if not message.thread}
    return [_message(message, everything) for message in everything if message.thread not in roots]


def _message(message: Message, everything: Sequence[Message]) -> dict[str, Any]:
    body = message.body
    thread = {"thread_ts": message.thread} if message.thread else {}
    replies = [_message(each, ()) for each in everything if each.thread == message.ts]
    return {
        "ts": message.ts,
        "user": body["user"],
        "text": body["text"],
        "blocks": body.get("blocks", []),
        "ephemeral": bool(message.to),
        "edited": bool(message.history),
        "pinned": bool(message.pinned_by),
        "files": body.get("files", []),
        "reactions": body.get("reactions", []),
        **thread,
        **({"replies": replies} if replies else {}),
    }
