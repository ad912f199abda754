"""The workspace for the page: what one person sees as JSON, what they do as posts, and an event whenever something changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.slack import manifest
from sandbox.slack.blocks import usable
from sandbox.slack.deeds import Deeds, Outcome
from sandbox.slack.messages import Message
from sandbox.slack.overview import overview
from sandbox.slack.payloads import Use
from sandbox.slack.people import Channel
from sandbox.slack.refusals import Refusal
from sandbox.slack.state import Values, has_state, initial
from sandbox.slack.windows import Window
from sandbox.slack.workspace import Workspace

HEARTBEAT = 15.0  # seconds

Asked = Mapping[str, Any]
_CHOSEN = ("value", "selected_option", "selected_options", "selected_user", "selected_channel", "selected_conversation", "selected_date")


class Page:
    """``/client/…``."""

    def __init__(self, workspace: Workspace, deeds: Deeds) -> None:
        self._workspace, self._deeds = workspace, deeds

    def routes(self) -> list[Route]:
        """Its addresses."""
        posts = {
            "command": self.command,
            "message": self.message,
            "action": self.action,
            "submit": self.submit,
            "close": self.close,
            "home": self.home,
            "dismiss": self.dismiss,
        }
        return [
            Route("/client/state", self.state),
            Route("/client/events", self.events),
            *(Route(f"/client/{name}", _answering(deed), methods=["POST"]) for name, deed in posts.items()),
        ]

    async def state(self, request: Request) -> Response:
        """Everything that one person sees."""
        try:
            user = self._workspace.member(request.query_params.get("user", "")).id
        except Refusal as refusal:
            return JSONResponse({"ok": False, "error": refusal.code}, 404)
        return Response(orjson.dumps(overview(self._workspace, self._deeds, user)), media_type="application/json")

    async def events(self, _: Request) -> Response:
        """``changed`` with a counter, at once and after every change."""
        return StreamingResponse(self._changes(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

    async def command(self, asked: Asked) -> Outcome | str:
        """A slash command. One that the app has not got is Slack's own to refuse."""
        command = str(asked["text"]).partition(" ")[0]
        if command not in {each["command"] for each in manifest.commands()}:
            return f"{command} is not a valid command."
        return await self._deeds.command(self._user(asked), self._channel(asked).id, str(asked["text"]))

    async def message(self, asked: Asked) -> str:
        """Plain words."""
        self._workspace.say(self._channel(asked).id, self._user(asked), str(asked["text"]))
        return ""

    async def action(self, asked: Asked) -> Outcome | str:
        """A button was pressed or something chosen."""
        place = self._place(asked)
        blocks = place.body.get("blocks") or []
        element = next((each for block, each in usable(blocks) if (block["block_id"], each["action_id"]) == _pointed(asked)), None)
        if element is None:
            return "This is no longer there."
        values = _state(asked, place.values if isinstance(place, Window) else initial(blocks))
        if isinstance(place, Window):
            place.values = values
        # What a button carries is the message's to say, not the page's.
        chosen = {name: asked[name] for name in _CHOSEN if name in asked and (has_state(element) or "option" in name)}
        use = Use(user=self._user(asked), block=asked["block_id"], element=element, chosen=chosen, values=values)
        return await self._deeds.use(use, place)

    async def submit(self, asked: Asked) -> Outcome:
        """A modal was sent off."""
        window = self._window(asked)
        window.values = _state(asked, window.values)
        return await self._deeds.submit(window)

    async def close(self, asked: Asked) -> Outcome:
        """A modal was closed."""
        return await self._deeds.close(self._window(asked))

    async def home(self, asked: Asked) -> Outcome:
        """Somebody looks at App Home."""
        return await self._deeds.open_home(self._user(asked))

    async def dismiss(self, asked: Asked) -> str:
        """Somebody puts away what only they see, or a notice."""
        message = self._workspace.ephemerals.get(str(asked.get("ts")))
        if message and message.to == self._user(asked):
            self._workspace.remove(message)
        if "notice" in asked:
            self._deeds.notices.dismiss(self._user(asked), str(asked["notice"]))
        return ""

    async def _changes(self) -> AsyncIterator[str]:
        changes = self._workspace.changes
        seen = -1
        while not changes.closed:
            yield f"event: changed\ndata: {changes.count}\n\n" if changes.count != seen else ": still here\n\n"
            seen = changes.count
            await changes.after(seen, HEARTBEAT)

    def _user(self, asked: Asked) -> str:
        return self._workspace.member(str(asked.get("user"))).id

    def _channel(self, asked: Asked) -> Channel:
        """One that this person is in."""
        channel = self._workspace.channels.get(str(asked.get("channel")))
        if channel is None or self._user(asked) not in channel.members:
            raise Refusal("channel_not_found")
        return channel

    def _place(self, asked: Asked) -> Message | Window:
        container = asked["container"]
        if container["type"] == "view":
            return self._window({**asked, "view_id": container["view_id"]})
        found = self._workspace.seen(container["channel"], container["ts"])
        if found is None or found.to not in ("", self._user(asked)):
            raise Refusal("message_not_found")
        return found

    def _window(self, asked: Asked) -> Window:
        window = self._deeds.windows.find(str(asked.get("view_id")))
        if window.user != self._user(asked):
            raise Refusal("not_found")
        return window


def _answering(deed: Callable[[Asked], Awaitable[Outcome | str]]) -> Callable[[Request], Awaitable[Response]]:
    """A deed as an endpoint: ``{"ok": …}``, with the error or the errors of a modal's inputs."""

    async def answer(request: Request) -> Response:
        try:
            came_of_it = await deed(orjson.loads(await request.body()))
        except (Refusal, KeyError, TypeError, orjson.JSONDecodeError) as wrong:
            error = wrong.code if isinstance(wrong, Refusal) else f"invalid_arguments: {wrong}"
            return JSONResponse({"ok": False, "error": error}, 400)
        if isinstance(came_of_it, str):
            return JSONResponse({"ok": False, "error": came_of_it} if came_of_it else {"ok": True})
        found = {"error": came_of_it.error, "errors": dict(came_of_it.errors)}
        trouble = {name: value for name, value in found.items() if value}
        return JSONResponse({"ok": not trouble, **trouble})

    return answer


def _pointed(asked: Asked) -> tuple[str, str]:
    return str(asked["block_id"]), str(asked["action_id"])


def _state(asked: Asked, values: Values) -> Values:
    """What was typed over what was there; inputs that are not there are passed over."""
    given = (asked.get("state") or {}).get("values") or {}
    return {block: {name: given.get(block, {}).get(name) or held for name, held in inputs.items()} for block, inputs in values.items()}
