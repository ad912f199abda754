"""Staging proves that it is staging before anything is written there: it carries a mark that production must lack.

The mark is an environment variable, which no import touches. There is no way round it: a drill or a verification that ran
against production would be the disaster that it rehearses.
"""

from __future__ import annotations

import secrets
from typing import Any

from ops import pausing
from ops.context import Services
from ops.errors import Failed, Refused
from ops.journal import Interrupted, Operation
from ops.journal.reading import Readings

ENVIRONMENT = "staging"
_STEP = "staging"
MARK = "BACKSTOP_STAGING"
_SHORTEST = 16  # characters: a value that nobody sets by accident


def configured(services: Services) -> bool:
    """Whether there is a staging deployment."""
    return services.settings.convex.deployment(ENVIRONMENT) is not None


def require(op: Operation, services: Services) -> None:
    """Have staging prove itself, as a step; after a restart once more, since the settings may name another deployment by then.

    Raises:
        Failed: it is not proven, or not the deployment that it was.
    """
    before = Readings(services.engine).step_result(op.id, _STEP)

    def look() -> dict[str, Any]:
        return {**prove(services), "paused": pausing.by_hand(services, ENVIRONMENT) is not None}

    op.step(_STEP, look, if_interrupted=Interrupted.REDO)
    if before is not None and (now := prove(services))["instance"] != before["instance"]:
        raise Failed(
            f"Staging was {before['instance']} when this began, and is {now['instance']} now; nothing was written there.",
            "Correct `[convex.staging]`, or begin again. What was saved of the former one is in the backup folder's `.state`.",
        )


def was_paused(op: Operation, services: Services) -> bool:
    """Whether a person had paused it when the operation began."""
    return bool((Readings(services.engine).step_result(op.id, _STEP) or {}).get("paused"))


def prove(services: Services) -> dict[str, Any]:
    """Look at both deployments: staging has the mark, production has not, and they are two.

    Raises:
        Failed: it is not proven; nothing was written.
    """
    ours, mark, target = _apart(services), services.convex.variable(ENVIRONMENT, MARK), services.target(ENVIRONMENT)
    remedy = f"If it is staging: `python -m ops mark-staging` sets {MARK} there. Nothing was written."
    if mark is None:
        raise Failed(f"{target} does not prove that it is staging: it has no variable {MARK}.", remedy)
    if len(mark) < _SHORTEST:
        raise Failed(f"The variable {MARK} of {target} is shorter than {_SHORTEST} characters.", remedy)
    return {"instance": ours}


def _apart(services: Services) -> str:
    """What staging calls itself, where production is another deployment and lacks the mark.

    Raises:
        Failed: they cannot be told apart; the two may be exchanged in the settings.
    """
    convex = services.convex
    ours, theirs = convex.instance(ENVIRONMENT), convex.instance("production")
    if ours == theirs:
        raise Failed(f"Staging and production are one deployment: {ours}.", "Correct `[convex.staging]`. Nothing was written.")
    if convex.variable("production", MARK) is not None:
        raise Failed(
            f"Production ({theirs}) has the variable {MARK} too, so it proves nothing.",
            f"Is {theirs} really production? If `[convex.production]` and `[convex.staging]` are exchanged, correct them; only if not, "
            f"remove {MARK} from it. Nothing was written.",
        )
    return ours


def mark(services: Services) -> str:
    """Set the mark on staging, if production is another deployment and lacks it; what staging calls itself.

    Raises:
        Refused: there is no staging.
        Failed: it cannot be told from production; nothing was written.
    """
    if not configured(services):
        raise Refused("No staging deployment is set.", "Add `[convex.staging]` to backstop.toml, and CONVEX_STAGING_KEY.")
    ours = _apart(services)
    if len(services.convex.variable(ENVIRONMENT, MARK) or "") < _SHORTEST:
        services.convex.set_variable(ENVIRONMENT, MARK, secrets.token_urlsafe(24))
        return str(prove(services)["instance"])
    return ours
