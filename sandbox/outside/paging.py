"""PagerDuty's Events API v2, and a dead man's switch as healthchecks.io has it, on one port.

An event opens, acknowledges or resolves the incident of its ``dedup_key``, as PagerDuty does; a ping is only kept.
"""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.now import Now
from sandbox.serving import Serving

_DEEDS = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}
_SEVERITIES = {"critical", "error", "warning", "info"}


class PagingServer:
    """One service of PagerDuty's.

    Args:
        now: its clock; this machine's unless it is said.
    """

    key = "routing-key-of-the-sandbox-0123456"

    def __init__(self, now: Now | None = None) -> None:
        self._lock, self._now = threading.Lock(), now or Now()
        self.events: list[dict[str, Any]] = []
        self.pings: list[tuple[str, str, str]] = []  # what was asked, its run, its body
        self.incidents: dict[str, dict[str, Any]] = {}  # by their key
        self._pinged_at: dict[str, datetime] = {}  # when each was last asked
        self.status: int | None = None  # of every answer, where it is to fail
        self.delay = 0.0  # seconds
        self.tries = 0
        app = Starlette(
            routes=[Route("/v2/enqueue", self._enqueue, methods=["POST"]), Route("/ping/{path:path}", self._pinged, methods=["POST"])]
        )
        self._serving = Serving(app, name="paging")

    def start(self) -> Self:
        """Serve."""
        self._serving.start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        self._serving.stop()

    @property
    def url(self) -> str:
        """What PAGERDUTY_URL has to be."""
        return self._serving.url

    @property
    def ping_url(self) -> str:
        """Where the dead man's switch is."""
        return f"{self._serving.url}/ping"

    @property
    def incidents_now(self) -> list[dict[str, Any]]:
        """Every incident as it stands, the one that changed last first."""
        with self._lock:
            return sorted(({"id": key, **each} for key, each in self.incidents.items()), key=lambda each: each["changed"], reverse=True)

    @property
    def pinged(self) -> dict[str, datetime]:
        """When each of the dead man's switches was last pinged, by what was asked."""
        with self._lock:
            return dict(self._pinged_at)

    async def _enqueue(self, request: Request) -> Response:
        """Take an event, or say what is wrong with it."""
        self.tries += 1
        await asyncio.sleep(self.delay)
        if self.status is not None:
            return JSONResponse({"status": "error", "message": "The sandbox was told to fail"}, self.status)
        event = await request.json()
        if wrong := _wrong(event, self.key):
            return JSONResponse({"status": "invalid event", "message": "Event object is invalid", "errors": [wrong]}, 400)
        with self._lock:
            self.events.append(event)
            self._apply(event)
        return JSONResponse({"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}, 202)

    def _apply(self, event: dict[str, Any]) -> None:
        """What becomes of its incident; what is over stays over but for a new trigger."""
        key, deed = event["dedup_key"], event["event_action"]
        before = self.incidents.get(key)
        if deed == "trigger":
            self.incidents[key] = {
                **event["payload"],
                "status": before["status"] if before and before["status"] != "resolved" else "triggered",
                "changed": self._now.moment(),
            }
        elif before is not None and before["status"] != "resolved":
            before |= {"status": _DEEDS[deed], "changed": self._now.moment()}

    async def _pinged(self, request: Request) -> Response:
        """Take a ping."""
        body = (await request.body()).decode()
        if self.status is not None:
            return PlainTextResponse("no", self.status)
        with self._lock:
            self.pings.append((request.path_params["path"], request.query_params.get("rid", ""), body))
            self._pinged_at[request.path_params["path"]] = self._now.moment()
        return PlainTextResponse("OK")


def _wrong(event: dict[str, Any], key: str) -> str:
    """What PagerDuty would not take."""
    payload = event.get("payload") or {}
    if event.get("routing_key") != key:
        return "'routing_key' is invalid"
    if event.get("event_action") not in _DEEDS or not event.get("dedup_key"):
        return "'event_action' or 'dedup_key' is missing or invalid"
    if event["event_action"] != "trigger":
        return ""
    if not payload.get("summary") or len(payload["summary"]) > 1024 or not payload.get("source"):
        return "'payload.summary' or 'payload.source' is missing or too long"
    return "" if payload.get("severity") in _SEVERITIES else "'payload.severity' is invalid"
