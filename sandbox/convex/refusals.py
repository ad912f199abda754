"""What the deployment says no to, in the shape that the CLI reads."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """An answer with a code, a message and a status instead of a result."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def response(self) -> Response:
        """As it goes over the wire."""
        return JSONResponse({"code": self.code, "message": self.message}, self.status)


async def answer(_: Request, refusal: Exception) -> Response:
    """Starlette's handler for a Refusal."""
    if not isinstance(refusal, Refusal):
        raise refusal
    return refusal.response()
