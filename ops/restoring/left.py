"""Staging's own data that could not be put back: they wait in a file, and a task asks for them until somebody has put them back.

What staging holds meanwhile is what a drill or a verification left there. Whoever borrows staging next takes the file for its own data.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ops import staging, tasks
from ops.context import Services
from ops.journal.reading import Readings

KIND = "staging to put back"
_NAME = "staging-{}"  # the task's id, and the file's name without its ending


def name(operation_id: str) -> str:
    """What the task and the file of an operation are called."""
    return _NAME.format(operation_id)


def waiting(services: Services, instance: str = "") -> Path | None:
    """The oldest file that waits, of this very staging; later ones hold what was left there. None where none does.

    Args:
        services: with their database and settings.
        instance: what staging calls itself, once it was asked.
    """
    for task in tasks.open_ones(services.engine):
        path = services.settings.state / f"{task.id}.zip"
        if task.kind == KIND and path.exists() and _same(services, str(task.about), instance):
            return path
    return None


def _same(services: Services, operation_id: str, instance: str) -> bool:
    """Whether they are of the staging that the settings name now."""
    readings = Readings(services.engine)
    view, proved = readings.get(operation_id), readings.step_result(operation_id, staging.ENVIRONMENT) or {}
    target = view.params["bound"]["target"] if view else ""
    return bool(target == services.target(staging.ENVIRONMENT) and (not instance or proved.get("instance") == instance))


def shown(services: Services, *, comes_back: bool) -> dict[str, Any] | None:
    """What people read before they decide, as a plan keeps it; None where none waits."""
    path = waiting(services) if staging.configured(services) else None
    return {"path": str(path), "comes_back": comes_back} if path else None


def close(services: Services, path: Path, operation_id: str, by: str) -> None:
    """They are back: the file goes, and with it its task."""
    path.unlink(missing_ok=True)
    if any(task.id == path.stem for task in tasks.open_ones(services.engine)):
        tasks.close(services.engine, path.stem, by=by, how=f"put back by {operation_id}")


def sentence(found: dict[str, Any] | None) -> str:
    """What becomes of them. Pure."""
    if not found:
        return ""
    then = (
        "This puts them back in the end; what staging holds now is not kept."
        if found["comes_back"]
        else "This does not put them back: their task stays open."
    )
    return f"Staging's own data could not be put back before, and wait in `{found['path']}`. {then}"
