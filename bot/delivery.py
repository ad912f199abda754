"""How an answer, or an error, reaches the one person it is for.

A window of ours that is open comes first; else words that only they see where they asked; else a direct message. What a
person typed cannot become a mention: error texts are escaped here and nowhere else.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.registry import Message, Open, Reply, View
from bot.requests import Kind, Request, wrap
from bot.slack import Slack, SlackAway, SlackSaidNo
from bot.views import errors
from bot.views.actions import Window
from bot.views.blocks import home, modal
from ops.errors import Failed, OpsError

if TYPE_CHECKING:
    from bot.pictures import Picture

log = logging.getLogger(__name__)

RESTARTED = "Backstop was restarted before the window could be filled. Please ask again."
NO_FILE = Failed(
    "Slack did not take the file.",
    "Backstop needs the scope `files:write`: bring the app up to date with `docs/slack-manifest.yaml`.",
)
TITLE = "That did not work"  # Slack allows 24 characters


def told(error: Exception) -> dict[str, Any]:
    """An error as a message; a defect gets a reference, and the log the traceback under the same one."""
    if isinstance(error, OpsError):
        return errors.problem(error)
    reference = secrets.token_hex(4)
    log.error("defect %s", reference, exc_info=error)
    return errors.defect(reference)


def as_message(message: Message | str) -> dict[str, Any]:
    """Plain words are a message too."""
    return {"text": message} if isinstance(message, str) else dict(message)


def as_view(message: Message, kind: str = "modal") -> dict[str, Any]:
    """An error as a window, or as somebody's App Home."""
    blocks = list(message["blocks"])
    return home(*blocks) if kind == "home" else modal(TITLE, *blocks, callback_id=Window.ANSWER)


def remembering(view: View, channel: str) -> dict[str, Any]:
    """A window that knows where it was asked for."""
    return {**view, "private_metadata": wrap(view.get("private_metadata") or "", channel)}


class Delivery:
    """The way back to a person."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def open(self, request: Request, opening: Open) -> Request:
        """Open a window; the request then knows it."""
        method = "views.push" if opening.push or request.in_window else "views.open"
        view = remembering(opening.view, request.channel)
        answer = await self._slack.write(method, {"trigger_id": request.trigger, "view": view}, patience=1.0)
        return replace(request, view_id=answer["view"]["id"], view_type="modal", opened=True)

    async def reply(self, request: Request, reply: Reply) -> None:
        """Show what the work gave."""
        if reply.view is not None and await self._shown(request, reply.view):
            return
        message = reply.message if reply.message is not None or reply.view is None else RESTARTED
        if message is not None:
            await self.tell(request, as_message(message), take_place=reply.replace)

    async def meanwhile(self, request: Request, view: View) -> None:
        """Show how far something is, in the window that waits for it."""
        await self._shown(request, view)

    async def error(self, request: Request, error: Exception) -> None:
        """Tell the person, wherever they are looking."""
        words = told(error)
        if request.kind is Kind.EVENT:
            if request.name == "app_home_opened":
                await self._slack.write("views.publish", {"user_id": request.person.id, "view": as_view(words, "home")})
            return
        if request.opened and await self._shown(request, as_view(words)):
            return
        if request.trigger and await self._popped_up(request, words):
            return
        await self.tell(request, words)

    async def tell(self, request: Request, message: Mapping[str, Any], *, take_place: bool = False) -> None:
        """Say something that only they see: through the address of what they used, in its channel, or directly."""
        ways = (self._by_address, self._in_channel, self._directly)
        for way in ways:
            try:
                if await way(request, message, take_place):
                    return
            except SlackSaidNo as no:
                log.info("%s cannot be told this way: %s", request.person.id, no)

    async def picture(self, request: Request, picture: Picture, *, directly: bool = False) -> None:
        """Upload a picture where it was asked for; where we are not, or it is for them alone, to the person directly."""
        if request.channel and not directly and await self._pictured(request.channel, picture, request.thread):
            return
        opened = await self._slack.write("conversations.open", {"users": request.person.id})
        if not await self._pictured(opened["channel"]["id"], picture):
            await self.tell(request, errors.problem(NO_FILE))

    async def _pictured(self, channel: str, picture: Picture, thread: str = "") -> bool:
        """Upload a picture; whether Slack took it."""
        try:
            await self._slack.upload(channel, picture, thread)
        except SlackSaidNo as no:
            log.warning("no picture can be shown in %s: %s", channel, no)
            return False
        return True

    async def _shown(self, request: Request, view: View) -> bool:
        """Put a view into the window they have open, if it still is."""
        if not request.view_id or request.replayed:
            return False
        try:
            await self._slack.write("views.update", {"view_id": request.view_id, "view": remembering(view, request.channel)})
        except SlackSaidNo as no:
            log.info("the window %s is not there: %s", request.view_id, no)
            return False
        return True

    async def _popped_up(self, request: Request, words: Message) -> bool:
        """Where nothing else would be seen (a window, a shortcut), a window of its own, while the trigger lives."""
        if not (request.in_window or request.kind is Kind.SHORTCUT or request.view_type == "home") or request.kind is Kind.SUBMISSION:
            return False
        try:
            await self.open(request, Open(as_view(words)))
        except (SlackSaidNo, SlackAway):
            return False
        return True

    async def _by_address(self, request: Request, message: Mapping[str, Any], take_place: bool) -> bool:
        """Commands and buttons bring an address, good for half an hour."""
        if not request.response_url:
            return False
        await self._slack.respond(request.response_url, {"response_type": "ephemeral", "replace_original": take_place, **message})
        return True

    async def _in_channel(self, request: Request, message: Mapping[str, Any], _take_place: bool) -> bool:
        """Only seen by them, in the channel where they asked."""
        if not request.channel:
            return False
        where = {"channel": request.channel, "user": request.person.id}
        thread = {"thread_ts": request.thread} if request.thread else {}
        await self._slack.write("chat.postEphemeral", {**message, **where, **thread})
        return True

    async def _directly(self, request: Request, message: Mapping[str, Any], _take_place: bool) -> bool:
        """A direct message."""
        await self.direct(request.person.id, message)
        return True

    async def direct(self, user: str, message: Mapping[str, Any]) -> None:
        """A direct message."""
        opened = await self._slack.write("conversations.open", {"users": user})
        await self._slack.write("chat.postMessage", {**message, "channel": opened["channel"]["id"]})
