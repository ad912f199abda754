"""A dead man's switch, as healthchecks.io and those like it have it: silence is what alerts.

``<url>/start``, ``<url>`` for success and ``<url>/fail``, each a POST with a few words; ``rid`` ties the start to its end.
"""

from __future__ import annotations

import uuid

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
    named = {"rid": str(uuid.uuid5(uuid.NAMESPACE_URL, run))} if run else None
    try:
        with httpx.Client(timeout=_TIMEOUT, verify=certificates()) as client:
            answer = client.post(f"{url.rstrip('/')}{_PATHS[state]}", params=named, content=body.encode()[:_BODY])
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Failed(f"The dead man's switch does not answer ({type(error).__name__}).", "Look at its address.") from None
    if not answer.is_success:
        raise Failed(f"The dead man's switch answers {answer.status_code}.", "Look at its address.")
