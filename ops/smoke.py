"""Smoke tests: the pages of the settings that must answer, all at once."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ops.errors import Failed
from ops.services.smoke import Asked, ask
from ops.settings import Smoke

PATIENCE = 60.0  # seconds until a page must be as it should be


def require(pages: Sequence[Smoke], stop: threading.Event, *, cookies: Mapping[str, str], patience: float = PATIENCE) -> dict[str, Any]:
    """Ask each page.

    Raises:
        Failed: with each that is not as it should be.
    """
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="smoke") as pool:
        asked = list(pool.map(lambda page: ask(page.url, page.status, page.text, cookies=cookies, patience=patience, stop=stop), pages))
    if bad := [each for each in asked if each.fault]:
        raise Failed(
            f"{len(bad)} of {len(asked)} smoke tests failed: " + "; ".join(f"{each.url} {each.fault}" for each in bad[:3]) + ".",
            "Look at these pages. If the app is broken, roll back.",
        )
    return summary(asked)


def summary(asked: Sequence[Asked]) -> dict[str, Any]:
    """What a card says of them. Pure."""
    return {"passed": len(asked), "of": len(asked), "slowest": max((each.seconds for each in asked), default=0.0)}
