"""What is where now: which commit the branch has, which the site serves, whether maintenance is on, whether Convex is paused.

Asked when something failed, so each part may be unknown, and then it says so. Branch, site and maintenance are production's: where
something failed elsewhere they say nothing of it. Whose data are there nobody needs to be asked: the steps say it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ops.context import Services
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.journal import OperationView


def look(services: Services, environment: str) -> dict[str, Any]:
    """Ask everybody; JSON. A value that could not be had is ``None``, with the reason under ``unknown``."""
    unknown: dict[str, str] = {}

    def told(name: str, asking: Callable[[], Any]) -> Any:
        try:
            return asking()
        except OpsError as error:
            unknown[name] = error.message
            return None

    found: dict[str, Any] = {"paused": told("paused", lambda: services.convex.paused(environment))}
    if environment != "production":
        return {**found, "unknown": unknown}
    branch = services.settings.app.production_branch
    found |= {"branch": branch, "commit": told("commit", lambda: services.git.remote_head(branch))}
    if services.vercel.configured:
        found |= {"site": told("site", lambda: _site(services)), "maintenance": told("maintenance", lambda: _maintenance(services))}
    return {**found, "unknown": unknown}


def _site(services: Services) -> dict[str, Any]:
    """What the site serves."""
    project = services.vercel.project()
    return {"commit": project.live.commit if project.live else None, "pinned": project.pinned}


def _maintenance(services: Services) -> bool:
    """Whether the maintenance page is up."""
    return services.vercel.maintenance() is not None


def sentence(where: Mapping[str, Any]) -> str:
    """What was found, in one sentence; empty where nothing was. Pure."""
    unknown, parts = where.get("unknown") or {}, []
    if "branch" in where:
        parts.append(f"{where['branch']} is at {where['commit'][:6]}" if where.get("commit") else f"where {where['branch']} is, is unknown")
    if "site" in where:
        site = where["site"]
        served = f"the site serves {site['commit'][:6]}" if site and site.get("commit") else "what the site serves is unknown"
        parts.append(f"{served}{' (pinned)' if site and site.get('pinned') else ''}")
    if "maintenance" in where:
        parts.append(
            {True: "maintenance is on", False: "maintenance is off"}.get(where["maintenance"], "whether maintenance is on is unknown")
        )
    if where.get("paused") is not None or "paused" in unknown:
        parts.append({True: "Convex is paused", False: "Convex runs"}.get(where["paused"], "whether Convex is paused is unknown"))
    return f"{', '.join(parts)}." if parts else ""


def of(view: OperationView) -> str:
    """What is where after it failed, whose data are there first; empty where nothing was found. Pure."""
    found = sentence(view.result.get("where") or {})
    return f"{_data(view)}{found}" if found else ""


def _data(view: OperationView) -> str:
    """Whose data are there, by the steps that were done; empty where it brings none, or where the import itself is in question."""
    bound = view.params.get("bound") or {}
    if "data" not in bound.get("steps", ()) or bound.get("rehearsal"):
        return ""
    done = {step.name for step in view.steps if step.state == "done"}
    if "data" not in done:
        return "" if any(step.name == "data" for step in view.steps) else "it replaced no row; "
    if not view.result.get("data"):
        return "a person took the import as done; "
    sure = (view.result.get("proof") or {}).get("different") == []
    return f"the rows are those of {bound['backup']}; " if sure else f"the rows of {bound['backup']} were imported and are not proven; "
