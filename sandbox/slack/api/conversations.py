"""``conversations.*``: channels and what was said in them."""

from __future__ import annotations

from typing import Any

from sandbox.slack.api.arguments import Arguments
from sandbox.slack.api.paging import page
from sandbox.slack.messages import Message
from sandbox.slack.people import BOT, Channel
from sandbox.slack.refusals import Refusal
from sandbox.slack.workspace import Workspace

LARGEST = 2
"""Channels on one page, however many are asked for: Slack may give fewer, and nobody reads the second page untested."""

Answer = dict[str, Any]


class Conversations:
    """The methods."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.methods = {
            "conversations.list": self.channels,
            "conversations.info": self.info,
            "conversations.open": self.open,
            "conversations.members": self.members,
            "conversations.history": self.history,
            "conversations.replies": self.replies,
            "conversations.join": self.join,
        }

    def channels(self, arguments: Arguments) -> Answer:
        """The channels that the bot can know of."""
        types = set(arguments.text("types", "public_channel").replace(" ", "").split(","))
        if types - {"public_channel", "private_channel", "im", "mpim"}:
            raise Refusal("invalid_types")
        found = [channel for channel in self._workspace.channels.values() if _type(channel) in types and _known(channel)]
        kept = [channel for channel in found if not (arguments.flag("exclude_archived") and channel.is_archived)]
        some, more = page(kept, arguments, largest=LARGEST)
        return {"channels": [channel.described() for channel in some], **more}

    def info(self, arguments: Arguments) -> Answer:
        """One channel."""
        return {"channel": self._found(arguments).described()}

    def open(self, arguments: Arguments) -> Answer:
        """The direct messages with somebody."""
        users = arguments.needed("users").split(",")
        if len(users) > 1:
            raise Refusal("method_not_supported_for_channel_type")
        member = self._workspace.member(users[0])
        if member.is_bot or member.deleted:
            raise Refusal("cannot_dm_bot" if member.is_bot else "user_disabled")
        return {"channel": {"id": self._workspace.direct(member.id).id}}

    def members(self, arguments: Arguments) -> Answer:
        """Who is in a channel."""
        members, more = page(sorted(self._found(arguments).members), arguments)
        return {"members": members, **more}

    def history(self, arguments: Arguments) -> Answer:
        """What was said, newest first; not in threads."""
        channel = self._readable(arguments)
        said = [message for message in self._workspace.in_channel(channel.id) if not message.thread]
        return self._messages(_between(said, arguments)[::-1], arguments)

    def replies(self, arguments: Arguments) -> Answer:
        """A message and what was replied to it, oldest first."""
        channel = self._readable(arguments)
        ts = arguments.needed("ts")
        thread = [message for message in self._workspace.in_channel(channel.id) if ts in (message.ts, message.thread)]
        if not thread:
            raise Refusal("thread_not_found")
        return self._messages(_between(thread, arguments), arguments)

    def join(self, arguments: Arguments) -> Answer:
        """Into a public channel."""
        channel = self._found(arguments)
        if channel.is_private or channel.is_direct:
            raise Refusal("method_not_supported_for_channel_type")
        warning = {"warning": "already_in_channel"} if BOT in channel.members else {}
        self._workspace.join(channel)
        return {"channel": channel.described(), **warning}

    def _found(self, arguments: Arguments) -> Channel:
        """By id: these methods take no name."""
        channel = self._workspace.channels.get(arguments.needed("channel"))
        if channel is None or not _known(channel):
            raise Refusal("channel_not_found")
        return channel

    def _readable(self, arguments: Arguments) -> Channel:
        channel = self._found(arguments)
        if BOT not in channel.members:
            raise Refusal("not_in_channel")
        return channel

    def _messages(self, messages: list[Message], arguments: Arguments) -> Answer:
        found, more = page(messages, arguments)
        metadata = arguments.flag("include_all_metadata")
        described = [self._with_replies(message, metadata) for message in found]
        return {"messages": described, "has_more": bool(more["response_metadata"]["next_cursor"]), **more}

    def _with_replies(self, message: Message, metadata: bool) -> Answer:
        """A message that was replied to says how often."""
        described = message.described(metadata=metadata)
        replies = [each for each in self._workspace.in_channel(message.channel) if each.thread == message.ts]
        if not replies:
            return described
        return {**described, "thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}


def _type(channel: Channel) -> str:
    return "im" if channel.is_direct else "private_channel" if channel.is_private else "public_channel"


def _known(channel: Channel) -> bool:
    return not channel.is_private or BOT in channel.members


def _between(messages: list[Message], arguments: Arguments) -> list[Message]:
    """Those from ``oldest`` to ``latest``; the ends belong to it only if ``inclusive`` says so."""
    oldest, latest = arguments.text("oldest", "0"), arguments.text("latest", "9999999999.999999")
    inclusive = arguments.flag("inclusive")
    within = [message for message in messages if float(oldest) <= float(message.ts) <= float(latest)]
    return [message for message in within if inclusive or message.ts not in {oldest, latest}]
