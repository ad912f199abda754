"""How Slack says no."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import JSONResponse


class Refusal(Exception):
    """An error code, with words for whoever reads the log."""

    def __init__(self, code: str, messages: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code, self.messages = code, list(messages)

    def response(self) -> JSONResponse:
        """As the Web API says it: with HTTP 200."""
        metadata = {"response_metadata": {"messages": self.messages}} if self.messages else {}
        return JSONResponse({"ok": False, "error": self.code, **metadata})


def ratelimited(seconds: float) -> JSONResponse:
    """Too many calls: wait so long."""
    return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)})
