"""``reactions.*`` and ``pins.*``: marks on messages."""

from __future__ import annotations

from typing import Any

from sandbox.slack.api.arguments import Arguments
from sandbox.slack.messages import Message
from sandbox.slack.people import BOT
from sandbox.slack.refusals import Refusal
from sandbox.slack.workspace import Workspace

Answer = dict[str, Any]


class Marks:
    """The methods."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.methods = {
            "reactions.add": self.react,
            "reactions.remove": self.unreact,
            "pins.add": self.pin,
            "pins.remove": self.unpin,
            "pins.list": self.pins,
        }

    def react(self, arguments: Arguments) -> Answer:
        """Put an emoji under a message."""
        message, name = self._message(arguments), arguments.needed("name")
        reactions = message.body.get("reactions", [])
        if any(each["name"] == name for each in reactions):
            raise Refusal("already_reacted")
        message.body = {**message.body, "reactions": [*reactions, {"name": name, "users": [BOT], "count": 1}]}
        self._workspace.save(message)
        return {}

    def unreact(self, arguments: Arguments) -> Answer:
        """Take it away."""
        message, name = self._message(arguments), arguments.needed("name")
        reactions = message.body.get("reactions", [])
        kept = [each for each in reactions if each["name"] != name]
        if kept == reactions:
            raise Refusal("no_reaction")
        message.body = {**message.body, "reactions": kept}
        self._workspace.save(message)
        return {}

    def pin(self, arguments: Arguments) -> Answer:
        """Pin a message to its channel."""
        message = self._message(arguments)
        if message.pinned_by:
            raise Refusal("already_pinned")
        message.pinned_by = BOT
        self._workspace.save(message)
        return {}

    def unpin(self, arguments: Arguments) -> Answer:
        """Take it down."""
        message = self._message(arguments)
        if not message.pinned_by:
            raise Refusal("no_pin")
        message.pinned_by = ""
        self._workspace.save(message)
        return {}

    def pins(self, arguments: Arguments) -> Answer:
        """What is pinned to a channel."""
        channel = self._workspace.channel(arguments.needed("channel"))
        pinned = [message for message in self._workspace.in_channel(channel.id) if message.pinned_by]
        return {"items": [{"type": "message", "channel": channel.id, "message": message.described()} for message in pinned]}

    def _message(self, arguments: Arguments) -> Message:
        channel = self._workspace.channel(arguments.needed("channel"))
        if BOT not in channel.members:
            raise Refusal("not_in_channel")
        return self._workspace.find(channel.id, arguments.text("timestamp") or arguments.needed("timestamp"))
