"""One request to Vercel, and what its answer means. What asks is tried again; what changes is sent once, but for "too many" (429).

A change whose answer is lost may have been made: whoever sent it looks before it sends anything again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ops.errors import Failed
from ops.services.lines import mask
from ops.services.trusted import certificates
from ops.settings import Settings, Vercel

if TYPE_CHECKING:
    import httpx

_CONNECT, _ANSWER = 5.0, 20.0  # seconds
_TRIES = 4
_LONGEST = 10.0  # seconds that Vercel may ask us to wait
_PASSING = frozenset({500, 502, 503, 504})


class VercelFailed(Failed):
    """Vercel could not do it, or does not answer; the message says why."""

    def __init__(self, message: str, remedy: str = "", *, status: int = 0) -> None:
        super().__init__(message, remedy)
        self.status = status


class PlanForbids(VercelFailed):
    """The team's plan has no instant rollback to that deployment."""


class Door:
    """The API of one project."""

    def __init__(self, settings: Settings, vercel: Vercel) -> None:
        self.project = vercel.project
        self._base, self._team = settings.vercel_api_url.rstrip("/"), vercel.team
        self._token = settings.secrets.vercel_token.get_secret_value() if settings.secrets.vercel_token else ""

    def get(self, path: str, **query: Any) -> Any:
        """Ask, several times if need be.

        Raises:
            VercelFailed.
        """
        return self._tried("GET", path, query, None, again=True)

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> Any:
        """Change something, once.

        Raises:
            PlanForbids, VercelFailed: ``status`` is Vercel's, or 0 where no answer came.
        """
        return self._tried(method, path, query, dict(body or {}), again=False)

    def _tried(self, method: str, path: str, query: Mapping[str, Any], body: Mapping[str, Any] | None, *, again: bool) -> Any:
        """Send it until an answer is final."""
        for number in range(1, _TRIES + 1):
            last = number == _TRIES
            try:
                answer = self._once(method, path, query, body)
            except VercelFailed:
                if last or not again:
                    raise
                time.sleep(0.3 * number)
                continue
            if not last and (answer.status_code == 429 or (again and answer.status_code in _PASSING)):
                time.sleep(_pause(answer, number))
                continue
            return self._read(answer)
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, path: str, query: Mapping[str, Any], body: Mapping[str, Any] | None) -> httpx.Response:
        """Send it once."""
        import httpx

        scope = {} if not self._team else {"teamId": self._team} if self._team.startswith("team_") else {"slug": self._team}
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every look
        headers = {"Authorization": f"Bearer {self._token}", "User-Agent": "backstop"}
        try:
            with httpx.Client(timeout=httpx.Timeout(_ANSWER, connect=_CONNECT), headers=headers, verify=certificates()) as client:
                return client.request(method, f"{self._base}{path}", params={**query, **scope}, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise VercelFailed(
                f"Vercel does not answer: {self._plain(str(error) or type(error).__name__)}.",
                "Look at the network and https://www.vercel-status.com, then try again.",
            ) from None

    def _read(self, answer: httpx.Response) -> Any:
        """What an answer says; an error in our words with Vercel's own in them."""
        if answer.is_success:
            return answer.json() if answer.content else {}
        status, words = answer.status_code, self._plain(_words(answer))
        if status == 402:
            raise PlanForbids(f"Vercel's plan does not allow it: {words}.", "Its build is followed instead.", status=402)
        message, remedy = _MEANINGS.get(
            status, ("Vercel answered {status}: {words}.", "Look at https://www.vercel-status.com, then retry.")
        )
        raise VercelFailed(message.format(status=status, words=words, project=self.project), remedy, status=status)

    def _plain(self, text: str) -> str:
        """A text without the token."""
        return mask(text, (self._token,) if self._token else ()).strip().rstrip(".")[:200]


_MEANINGS = {
    401: ("Vercel does not accept our token: {words}.", "Set VERCEL_TOKEN to a valid one, then start Backstop again."),
    403: ("Vercel's token may not do this: {words}.", "Give VERCEL_TOKEN access to the project, and look at `[vercel] team`."),
    404: ("Vercel does not know it: {words}.", "Look at `[vercel] project` and `[vercel] team`."),
    429: ("Vercel takes no more requests for the moment.", "Wait a minute, then retry."),
}


def _pause(answer: httpx.Response, number: int) -> float:
    """How long to wait before the next try, in seconds."""
    try:
        return min(float(answer.headers.get("Retry-After", "")), _LONGEST)
    except ValueError:
        return 0.3 * number


def _words(answer: httpx.Response) -> str:
    """Vercel's own words."""
    try:
        error = answer.json()["error"]
        return str(error.get("message") or error.get("code"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return answer.reason_phrase or "no reason"
