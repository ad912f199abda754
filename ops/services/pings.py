"""A dead man's switch, as healthchecks.io and those like it have it: silence is what alerts.

``<url>/start``, ``<url>`` for success and ``<url>/fail``, each a POST with a few words; ``rid`` ties the start to its end. What the
address asks for after ``?`` (``create=1``) stays there.
"""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

import httpx

from ops.errors import Failed
from ops.services.trusted import certificates

_TIMEOUT = 10.0  # seconds
_BODY = 10_000  # bytes
_PATHS = {"start": "/start", "success": "", "fail": "/fail"}


def ping(url: str, state: str, body: str = "", run: str = "") -> None:
    """Say that something began, succeeded or failed.

    Raises:
        Failed: nobody took it.
    """
    try:
        with httpx.Client(timeout=_TIMEOUT, verify=certificates()) as client:
            answer = client.post(address(url, state, run), content=body.encode()[:_BODY])
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Failed(f"The dead man's switch does not answer ({type(error).__name__}).", "Look at its address.") from None
    if not answer.is_success:
        raise Failed(f"The dead man's switch answers {answer.status_code}.", "Look at its address.")


def address(url: str, state: str, run: str = "") -> str:
    """Where a state is said. Pure."""
    parts = urlsplit(url)
    asked = [parts.query, f"rid={uuid.uuid5(uuid.NAMESPACE_URL, run)}" if run else ""]
    return parts._replace(
        path=f"{parts.path.rstrip('/')}{_PATHS[state]}", query="&".join(each for each in asked if each), fragment=""
    ).geturl()
