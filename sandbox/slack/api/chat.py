"""``chat.*``: messages that everybody sees, and those that one person sees."""

from __future__ import annotations

from typing import Any

from sandbox.slack.api.arguments import Arguments
from sandbox.slack.limits import judge_message
from sandbox.slack.messages import CARRIED, Message
from sandbox.slack.people import BOT, Channel
from sandbox.slack.recording import record
from sandbox.slack.refusals import Refusal
from sandbox.slack.workspace import Workspace

Answer = dict[str, Any]


class Chat:
    """The methods."""

    def __init__(self, workspace: Workspace, scopes: frozenset[str]) -> None:
        self._workspace, self._scopes = workspace, scopes
        self.methods = {
            "chat.postMessage": self.post,
            "chat.update": self.update,
            "chat.delete": self.delete,
            "chat.postEphemeral": self.whisper,
            "chat.getPermalink": self.permalink,
        }

    def post(self, arguments: Arguments) -> Answer:
        """Say something; to a person's id it is a direct message."""
        channel = self._writable(arguments)
        judge_message(arguments.values)
        record("message", arguments.values)
        message = self._workspace.post(channel.id, arguments.values)
        return {"channel": channel.id, "ts": message.ts, "message": message.described(metadata=True)}

    def update(self, arguments: Arguments) -> Answer:
        """Edit; blocks that are not given stay as they are."""
        message = self._own(arguments, "cant_update_message")
        given = {name: arguments.values[name] for name in CARRIED if arguments.values.get(name) is not None}
        if "blocks" not in given and message.body.get("blocks"):
            given["blocks"] = message.body["blocks"]
        judge_message(given)
        record("message", given)
        self._workspace.edit(message, given)
        return {"channel": message.channel, "ts": message.ts, "text": message.body["text"], "message": message.described(metadata=True)}

    def delete(self, arguments: Arguments) -> Answer:
        """Take back what was said."""
        message = self._own(arguments, "cant_delete_message")
        self._workspace.remove(message)
        return {"channel": message.channel, "ts": message.ts}

    def whisper(self, arguments: Arguments) -> Answer:
        """Show something to one person."""
        channel = self._writable(arguments, joined=True)
        user = self._workspace.member(arguments.needed("user")).id
        if user not in channel.members:
            raise Refusal("user_not_in_channel")
        judge_message(arguments.values)
        record("message", arguments.values)
        return {"message_ts": self._workspace.whisper(channel.id, user, arguments.values).ts}

    def permalink(self, arguments: Arguments) -> Answer:
        """Where a message is found in a browser."""
        channel = self._workspace.channel(arguments.needed("channel"))
        message = self._workspace.find(channel.id, arguments.needed("message_ts"))
        return {"channel": channel.id, "permalink": f"{self._workspace.url}/archives/{channel.id}/p{message.ts.replace('.', '')}"}

    def _writable(self, arguments: Arguments, *, joined: bool = False) -> Channel:
        """A channel in which the bot may speak: its own, or a public one if its scopes say so."""
        channel = self._workspace.channel(arguments.needed("channel"))
        if channel.is_archived:
            raise Refusal("is_archived")
        if BOT not in channel.members and (joined or "chat:write.public" not in self._scopes):
            raise Refusal("not_in_channel")
        return channel

    def _own(self, arguments: Arguments, otherwise: str) -> Message:
        """A message of the bot's own. What one person sees is not found."""
        channel = self._workspace.channels.get(arguments.needed("channel"))
        if channel is None or (channel.is_private and BOT not in channel.members):
            raise Refusal("channel_not_found")
        message = self._workspace.find(channel.id, arguments.needed("ts"))
        if not message.from_bot:
            raise Refusal(otherwise)
        return message
