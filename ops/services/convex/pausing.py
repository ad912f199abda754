"""Pause a deployment while its data go back, let it run again, and see whether it is."""

from __future__ import annotations

import re

from ops.services.convex.door import Door
from ops.services.convex.trouble import ConvexFailed, plain

_FORBIDDEN = frozenset({401, 403, 404, 405})
_PAUSED = re.compile(r"DeploymentPaused|while this deployment is paused")
_ANSWERED = frozenset({200, 400, 404, 560})  # 560 is Convex's status for a function that failed
_NOT_PAUSED = re.compile(r"not currently paused")
_NOBODY = "backstop:paused"  # no app has this function: only whether functions run at all is in the answer


class MayNotPause(ConvexFailed):
    """The key, or the deployment's version, does not allow it."""


def pause(door: Door) -> None:
    """Stop every function of the app; a second time changes nothing.

    Raises:
        MayNotPause: the key may not.
    """
    _switch(door, "pause")


def unpause(door: Door) -> None:
    """Let them run again; a second time changes nothing.

    Raises:
        MayNotPause: the key may not.
    """
    _switch(door, "unpause")


def paused(door: Door) -> bool | None:
    """Whether the deployment is paused; None where it does not say."""
    asked = {"path": _NOBODY, "format": "convex_encoded_json", "args": [{}]}
    answer = door.call("POST", "/api/query", asked)
    return bool(_PAUSED.search(answer.text)) if answer.status_code in _ANSWERED else None


def _switch(door: Door, word: str) -> None:
    """Ask for it once, and read what it means."""
    answer = door.call("POST", f"/api/v1/{word}_deployment")
    if answer.is_success or _NOT_PAUSED.search(answer.text):
        return
    if answer.status_code in _FORBIDDEN:
        raise MayNotPause(
            f"The key for {door.target.label} may not {word} it ({answer.status_code}).",
            f"Give {door.target.variable} a key with `deployment:{word}`, or set `[convex] pause` to false.",
        )
    raise ConvexFailed(
        f"{door.target.label} could not be {word}d: {answer.status_code} {plain(answer.text, door.target)}.", "Look at its dashboard."
    )
