"""Vercel's answers, as far as we read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

OVER = frozenset({"ERROR", "CANCELED", "BLOCKED", "DELETED"})
"""States after which a build comes to nothing."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One build of the site."""

    id: str
    url: str  # its own host
    commit: str
    branch: str
    state: str  # QUEUED, INITIALIZING, BUILDING, READY, ERROR, CANCELED, BLOCKED, DELETED
    staged: bool  # ready, and no domain points to it yet
    candidate: bool  # an instant rollback can go to it
    error: str
    inspector: str
    created: datetime


@dataclass(frozen=True, kw_only=True)
class Alias:
    """The last promotion or rollback."""

    kind: str
    goal: str
    status: str  # pending, in-progress, succeeded, failed, skipped


@dataclass(frozen=True, kw_only=True)
class Project:
    """The project, and what it serves."""

    id: str
    name: str
    live: Deployment | None
    pinned: bool  # new builds do not go live by themselves: somebody rolled back
    alias: Alias | None = None


def deployment(said: Mapping[str, Any]) -> Deployment:
    """A deployment from its JSON."""
    meta = said.get("meta") or {}
    state = str(said.get("readyState") or said.get("state") or "")
    return Deployment(
        id=str(said.get("uid") or said.get("id") or ""),
        url=str(said.get("url") or ""),
        commit=_first(meta, "CommitSha"),
        branch=_first(meta, "CommitRef"),
        state=state,
        staged=state == "READY" and said.get("readySubstate") == "STAGED",
        candidate=bool(said.get("isRollbackCandidate")),
        error=str(said.get("errorMessage") or (said.get("aliasError") or {}).get("message") or ""),
        inspector=str(said.get("inspectorUrl") or ""),
        created=datetime.fromtimestamp(float(said.get("created") or said.get("createdAt") or 0) / 1000, UTC),
    )


def project(said: Mapping[str, Any]) -> Project:
    """The project from its JSON."""
    live, alias = (said.get("targets") or {}).get("production"), said.get("lastAliasRequest")
    return Project(
        id=str(said["id"]),
        name=str(said.get("name") or ""),
        live=deployment(live) if live else None,
        pinned=said.get("autoAssignCustomDomains") is False,
        alias=Alias(kind=str(alias["type"]), goal=str(alias["toDeploymentId"]), status=str(alias["jobStatus"])) if alias else None,
    )


def _first(meta: Mapping[str, Any], ending: str) -> str:
    """What a git host calls so, such as ``githubCommitSha``."""
    return next((str(value) for name, value in sorted(meta.items()) if name.endswith(ending)), "")
