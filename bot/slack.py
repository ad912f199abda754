"""The one door to Slack: everything that leaves is held against Slack's limits, freed of secrets, and sent again when asked to wait.

``SlackAway`` is for later (not reached, too busy); ``SlackSaidNo`` is an answer. Neither carries what was sent.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bot.views import limits

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.pictures import Picture

log = logging.getLogger(__name__)

PATIENCE = 15.0  # seconds that a person's answer waits for Slack's rate limit

_BUSY = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
_TOKEN = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type", "no_permission"}


class SlackAway(Exception):
    """Slack did not answer, or asks to wait."""

    def __init__(self, why: str, *, after: float = 0.0, perhaps_done: bool = False) -> None:
        super().__init__(why)
        self.after = after  # seconds that Slack asks for
        self.perhaps_done = perhaps_done  # it may have arrived: look before doing it again


class SlackSaidNo(Exception):
    """Slack answered with an error code."""

    def __init__(self, code: str, method: str = "", detail: str = "") -> None:
        super().__init__(f"{method}: {code} {detail}".strip())
        self.code = code

    @property
    def token_refused(self) -> bool:
        """Whether it is the token that Slack does not take."""
        return self.code in _TOKEN


class Slack:
    """Slack's Web API, for the whole bot."""

    def __init__(self, client: AsyncWebClient, session: ClientSession, hidden: Collection[str] = ()) -> None:
        self.client = client
        self._session = session
        self._hidden = [json.dumps(secret)[1:-1] for secret in sorted(hidden, key=len, reverse=True)]

    async def write(self, method: str, payload: Mapping[str, Any], *, patience: float = PATIENCE) -> dict[str, Any]:
        """Call a method that shows somebody something."""
        leaving = self._leaving(method, payload)
        return await self._again(patience, lambda: self._call(method, self.client.api_call(method, json=leaving)))

    async def read(self, method: str, *, patience: float = PATIENCE, **params: Any) -> dict[str, Any]:
        """Call a method that only looks."""
        return await self._again(patience, lambda: self._call(method, self.client.api_call(method, http_verb="GET", params=params)))

    async def socket_address(self, app_token: str) -> str:
        """Where a Socket Mode connection may be opened, once."""
        answer = await self._call("apps.connections.open", self.client.apps_connections_open(app_token=app_token))
        return str(answer["url"])

    async def respond(self, address: str, message: Mapping[str, Any]) -> None:
        """Answer through a command's or a button's own address."""
        leaving = self.checked(message, "message")
        await self._again(PATIENCE, lambda: self._post(address, leaving))

    async def upload(self, channel: str, picture: Picture, thread: str = "") -> None:
        """Show a picture in a channel, its title as the message and its words for those who do not see it."""
        words = json.loads(self._masked({"title": picture.title, "alt_txt": picture.alt, "initial_comment": picture.title}))
        file = {"channel": channel, "filename": picture.name, "file": self._without_secrets(picture.content), **words}
        method = "files.completeUploadExternal"
        await self._again(PATIENCE, lambda: self._call(method, self.client.files_upload_v2(**file, thread_ts=thread or None)))

    def checked(self, payload: Mapping[str, Any], surface: limits.Surface) -> dict[str, Any]:
        """What may leave: within the limits, without secrets. What is too long is cut, and logged as the defect that it is.

        Raises:
            BadPayload: Slack would refuse it all the same.
        """
        held: dict[str, Any] = json.loads(self.leaving(payload, surface))
        return held

    def leaving(self, payload: Mapping[str, Any], surface: limits.Surface) -> str:
        """The same as JSON: an acknowledgement is not taken apart and put together again on its way."""
        return _within_limits(self._masked(payload), surface)

    def _leaving(self, method: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The same for a method's arguments: a view is one of them, a message is spread among them."""
        if method.startswith("views."):
            payload = {**payload, "view": self.checked(payload["view"], payload["view"]["type"])}
        elif method.startswith("chat."):
            return self.checked(payload, "message")
        masked: dict[str, Any] = json.loads(self._masked(payload))
        return masked

    def _masked(self, payload: Mapping[str, Any]) -> str:
        """The payload without secrets, as JSON."""
        text = json.dumps(payload)
        for secret in self._hidden:
            text = text.replace(secret, "***")
        return text

    def _without_secrets(self, content: bytes) -> bytes:
        """A file's content; what people read in it may have been written by a program."""
        for secret in self._hidden:
            content = content.replace(secret.encode(), b"***")
        return content

    async def _again(self, patience: float, call: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Call, and once more after each wait that Slack asks for, while patience lasts."""
        while True:
            try:
                return await call()
            except SlackAway as away:
                if not 0 < away.after <= patience:
                    raise
                patience -= away.after
                await asyncio.sleep(away.after)

    async def _call(self, method: str, call: Awaitable[Any]) -> dict[str, Any]:
        """One call of the Web API, its errors told apart."""
        from aiohttp import ClientConnectorError, ClientError
        from slack_sdk.errors import SlackApiError, SlackClientError

        try:
            return dict((await call).data)
        except SlackApiError as error:
            raise _understood(method, error) from None
        except ClientConnectorError as error:
            raise SlackAway(f"{method}: {type(error).__name__}") from None
        except (ClientError, SlackClientError, TimeoutError, OSError, ValueError) as error:
            raise SlackAway(f"{method}: {type(error).__name__}", perhaps_done=True) from None

    async def _post(self, address: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """One use of a response address; the address itself is a secret."""
        from aiohttp import ClientError

        try:
            async with self._session.post(address, json=message) as response:
                await _used(response)
        except (ClientError, TimeoutError, OSError) as error:
            raise SlackAway(f"response_url: {type(error).__name__}") from None
        return {}


@lru_cache(maxsize=64)
def _within_limits(text: str, surface: limits.Surface) -> str:
    """What may leave, as JSON; the same payload (a help text, a card that did not change) is held against the limits once."""
    leaving = json.loads(text)
    try:
        limits.check(leaving, surface)
    except limits.PayloadTooLarge:
        log.exception("defect: a %s is larger than Slack takes, and was cut", surface)
        leaving = limits.fit(leaving, surface)
        limits.check(leaving, surface)
        return json.dumps(leaving)
    return text


async def _used(response: ClientResponse) -> None:
    """Read what a response address answered."""
    if response.status == 200:
        return
    if response.status == 429 or response.status >= 500:
        raise SlackAway(f"response_url: HTTP {response.status}", after=_seconds(response.headers) if response.status == 429 else 0.0)
    raise SlackSaidNo((await response.text())[:40], "response_url")


def _understood(method: str, error: Any) -> SlackAway | SlackSaidNo:
    """Tell an answer from a "later"."""
    response = error.response
    status = int(getattr(response, "status_code", None) or getattr(response, "status", 0) or 0)
    data = getattr(response, "data", None)
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        return SlackAway(f"{method}: busy", after=_seconds(response.headers))
    if status >= 500 or code in _BUSY or not code:
        return SlackAway(f"{method}: HTTP {status} {code}".strip(), perhaps_done=True)
    detail = "; ".join((data.get("response_metadata") or {}).get("messages") or ()) if isinstance(data, dict) else ""
    return SlackSaidNo(code, method, detail)


def _seconds(headers: Mapping[str, str]) -> float:
    """How long Slack asks to wait; a second when it does not say."""
    try:
        return max(0.1, float(headers.get("Retry-After", "1")))
    except ValueError:
        return 1.0


def web_client(token: str, api_url: str, session: ClientSession) -> AsyncWebClient:
    """Slack's own client on our one HTTP session; loopback and NO_PROXY are reached without the proxy."""
    from urllib.parse import urlsplit
    from urllib.request import proxy_bypass

    from slack_sdk.web.async_client import AsyncWebClient

    from bot.retries import ButNoPosts

    logger = logging.getLogger("slack_sdk")
    logger.setLevel(logging.WARNING)  # also spares it the formatting of debug lines for each call
    client = AsyncWebClient(token=token, base_url=api_url, session=session, logger=logger, retry_handlers=[ButNoPosts()])
    host = urlsplit(api_url).hostname or ""
    if host in {"127.0.0.1", "localhost", "::1"} or proxy_bypass(host):
        client.proxy = None
    return client
