"""Make a plan of an assessment, and gather again what it binds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ops import spots
from ops.context import Services
from ops.deploy.planning import settings_digest
from ops.errors import Refused
from ops.plans import Plan
from ops.restore.assessing import Assessment
from ops.restoring.around import SPOTS
from ops.restoring.data import ALONE
from ops.restoring.looking import previewed, sha256_now
from ops.restoring.staged import PUT_BACK, SAVED
from ops.settings import Settings
from ops.words import one_line

PRODUCTION, STAGING = KINDS = ("restore", "staging restore")
REASON, IMPACT, BEGAN = 500, 500, 100  # characters
UNKNOWN_SECONDS = 1200.0  # the document's 20 minutes, until one was done


def plan(  # noqa: PLR0913 # what was found, and what somebody says of it
    settings: Settings, found: Assessment, reason: str, impact: str = "", began: str = "", *, usual: float | None = None
) -> Plan:
    """What will be done, as an approval binds it; ``usual`` is how long former ones took, in seconds.

    Raises:
        Refused: no reason is given.
    """
    if not reason.strip():
        raise Refused("A restore needs a reason: those who sign will read it, and the incident report keeps it.", "Say what is wrong.")
    kind = PRODUCTION if found.environment == "production" else STAGING
    return Plan(
        kind=kind,
        environment=found.environment,
        bound=_bound(settings, found),
        shown={**_shown(found, reason, impact, began), "functions": settings.app.functions, "usual": usual},
    )


def _bound(settings: Settings, found: Assessment) -> dict[str, Any]:
    """What is gathered again at the start and compared."""
    return {
        "environment": found.environment,
        "target": found.target,
        "branch": found.branch,
        "head": found.live.hash,
        "commit": found.commit,
        "backup": found.backup.id,
        "sha256": found.backup.sha256 or "",
        "data": True,
        "schema_differs": found.pushes,
        "maintenance": found.maintenance,
        "pause": found.paused,
        "import_mode": settings.convex.import_mode,
        "rehearsal": found.rehearsal,
        "steps": list(steps(settings, found)),
        "settings": settings_digest(settings),
    }


def _shown(found: Assessment, reason: str, impact: str, began: str) -> dict[str, Any]:
    """What people read before they decide."""
    return {
        **previewed(found.backup),
        "reason": one_line(reason, REASON),
        "impact": one_line(impact, IMPACT),
        "began": one_line(began, BEGAN),
        "loss": found.loss.as_json() if found.loss else None,
        "loss_unknown": found.loss_unknown,
        "counted": found.counted.isoformat(),
        "page_missing": found.page_missing,
        "maintenance_stays": found.maintenance_stays,
        "pause_ends": found.pause_ends,
        "rehearsed": found.rehearsed,
        "left": found.left if found.environment != "production" else None,
        "schema_differs": found.schema_differs,
        "unvalidated": found.unvalidated,
        "spots": spots.dump(found.spots),
    }


def found(services: Services, bound: Mapping[str, Any]) -> dict[str, Any]:
    """What the plan binds, as it is now: what differs makes an approval void."""
    settings = services.settings
    there = {each.id: each for each in services.catalogue.all()}.get(bound["backup"])
    return {
        **bound,
        "target": services.target(bound["environment"]),
        "branch": settings.app.production_branch,
        "head": services.git.remote_head(settings.app.production_branch),
        "backup": there.id if there is not None and not there.problem else "",
        "sha256": sha256_now(services, there) if there is not None and bound["sha256"] else "",
        "settings": settings_digest(settings),
    }


def steps(settings: Settings, found: Assessment) -> Sequence[str]:
    """The steps that a card names before they have run, in their order. Pure."""
    ours = found.environment == "production"
    push = settings.app.functions == "bot" and found.pushes
    lent = found.rehearsal and settings.verification.put_back
    smoke = any(page.environment == found.environment for page in settings.smoke)
    listed = {
        "nothing moved": True,
        "staging": not ours,
        "archive": True,
        SAVED: lent,
        "packages": push,
        ALONE: ours,
        "maintenance on": found.maintenance,
        "pause": found.paused,
        "safety backup": ours,
        "functions without validation": push,
        "data": True,
        "delta": ours,
        "proof": True,
        "functions": push,
        SPOTS: ours and bool(settings.spot_check),
        "unpause": found.paused,
        "smoke tests": smoke,
        "maintenance off": found.maintenance,
        "report": ours,
        PUT_BACK: lent,
    }
    return tuple(name for name, there in listed.items() if there)
