"""The certificates that are trusted, read once: every HTTP client would spend 40 ms on reading them again."""

from __future__ import annotations

import ssl
from functools import cache


@cache
def certificates() -> ssl.SSLContext:
    """As httpx itself would read them; any thread may use it."""
    import httpx

    return httpx.create_ssl_context()
