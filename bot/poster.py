"""Shows what the rows of ``bot/posts.py`` want: posts, edits in place, waits as long as Slack is away.

An edit comes at most every 1.2 seconds a message and about forty times a minute in all, and the last state always goes out,
because a row stays due until it is shown. A channel that cannot be posted to keeps its rows; one person hears of it once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.channels import Channels
from bot.posts import Post, Posts
from bot.slack import Slack, SlackAway, SlackSaidNo
from bot.views.limits import BadPayload
from ops.database import Looks, Writes

log = logging.getLogger(__name__)

POLL = 2.0  # seconds between two looks for rows of other processes
LONGEST = 6.0  # the same where nothing is due and nobody writes anything
BETWEEN_EDITS = 1.2  # seconds, of one message
EDITS = (15.0, 40 / 60)  # in a burst, and a second after that: Slack allows 50 a minute for the whole app
POSTS = (3.0, 1.0)  # the same for new messages in one channel
LONGEST_REST = 30.0  # seconds between two tries while Slack is away
UNPLACED = 60.0  # seconds between two tries in a channel that is not there, or that we are not in

NO_PLACE = {"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "missing_scope"}
NO_MESSAGE = {"message_not_found", "cant_update_message", "edit_window_closed"}

EVENT = "backstop_post"  # the metadata's event type: how a message of ours is found again

Unplaced = Callable[[str, str, str], Awaitable[None]]
"""Told of a post's key, its channel and Slack's code, once a channel."""


class Found(NamedTuple):
    """A message of ours that stands there already."""

    channel: str
    ts: str


@dataclass
class Bucket:
    """So many at once, so many a second after that."""

    size: float
    rate: float
    level: float = field(init=False)
    at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.level = self.size

    def wait(self) -> float:
        """Seconds until the next may go; 0 takes it."""
        now = time.monotonic()
        self.level = min(self.size, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return (1 - self.level) / self.rate
        self.level -= 1
        return 0.0


class Poster:
    """The loop."""

    def __init__(self, posts: Posts, writes: Writes, slack: Slack, channels: Channels, unplaced: Unplaced) -> None:  # its parts
        self._posts = posts
        self._looks = Looks(writes, LONGEST)
        self._has_due = True  # when it was last looked
        self._slack = slack
        self._channels = channels
        self._unplaced = unplaced
        self._woken = asyncio.Event()
        self._edited: dict[str, float] = {}
        self._edits = Bucket(*EDITS)
        self._news: defaultdict[str, Bucket] = defaultdict(lambda: Bucket(*POSTS))
        self._told: set[str] = set()
        self._rest = 0.0  # seconds; grows while Slack is away
        self._loop: asyncio.Task[None] | None = None
        self._turn: asyncio.Task[float] | None = None  # the round that is under way

    def wake(self) -> None:
        """Look now. In the loop's own thread."""
        self._woken.set()

    def open(self) -> None:
        """Begin."""
        self._loop = asyncio.create_task(self._run(), name="poster")

    async def close(self, limit: float) -> None:
        """End the round that is under way, show what is due once more, then end; what is left is shown by whoever looks next."""
        if self._loop is None:
            return
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)
        try:
            async with asyncio.timeout(limit):
                await asyncio.gather(*filter(None, [self._turn]), return_exceptions=True)
                await self._flush()
        except TimeoutError:
            log.info("some posts are left for the next start")

    async def _run(self) -> None:
        """Round after round; a defect in one must not end the posting."""
        while True:
            self._woken.clear()
            self._turn = asyncio.create_task(self._round(), name="posts")
            try:
                wait = await asyncio.shield(self._turn)  # a message whose answer nobody waits for might be posted once more
            except Exception:
                log.exception("a round of posts failed")
                wait = POLL
            await self._sleep(wait)

    async def _flush(self) -> None:
        """Until nothing is due, or Slack is away."""
        wait = await self._round()
        while wait < POLL and not self._rest:
            await self._sleep(wait)
            wait = await self._round()

    async def _sleep(self, wait: float) -> None:
        """Until it is time, or somebody wakes us; a rest that Slack asked for is kept."""
        if self._rest:
            await asyncio.sleep(wait)
            return
        try:
            async with asyncio.timeout(wait):  # wait_for loses a cancel that comes with the waking (Python 3.11)
                await self._woken.wait()
        except TimeoutError:
            return

    async def _round(self) -> float:
        """Look at every due row; how long until the next look."""
        if not self._looks.is_due() and not self._has_due:
            return POLL
        due = await asyncio.to_thread(self._posts.due)
        self._has_due = bool(due)
        by_channel: defaultdict[str, list[Post]] = defaultdict(list)
        for post in due:
            by_channel[post.channel].append(post)
        came_of_it = await asyncio.gather(*(self._in_order(posts) for posts in by_channel.values()), return_exceptions=True)
        if away := next((result for result in came_of_it if isinstance(result, SlackAway)), None):
            return self._resting(away)
        self._rest = 0.0
        for result in came_of_it:
            if isinstance(result, BaseException):
                raise result
        return min([POLL, *(result for result in came_of_it if isinstance(result, float))])

    def _resting(self, away: SlackAway) -> float:
        """How long to leave Slack alone: as long as it asks, or longer each time."""
        self._rest = away.after or min(max(1.0, self._rest * 2), LONGEST_REST)
        log.warning("Slack is away (%s); posts wait %.0f s", away, self._rest)
        return self._rest

    async def _in_order(self, posts: Sequence[Post]) -> float:
        """One channel's rows, one after the other; how long until one that was too early may go."""
        waits = [await self._one(post) for post in posts]
        return min((wait for wait in waits if wait), default=POLL)

    async def _one(self, post: Post) -> float:
        """One row; how long it has to wait yet, 0 if it is dealt with."""
        if post.waits_for_parent:
            return POLL / 4
        if not post.is_shown and (wait := self._too_early(post)):
            return wait
        if await asyncio.to_thread(self._posts.claim, post):
            await self._dealt_with(post)
        return 0.0

    def _too_early(self, post: Post) -> float:
        """Seconds until Slack's rates allow it."""
        if post.ts is None:
            return self._news[post.channel].wait()
        return max(0.0, self._edited.get(post.key, 0.0) + BETWEEN_EDITS - time.monotonic()) or self._edits.wait()

    async def _dealt_with(self, post: Post) -> None:
        """Show it, and write down what came of it."""
        try:
            await self._show(post)
        except SlackAway as away:
            perhaps = post.ts is None and (away.perhaps_done or post.perhaps_posted)
            await asyncio.to_thread(self._posts.later, post, away.after, str(away), perhaps_posted=perhaps)
            raise
        except SlackSaidNo as no:
            await self._refused(post, no)
        except BadPayload as error:
            log.exception("defect: the post %s is not as Slack wants it", post.key)
            await asyncio.to_thread(self._posts.given_up, post, str(error))
        else:
            await asyncio.to_thread(self._posts.shown, post)

    async def _show(self, post: Post) -> None:
        """Edit the message, or post it."""
        if post.is_shown:
            return
        message = {**post.wanted, "metadata": {"event_type": EVENT, "event_payload": {"key": post.key}}}
        if post.ts is not None:
            await self._edit(post, post.channel, post.ts, message)
            return
        channel = await self._channels.id_of(post.channel)
        if post.perhaps_posted and (found := await self._found(post, channel)):
            await asyncio.to_thread(self._posts.posted, post, found.ts, found.channel)
            await self._edit(post, found.channel, found.ts, message)  # what it says is what was wanted when it was posted
            return
        thread = {"thread_ts": post.thread_ts} if post.thread_ts else {}
        answer = await self._slack.write("chat.postMessage", {**message, **thread, "channel": channel}, patience=0)
        await asyncio.to_thread(self._posts.posted, post, str(answer["ts"]), str(answer.get("channel") or channel))

    async def _edit(self, post: Post, channel: str, ts: str, message: Mapping[str, Any]) -> None:
        """Bring the message up to date where it is."""
        self._edited[post.key] = time.monotonic()
        await self._slack.write("chat.update", {**message, "channel": channel, "ts": ts}, patience=0)

    async def _found(self, post: Post, channel: str) -> Found | None:
        """The message that somebody may have posted before they died, by the key in its metadata."""
        try:
            channel = await self._conversation(channel)
            messages = await self._recent(post, channel)
        except SlackSaidNo as no:
            log.info("the channel's history cannot be read: %s", no)
            return None
        for message in messages:
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT and (metadata.get("event_payload") or {}).get("key") == post.key:
                log.info("the post %s is there already", post.key)
                return Found(channel, str(message["ts"]))
        return None

    async def _conversation(self, channel: str) -> str:
        """Where messages are read and edited: a person's id is only good for posting to them."""
        if not channel.startswith(("U", "W")):
            return channel
        return str((await self._slack.write("conversations.open", {"users": channel}, patience=0))["channel"]["id"])

    async def _recent(self, post: Post, channel: str) -> Sequence[dict[str, Any]]:
        """What stands in the channel, or in the thread."""
        where = {"channel": channel, "limit": 100, "include_all_metadata": "true"}
        if post.thread_ts:
            answer = await self._slack.read("conversations.replies", patience=0, ts=post.thread_ts, **where)
        else:
            answer = await self._slack.read("conversations.history", patience=0, **where)
        messages: Sequence[dict[str, Any]] = answer["messages"]
        return messages

    async def _refused(self, post: Post, no: SlackSaidNo) -> None:
        """Slack answered no: post anew, keep for later, or give up."""
        if no.code in NO_MESSAGE and post.ts is not None:
            await asyncio.to_thread(self._posts.gone, post)
            self.wake()
        elif no.code in NO_PLACE or no.token_refused:
            self._channels.refused(post.channel)
            await asyncio.to_thread(self._posts.later, post, UNPLACED, str(no))
            await self._complain(post, no.code)
        else:
            log.error("defect: Slack does not take the post %s: %s", post.key, no)
            await asyncio.to_thread(self._posts.given_up, post, str(no))

    async def _complain(self, post: Post, code: str) -> None:
        """Say once that a channel cannot be posted to."""
        if post.channel in self._told:
            return
        self._told.add(post.channel)
        log.error("nothing can be posted in %s (%s); what is meant for it is kept and sent later", post.channel, code)
        await self._unplaced(post.key, post.channel, code)
