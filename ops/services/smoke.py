"""Ask a page of the app and look at what it answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from ops.services.trusted import certificates

_TIMEOUT = 15.0  # seconds for one answer
_PAUSE = 1.0  # seconds between two tries
_READ = 2_000_000  # bytes of an answer in which the text is looked for


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a page answered."""

    url: str
    fault: str  # "" when it is as it should be
    seconds: float


def ask(  # noqa: PLR0913 # what a page is asked with, all named
    url: str, status: int, text: str, *, cookies: Mapping[str, str], patience: float, stop: threading.Event
) -> Asked:
    """Ask until the page is as it should be, or the patience (seconds) is over: a new site takes a moment to be everywhere."""
    begun = time.monotonic()
    with httpx.Client(timeout=_TIMEOUT, cookies=dict(cookies), verify=certificates()) as client:
        while True:
            fault = _fault(client, url, status, text)
            if not fault or stop.is_set() or time.monotonic() - begun > patience:
                return Asked(url=url, fault=fault, seconds=round(time.monotonic() - begun, 3))
            stop.wait(_PAUSE)


def _fault(client: httpx.Client, url: str, status: int, text: str) -> str:
    """What is not as it should be; "" when nothing is."""
    try:
        with client.stream("GET", url, headers={"cache-control": "no-cache", "user-agent": "backstop-smoke-test"}) as answer:
            if answer.status_code != status:
                return f"answers {answer.status_code}, not {status}"
            return "" if not text or text in _beginning(answer) else f"does not say “{text[:60]}”"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"does not answer ({type(error).__name__})"


def _beginning(answer: httpx.Response) -> str:
    """The answer's text, as far as is read of it."""
    held = bytearray()
    for chunk in answer.iter_bytes():
        held += chunk
        if len(held) >= _READ:
            break
    return held.decode(answer.encoding or "utf-8", "replace")
