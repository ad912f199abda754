"""What we ask a deployment ourselves over HTTP: its name, its newest export, and to cancel an export of ours."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ops.services.convex import latest
from ops.services.convex.latest import Latest
from ops.services.convex.target import Target, WrongTarget
from ops.services.convex.trouble import AGAIN, ConvexFailed, Trouble, Unreachable, error, plain
from ops.services.trusted import certificates

if TYPE_CHECKING:
    import httpx

Answered = TypeVar("Answered")  # an answer; None where there may be none

log = logging.getLogger(__name__)

_CONNECT = 5.0  # seconds
_ANSWER = 10.0  # seconds
_PAUSES = (0.5, 1.0)  # seconds before each further try
_PATIENCE = 4.0  # seconds after which there is no further try
_PASSING = frozenset({500, 502, 503, 504})  # statuses that may be gone a moment later
_STATUSES = {401: Trouble.KEY, 403: Trouble.SERVER, 429: Trouble.LIMITED}
_INSTANCE = re.compile(r"[\w.-]{1,100}")


@dataclass(frozen=True)
class Door:
    """The HTTP door of one deployment, open for a while."""

    target: Target
    again: str = AGAIN  # what to do once a trouble is over

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def instance(self) -> str:
        """What the deployment calls itself.

        Raises:
            Unreachable, ConvexFailed: it does not say.
            WrongTarget: it is another than the one that is meant.
        """
        answer = self._patiently(partial(self._client.get, f"{self.url}/instance_name"))
        self._require(answer)
        name = _named(answer.text)
        if name is None:
            raise self._error(Trouble.NO_CONVEX)
        if not self.target.is_called(name):
            raise WrongTarget(
                f"The deployment that answers for {self.target.label} calls itself “{name}”.",
                f"Nothing was done. If it is the right one, correct `[convex.{self.target.environment}] name`; if not, correct its `url` "
                f"or {self.target.variable}.",
            )
        return name

    def first_look(self) -> Latest | None:
        """The newest export, asked for with patience: this is also how we find out that nobody answers.

        Raises:
            Unreachable.
        """
        return self._latest(self._patiently(partial(self._ask, self.url)))

    def look(self) -> Latest | None:
        """The newest export; None if the deployment does not tell.

        Raises:
            Unreachable.
        """
        return self._latest(self._once(partial(self._ask, self.url)))

    def cancel(self, export: Latest) -> bool:
        """Have the server give up an export; False if it did not say that it does.

        Raises:
            Unreachable.
        """
        path = f"{self.url}/api/export/cancel/{export.id}"
        return self._once(partial(self._client.post, path, headers=self._headers)).is_success

    def query(self, path: str, **arguments: Any) -> Any:
        """What one of the system's own queries answers.

        Raises:
            Unreachable, ConvexFailed.
        """
        asked = {"path": path, "format": "convex_encoded_json", "args": [arguments]}
        answer = self._patiently(partial(self._client.post, f"{self.url}/api/query", headers=self._headers, json=asked))
        self._require(answer)
        said = _json(answer.text)
        if not isinstance(said, dict) or said.get("status") != "success":
            words = plain(str(said.get("errorMessage") if isinstance(said, dict) else answer.text), self.target)
            raise self._error(Trouble.SERVER, words or "no answer")
        return said.get("value")

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """Call the deployment with our key, however it answers; a POST is sent once.

        Raises:
            Unreachable: it does not answer.
        """
        ask = partial(self._client.request, method, f"{self.url}{path}", headers=self._headers, json=body)
        return self._patiently(ask) if method == "GET" else self._once(ask)

    def within(self, seconds: float, method: str, path: str) -> httpx.Response | None:
        """The same where the deployment waits until it has something to say; None where it says nothing within these seconds.

        Raises:
            Unreachable: it cannot be reached.
        """
        import httpx

        def ask() -> httpx.Response | None:
            timeout = httpx.Timeout(seconds, connect=_CONNECT)
            try:
                return self._client.request(method, f"{self.url}{path}", headers=self._headers, timeout=timeout)
            except httpx.ReadTimeout:
                return None

        return self._once(ask)

    def require(self, answer: httpx.Response) -> None:
        """Raise what an answer means that is none."""
        self._require(answer)

    @cached_property
    def url(self) -> str:
        """Where the deployment is; that of a deploy key is asked of Convex's cloud.

        Raises:
            Unreachable, ConvexFailed.
        """
        if self.target.url:
            return self.target.url
        path = f"{self.target.provision}/api/deployment/url_for_key"
        answer = self._patiently(partial(self._client.post, path, json={"deployKey": self.target.key}))
        if answer.is_client_error:
            raise self._error(Trouble.KEY)
        self._require(answer)
        return _address(answer.text) or self._no_address()

    def _no_address(self) -> str:
        raise ConvexFailed(
            f"Convex did not say where {self.target.label} is.", f"Check {self.target.variable}, then https://status.convex.dev."
        )

    @cached_property
    def _client(self) -> httpx.Client:
        """Imported when it is needed: the bot starts faster without it."""
        import httpx

        logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every look at an export
        timeout = httpx.Timeout(_ANSWER, connect=_CONNECT)
        return httpx.Client(timeout=timeout, headers={"User-Agent": "backstop"}, verify=certificates())

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Convex {self.target.key}"}

    def _ask(self, url: str) -> httpx.Response:
        """Ask as the CLI's own client does."""
        query = {"path": "_system/cli/exports:getLatest", "format": "convex_encoded_json", "args": [{}]}
        return self._client.post(f"{url}/api/query", headers=self._headers, json=query)

    def _latest(self, answer: httpx.Response) -> Latest | None:
        """Read the answer; a key that may not look, or another server's way, is no reason to fail."""
        said = _json(answer.text) if answer.is_success else None
        if not isinstance(said, dict) or said.get("status") != "success":
            log.info("%s does not tell its newest export: %s", self.target.label, answer.status_code)
            return None
        return latest.read(said.get("value"))

    def _patiently(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """Try thrice, if that takes no long time: a moment's trouble of the network or of a proxy is no reason to fail."""
        until = time.monotonic() + _PATIENCE
        for pause in _PAUSES:
            try:
                answer = self._once(ask)
            except Unreachable:
                if time.monotonic() > until:
                    raise
            else:
                if answer.status_code not in _PASSING:
                    return answer
            time.sleep(pause)
        return self._once(ask)

    def _once(self, ask: Callable[[], Answered]) -> Answered:
        """Ask, and say in our words that nobody answers."""
        import httpx

        try:
            return ask()
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            words = plain(_cause(failure), self.target)
            kind = Trouble.CERTIFICATE if "CERTIFICATE" in words.upper() else Trouble.UNREACHABLE
            raise self._error(kind, words) from None

    def _require(self, answer: httpx.Response) -> None:
        """Raise what an answer means that is none."""
        if answer.is_success:
            return
        otherwise = Trouble.SERVER if answer.is_server_error else Trouble.NO_CONVEX
        raise self._error(_STATUSES.get(answer.status_code, otherwise), f"{answer.status_code} {answer.reason_phrase}".strip())

    def _error(self, kind: Trouble, words: str = "") -> ConvexFailed:
        """A trouble, with what to do about it here."""
        return error(kind, self.target, words=words, again=self.again)


def _cause(failure: Exception) -> str:
    """Why nobody answers, in a few words."""
    import httpx

    if isinstance(failure, httpx.ConnectTimeout):
        return f"no connection within {_CONNECT:g} seconds"
    if isinstance(failure, httpx.TimeoutException):
        return f"no answer within {_ANSWER:g} seconds"
    return re.sub(r"^\[Errno -?\d+\] ", "", str(failure)) or type(failure).__name__


def _named(text: str) -> str | None:
    """The name in an answer: bare, or as JSON."""
    said = _json(text)
    name = said if isinstance(said, str) else text.strip()
    return name if _INSTANCE.fullmatch(name) else None


def _address(text: str) -> str | None:
    """The address in an answer: bare, or as JSON."""
    said = _json(text)
    url = (said if isinstance(said, str) else text.strip()).rstrip("/")
    return url if re.fullmatch(r"https?://\S+", url) else None


def _json(text: str) -> Any:
    """What the JSON says; None if it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None
