"""Make a plan of a preview, and gather again what it binds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ops.context import Services
from ops.deploy.planning import settings_digest
from ops.errors import Refused
from ops.manifest import Backup
from ops.plans import Plan
from ops.restoring.around import SPOTS
from ops.restoring.data import ALONE
from ops.restoring.looking import previewed, sha256_now
from ops.rollback.preview import ENVIRONMENT, Preview
from ops.settings import Settings
from ops.words import one_line

QUICK, FULL = KINDS = ("quick rollback", "full rollback")
REASON, IMPACT = 500, 500  # characters

Order = Literal["data, functions", "functions, data", "open, data, functions"]
"""In which order data and functions go back; "open" is a push in between, without validation."""


def kind_of(*, data: bool) -> str:
    """Which operation it is."""
    return FULL if data else QUICK


def plan(settings: Settings, preview: Preview, reason: str, impact: str = "") -> Plan:
    """What will be done, as an approval binds it.

    Raises:
        Refused: there is nothing to do, or no reason is given.
    """
    if preview.nothing_new and not preview.data:
        raise Refused(
            f"Production is at {preview.backup.short_commit} already, the commit of `{preview.backup.id}`.",
            "To bring its data back, choose a full backup with its data.",
        )
    if not reason.strip():
        raise Refused("A rollback needs a reason: those who sign, and those whose commits go, will read it.", "Say what is wrong.")
    kind = kind_of(data=preview.data)
    return Plan(kind=kind, environment=ENVIRONMENT, bound=_bound(settings, preview), shown=_shown(preview, reason, impact))


def _bound(settings: Settings, preview: Preview) -> dict[str, Any]:
    """What is gathered again at the start and compared."""
    return {
        "target": preview.target,
        "branch": preview.branch,
        "head": preview.live.hash,
        "backup": preview.backup.id,
        "sha256": preview.backup.sha256 or "",
        "commit": preview.backup.commit_hash,
        "data": preview.data,
        "schema_differs": preview.schema_differs,
        "deployment": preview.deployment,
        "maintenance": preview.maintenance,
        "pause": preview.paused,
        "import_mode": settings.convex.import_mode,
        "steps": list(steps(data=preview.data, maintenance=preview.maintenance, pause=preview.paused, settings=settings)),
        "settings": settings_digest(settings),
    }


def _shown(preview: Preview, reason: str, impact: str) -> dict[str, Any]:
    """What people read before they decide."""
    return {
        **previewed(preview.backup),
        "reason": one_line(reason, REASON),
        "impact": one_line(impact, IMPACT),
        "message": preview.backup.commit_message,
        "undone": preview.undone,
        "commits": list(preview.commits),
        "authors": [list(pair) for pair in preview.authors],
        "returning": preview.returning,
        "loss": preview.loss.as_json() if preview.loss else None,
        "loss_unknown": preview.loss_unknown,
        "counted": preview.counted.isoformat(),
        "page_missing": preview.page_missing,
        "maintenance_stays": preview.maintenance_stays,
        "pause_ends": preview.pause_ends,
    }


def found(services: Services, bound: Mapping[str, Any]) -> dict[str, Any]:
    """What the plan binds, as it is now: what differs makes an approval void."""
    settings = services.settings
    there = {each.id: each for each in services.catalogue.all()}.get(bound["backup"])
    return {
        **bound,
        "target": services.target(ENVIRONMENT),
        "branch": settings.app.production_branch,
        "head": services.git.remote_head(settings.app.production_branch),
        "backup": there.id if there is not None and not there.problem else "",
        "sha256": _sha256(services, there, data=bound["data"]) if there is not None else "",
        "settings": settings_digest(settings),
    }


def _sha256(services: Services, backup: Backup, *, data: bool) -> str:
    """Of the archive as it lies there, where its data are brought back; as it was recorded where only the code is."""
    return sha256_now(services, backup) if data and backup.sha256 else backup.sha256 or ""


def steps(*, data: bool, maintenance: bool, pause: bool, settings: Settings) -> Sequence[str]:
    """The steps that a card names before they have run, in their order. Pure."""
    own, site = settings.app.functions == "bot", settings.vercel is not None
    smoke = any(page.environment == ENVIRONMENT for page in settings.smoke)
    listed = {
        "nothing moved": True,
        "archive": data,
        "packages": own or data,
        ALONE: data,
        "maintenance on": maintenance,
        "pause": pause,
        "safety backup": True,
        "code": True,
        "data": data,
        "delta": data,
        "proof": data,
        "functions": own or data,
        SPOTS: data and bool(settings.spot_check),
        "unpause": pause,
        "site": site,
        "smoke tests": smoke,
        "maintenance off": maintenance,
        "release": True,
    }
    return tuple(name for name, there in listed.items() if there)


def order(*, schema_differs: bool, old_code_fits: bool) -> Order:
    """Which order works. Pure.

    Convex refuses rows that do not fit the schema that is pushed, and a schema that the rows there do not fit. With one schema
    for both nothing can clash. Where the old functions fit the present rows, they go first, and the old rows fit them. Where
    neither does, the old functions go first without validation, then the rows, then the functions as they are.
    """
    if not schema_differs:
        return "data, functions"
    return "functions, data" if old_code_fits else "open, data, functions"


def seconds(done: Sequence[float], *, data: bool) -> float:
    """How long it usually takes, from what former ones took; a first guess where there are none. Pure."""
    return sorted(done)[len(done) // 2] if done else (180.0 if data else 60.0)
