"""PagerDuty's Events API v2: trigger, acknowledge, resolve (https://developer.pagerduty.com/docs/events-api-v2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from ops.errors import Failed, NotNow
from ops.services.trusted import certificates

_TIMEOUT = 15.0  # seconds
_SUMMARY = 1024  # characters that PagerDuty keeps
_TAKEN = 202


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened."""

    deed: str  # trigger, acknowledge, resolve
    key: str  # the same for all events of one alert
    summary: str
    source: str
    severity: str  # critical, error, warning, info
    at: datetime
    component: str
    details: Mapping[str, str]


def send(url: str, routing_key: str, event: Event) -> None:
    """Tell PagerDuty.

    Raises:
        Failed: it did not take it; a ``NotNow`` where it gave no answer, or asks to wait.
    """
    content: dict[str, Any] = {"routing_key": routing_key, "event_action": event.deed, "dedup_key": event.key[:255]}
    if event.deed == "trigger":
        content["payload"] = {
            "summary": event.summary[:_SUMMARY],
            "source": event.source,
            "severity": event.severity,
            "timestamp": event.at.isoformat(),
            "component": event.component,
            "custom_details": dict(event.details),
        }
    try:
        with httpx.Client(timeout=_TIMEOUT, verify=certificates()) as client:
            answer = client.post(f"{url.rstrip('/')}/v2/enqueue", json=content)
    except httpx.TimeoutException as error:
        raise NotNow(f"PagerDuty does not answer ({type(error).__name__}).", "It is tried again.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Failed(f"PagerDuty does not answer ({type(error).__name__}).", "It is tried again.") from None
    if answer.status_code == 429:
        raise NotNow("PagerDuty takes no more events for the moment (429).", "It is tried again.")
    if answer.status_code != _TAKEN:
        raise Failed(f"PagerDuty refuses the event ({answer.status_code}).", "Look at PAGERDUTY_KEY: an Events API v2 integration's.")
