"""Between Bolt and the listeners: one authoriser before them, one place where an error becomes words behind them.

What arrives is normalised, its sender admitted, its listener found with the right it needs; only then anything of ours runs.
A deed is stored before it is acknowledged. Nothing follows an acknowledgement but what was handed over.
How a listener is written: ``bot/registry.py``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.delivery import as_message, as_view, remembering, told
from bot.directory import Directory
from bot.handling import Handling
from bot.registry import Ack, Answer, Errors, Listener, NoListener, Open, Registry, Reply, Show
from bot.requests import Kind, Request, normalise
from bot.slack import Slack
from bot.views import errors
from ops.errors import OpsError
from ops.people import Policy, require

log = logging.getLogger(__name__)

ANSWERING = 2.0  # seconds, of Slack's three, that an acknowledgement waits for a window or a read

Next = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Identity(AsyncAuthorize):
    """Who we are, known since the start: Bolt would otherwise ask Slack before its first answer."""

    result: AuthorizeResult

    async def __call__(self, **_: Any) -> AuthorizeResult:
        """The same for every request."""
        return self.result


@dataclass(frozen=True, kw_only=True)
class Front:
    """Takes what Bolt was sent."""

    registry: Registry
    directory: Directory
    policy: Policy
    slack: Slack
    handling: Handling

    async def authorise(self, body: Mapping[str, Any], context: dict[str, Any]) -> None:
        """The only way in: whoever may not pass is refused before a listener is looked for by Bolt."""
        context["asked"] = request = normalise(body)
        await self.directory.admit(request)
        listener = self.registry.find(request)
        person = await self.directory.person(request.person.id, listener.needs)
        require(person, listener.needs, self.policy)
        context["asked"], context["listener"] = request.by(person), listener

    async def take(self, context: dict[str, Any]) -> BoltResponse:
        """Answer, after storing what must not be lost."""
        request: Request = context["asked"]
        listener: Listener = context["listener"]
        answer = listener.said_at_once(request)
        if isinstance(answer, Errors) or (listener.handling is None and not isinstance(answer, Open)):
            return self._acknowledge(request, answer)
        if listener.stored and not await self.handling.store(request):
            log.info("%s %s came again", request.name, request.key)
            return self._acknowledge(request, answer)
        if answer is None and not listener.stored and request.kind in {Kind.COMMAND, Kind.SUBMISSION}:
            return await self._read(request, listener)
        await asyncio.wait({self.handling.hand_over(request, listener, answer)}, timeout=ANSWERING)
        return self._acknowledge(request, answer)

    async def _read(self, request: Request, listener: Listener) -> BoltResponse:
        """A look that is quick enough is the acknowledgement itself; a slower one follows it."""
        reading = self.handling.reading(request, listener)
        done, _ = await asyncio.wait({reading}, timeout=ANSWERING)
        if not done:
            self.handling.later(request, reading)
            return _respond({})
        reply = reading.result()
        if reply is None:
            return _respond({})
        if request.kind is Kind.SUBMISSION and reply.view is not None:
            return self._acknowledge(request, Show(reply.view))
        if request.kind is Kind.COMMAND and reply == Reply(message=reply.message, picture=reply.picture, directly=reply.directly):
            self.handling.draw(request, reply)
            return self._acknowledge(request, Ack(reply.message or ""))
        self.handling.tell(request, reply)
        return _respond({})

    def _acknowledge(self, request: Request, answer: Answer | None) -> BoltResponse:
        """An answer in Slack's form for this kind of request."""
        match answer:
            case Errors(by_block):
                return _respond({"response_action": "errors", "errors": dict(by_block)})
            case Show(view):
                shown = self.slack.checked(remembering(view, request.channel), "modal")
                return _respond({"response_action": "update", "view": shown})
            case Ack(message) if message and request.kind is Kind.COMMAND:
                return _to_them_alone(self.slack.leaving(as_message(message), "message"))
            case Ack(message) if message:
                self.handling.tell(request, Reply(message=message))
        return _respond({})

    async def oops(self, error: Exception, context: dict[str, Any]) -> BoltResponse:
        """The one place where an error becomes the person's answer; it never raises, or Slack would hear nothing."""
        request: Request | None = context.get("asked")
        try:
            return self._refuse(request, error)
        except Exception:
            log.exception("an error could not be told", exc_info=error)
            return _respond({})

    def _refuse(self, request: Request | None, error: Exception) -> BoltResponse:
        """Tell the person, in the way that fits what they used."""
        unheard = isinstance(error, NoListener) and request and request.kind in {Kind.EVENT, Kind.CLOSED, Kind.UNKNOWN}
        if request is None or unheard:
            log.warning("not handled: %s", request.name if request else type(error).__name__, exc_info=None if unheard else error)
            return _respond({})
        if request.kind is Kind.COMMAND:
            return _to_them_alone(self.slack.leaving(told(error), "message"))
        if request.kind is Kind.SUBMISSION and request.input_blocks and isinstance(error, OpsError):
            return _respond({"response_action": "errors", "errors": errors.in_field(error, request.input_blocks[0])})
        if request.kind is Kind.SUBMISSION:
            return _respond({"response_action": "update", "view": self.slack.checked(as_view(told(error)), "modal")})
        self.handling.tell_error(request, error)
        return _respond({})


class Gate(AsyncMiddleware):
    """The authoriser as Bolt's middleware; a class, since Bolt looks up a function's arguments by name at every request."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def async_process(self, *, req: AsyncBoltRequest, resp: BoltResponse, next: Next) -> Any:  # noqa: A002, ARG002  # Bolt names them
        """Let it through, or raise."""
        await self._front.authorise(req.body, req.context)
        return await next()


def _to_them_alone(message: str) -> BoltResponse:
    """A message, as JSON, that only the person sees."""
    return _answered(f'{{"response_type": "ephemeral", {message[1:]}')


def _respond(payload: Mapping[str, Any]) -> BoltResponse:
    """A 200; nothing in it is the plain acknowledgement."""
    return _answered(json.dumps(payload) if payload else "")


def _answered(body: str) -> BoltResponse:
    """A 200 with this JSON."""
    return BoltResponse(status=200, body=body, headers={"content-type": ["application/json"]})


def build(front: Front, identity: AuthorizeResult, signing_secret: str) -> AsyncApp:
    """The Bolt app: one listener a kind, since name and right are already decided when it runs."""
    logger = logging.getLogger("slack_bolt")
    logger.setLevel(logging.ERROR)
    app = AsyncApp(
        logger=logger,
        name="backstop",
        client=front.slack.client,
        signing_secret=signing_secret,
        authorize=Identity(identity),
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        ssl_check_enabled=False,  # these three belong to Slack over HTTP, or to workflow steps
        url_verification_enabled=False,
        attaching_function_token_enabled=False,
    )
    app.middleware(Gate(front))
    app.error(front.oops)
    anything = re.compile("")
    for listen in (app.command, app.action, app.view_submission, app.event, app.view_closed, app.shortcut):
        listen(anything)(front.take)
    return app
