"""Which calls Slack's client may send again by itself when a connection breaks: all but those that would post a message twice.

Whether a message arrived whose answer was lost is looked up in the channel (``bot/poster.py``); the client would just post it again.
"""

from __future__ import annotations

from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState


class ButNoPosts(AsyncConnectionErrorRetryHandler):
    """Once more, unless it is a post."""

    async def _can_retry_async(
        self, *, state: RetryState, request: HttpRequest, response: HttpResponse | None = None, error: Exception | None = None
    ) -> bool:
        if request.url.endswith("chat.postMessage"):
            return False
        return await super()._can_retry_async(state=state, request=request, response=response, error=error)
