"""Maintenance: one routing rule of ours that sends every visitor to the app's own page, and lets webhooks and the team through.

Edits of a project's routes are a draft until they are promoted, and there is one draft: whoever has one open would be published
with us. So a foreign draft is refused, and only our own version is ever promoted.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.services.vercel.door import Door, VercelFailed

NAME = "backstop maintenance"
COOKIE = "backstop-bypass"
_LET_THROUGH = ("_next/", "_vercel/", "assets/", "static/", "favicon", "robots\\.txt", "api/webhooks/", "api/health", "healthz")


@dataclass(frozen=True, kw_only=True)
class Maintenance:
    """Our rule, while it is live."""

    route_id: str
    description: str


def rule(page: str, hosts: Sequence[str], bypass: str, description: str) -> dict[str, Any]:
    """The rule as Vercel takes it. 307 and no-store: nobody's browser may remember it. Pure."""
    through = "|".join((f"{re.escape(page.lstrip('/'))}$", *_LET_THROUGH))
    route: dict[str, Any] = {
        "src": f"^/(?!{through}).*$",
        "dest": page,
        "status": 307,
        "headers": {"Cache-Control": "no-store"},
        "missing": [{"type": "cookie", "key": COOKIE, "value": bypass}],
    }
    if hosts:  # previews stay as they are
        route["has"] = [{"type": "host", "value": "|".join(re.escape(host) for host in hosts)}]
    return {"name": NAME, "description": description[:200], "enabled": True, "srcSyntax": "regex", "route": route}


def bypass(token: str, project: str) -> str:
    """The cookie's value: known to whoever has the token, and nobody learns the token from it. Pure."""
    return hmac.new(token.encode(), f"backstop bypass of {project}".encode(), hashlib.sha256).hexdigest()[:24]


def find(door: Door, path: str) -> Maintenance | None:
    """Our rule, if it is live."""
    live = _live_version(door, path)
    if live is None:
        return None
    said = door.get(path, versionId=live["id"])
    return next((_maintenance(each) for each in said.get("routes", ()) if each.get("name") == NAME and _acts(each)), None)


def _acts(each: Mapping[str, Any]) -> bool:
    """Whether a rule is switched on."""
    return each.get("enabled", True) is not False


def _maintenance(each: Mapping[str, Any]) -> Maintenance:
    """Our rule from its JSON."""
    return Maintenance(route_id=str(each["id"]), description=str(each.get("description") or ""))


def put_up(door: Door, path: str, wanted: Mapping[str, Any]) -> None:
    """Add the rule before all others and make it live; a second time changes nothing.

    Raises:
        VercelFailed: somebody has a draft open; or Vercel did not take it.
    """
    if find(door, path) is not None:
        return
    draft = _draft(door, path)
    if draft is None:
        draft = _sent(door, path, "POST", {"route": wanted, "position": {"placement": "start"}})
    _promote(door, path, draft, there=True)


def take_down(door: Door, path: str) -> None:
    """Remove our rule and make that live; edits that others made meanwhile stay.

    Raises:
        VercelFailed: somebody has a draft open; or Vercel did not take it.
    """
    found = find(door, path)
    if found is None:
        return
    draft = _draft(door, path)
    if draft is None:
        draft = _sent(door, path, "DELETE", {"routeIds": [found.route_id]})
    _promote(door, path, draft, there=False)


def _sent(door: Door, path: str, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make our draft; where the answer was lost it may be there all the same."""
    try:
        version: Mapping[str, Any] = door.send(method, path, body)["version"]
    except VercelFailed as failed:
        if failed.status:
            raise
        draft = _draft(door, path)
        if draft is None:
            raise
        return draft
    return version


def _draft(door: Door, path: str) -> Mapping[str, Any] | None:
    """The draft, if it holds nothing but what we would change: one of ours that a crash left.

    Raises:
        VercelFailed: it is somebody else's.
    """
    draft = next((each for each in _versions(door, path) if each.get("isStaging")), None)
    if draft is None:
        return None
    live = _live_version(door, path)
    ours, theirs = (_others(door, path, version) for version in (draft, live))
    if ours != theirs:
        raise VercelFailed(
            f"Somebody ({draft.get('createdBy') or 'unknown'}) has unpublished changes of the project's routes open at Vercel.",
            "They would be published with ours. Publish or discard them there, then try again.",
        )
    return draft


def _others(door: Door, path: str, version: Mapping[str, Any] | None) -> list[Any]:
    """The rules of a version but for ours."""
    if version is None:
        return []
    return [each.get("route") for each in door.get(path, versionId=version["id"]).get("routes", ()) if each.get("name") != NAME]


def _promote(door: Door, path: str, draft: Mapping[str, Any], *, there: bool) -> None:
    """Make a version live, and see that it is."""
    try:
        door.send("POST", f"{path}/versions", {"id": draft["id"], "action": "promote"})
    except VercelFailed as failed:
        if failed.status == 409:
            raise VercelFailed(
                "Somebody changed the project's routes at the same time; ours were not published.", "Try again.", status=409
            ) from None
        if failed.status:
            raise
    if (find(door, path) is not None) is not there:
        raise VercelFailed("Vercel took the change of the project's routes, but it is not live.", "Look at the project's routes there.")


def _versions(door: Door, path: str) -> list[Mapping[str, Any]]:
    """All versions."""
    return list(door.get(f"{path}/versions").get("versions", ()))


def _live_version(door: Door, path: str) -> Mapping[str, Any] | None:
    """The version that acts."""
    return next((each for each in _versions(door, path) if each.get("isLive")), None)
