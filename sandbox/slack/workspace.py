"""The workspace: who is in it, and what was said where. Touched in the server's loop only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.now import Now
from sandbox.slack.blocks import with_ids
from sandbox.slack.changes import Changes
from sandbox.slack.ids import Clock
from sandbox.slack.kept import Kept
from sandbox.slack.messages import Message, by_bot, by_person
from sandbox.slack.people import BOT, GROUPS, Channel, Member, channels
from sandbox.slack.refusals import Refusal


class Workspace:
    """People, channels and messages."""

    def __init__(self, members: Sequence[Member], kept: Kept, now: Now) -> None:
        self.members = {member.id: member for member in members}
        self.groups = dict(GROUPS)
        self.channels = {channel.id: channel for channel in channels(tuple(members))}
        self.changes = Changes()
        self.kept = kept
        self.clock = Clock(now)
        self.url = ""
        self.messages: dict[str, dict[str, Message]] = {}
        self.ephemerals: dict[str, Message] = {}
        self._remember()

    def member(self, user: str) -> Member:
        """Somebody by id."""
        if user not in self.members:
            raise Refusal("user_not_found")
        return self.members[user]

    def channel(self, name: str) -> Channel:
        """A channel by id or name, or the direct messages with a person by theirs; what the bot cannot know of is not found."""
        if name in self.members:
            return self.direct(name)
        for channel in self.channels.values():
            if name == channel.id or name.removeprefix("#") == channel.name:
                if channel.is_private and BOT not in channel.members:
                    break
                return channel
        raise Refusal("channel_not_found")

    def direct(self, user: str) -> Channel:
        """The direct messages between the bot and somebody."""
        identifier = f"D0{user[2:]}".ljust(9, "0")
        if identifier not in self.channels:
            self.channels[identifier] = Channel(identifier, "directmessage", {user, BOT}, with_user=user)
        return self.channels[identifier]

    def in_channel(self, channel: str) -> list[Message]:
        """What everybody in it sees, oldest first."""
        return list(self.messages.get(channel, {}).values())

    def only_for(self, user: str) -> list[Message]:
        """What nobody else sees, oldest first."""
        return [message for message in self.ephemerals.values() if message.to == user]

    def find(self, channel: str, ts: str) -> Message:
        """A message that everybody sees."""
        found = self.messages.get(channel, {}).get(ts)
        if found is None:
            raise Refusal("message_not_found")
        return found

    def seen(self, channel: str, ts: str) -> Message | None:
        """A message of either sort, if it still is there."""
        return self.messages.get(channel, {}).get(ts) or self.ephemerals.get(ts)

    def post(self, channel: str, payload: Mapping[str, Any]) -> Message:
        """Add a message of the app's."""
        return self._add(Message(channel, by_bot(self.clock.ts(), _identified(payload))))

    def say(self, channel: str, user: str, text: str) -> Message:
        """Add a message of a person's."""
        return self._add(Message(channel, by_person(self.clock.ts(), user, text)))

    def whisper(self, channel: str, user: str, payload: Mapping[str, Any]) -> Message:
        """Show one person something."""
        ts = self.clock.ts()
        self.ephemerals[ts] = Message(channel, {**by_bot(ts, _identified(payload)), "is_ephemeral": True}, to=user)
        self.changes.mark()
        return self.ephemerals[ts]

    def edit(self, message: Message, payload: Mapping[str, Any]) -> None:
        """Replace what a message says."""
        kept: dict[str, Any] = {
            name: message.body[name]
            for name in ("ts", "thread_ts", "user", "metadata", "reactions", "is_ephemeral")
            if name in message.body
        }
        given = by_bot(message.ts, _identified(payload))
        message.change({**given, **kept, **({"metadata": given["metadata"]} if "metadata" in given else {})})
        message.body["edited"] = {"user": BOT, "ts": self.clock.ts()}
        self.save(message)

    def remove(self, message: Message) -> None:
        """Take a message away."""
        self.ephemerals.pop(message.ts, None)
        self.messages.get(message.channel, {}).pop(message.ts, None)
        self.kept.drop("message", _key(message))
        self.changes.mark()

    def save(self, message: Message) -> None:
        """Keep a message as it is now."""
        if not message.to:
            self.kept.put("message", _key(message), message.stored())
        self.changes.mark()

    def join(self, channel: Channel) -> None:
        """The bot comes into a channel."""
        channel.members.add(BOT)
        self.kept.put("joined", channel.id, True)
        self.changes.mark()

    def _add(self, message: Message) -> Message:
        self.messages.setdefault(message.channel, {})[message.ts] = message
        self.save(message)
        return message

    def _remember(self) -> None:
        for channel in self.kept.all("joined"):
            self.channels[channel].members.add(BOT)
        for stored in self.kept.all("message").values():
            message = Message(**stored)
            self.messages.setdefault(message.channel, {})[message.ts] = message
            self.clock.not_before(message.ts)
        for user in self.members:
            self.direct(user)


def _identified(payload: Mapping[str, Any]) -> dict[str, Any]:
    blocks = payload.get("blocks")
    return {**payload, "blocks": with_ids(blocks)} if blocks else dict(payload)


def _key(message: Message) -> str:
    return f"{message.channel}/{message.ts}"
