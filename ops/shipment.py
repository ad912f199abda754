"""What a deploy would ship: commits and authors, files by area, and what the difference means for the data and the settings."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import unified_diff
from typing import Any

from ops.areas import Area, by_area
from ops.context import Services
from ops.errors import OpsError
from ops.services.git import Commit
from ops.words import one_line

SHOWN = 20  # commits that are listed; the count is of all
_LINES = 12  # of a changed schema
_SUBJECT = 100  # characters

# How code asks for an environment variable. Convex and Node use the first form, Vite the second.
VARIABLE = r"(process|import\.meta)\.env(\.[A-Za-z_][A-Za-z0-9_]*|\[[\"'][A-Za-z_][A-Za-z0-9_]*[\"']\])"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?=[\"'\]]*$)")
_GIVEN = frozenset({"NODE_ENV", "CONVEX_CLOUD_URL", "CONVEX_SITE_URL", "DEV", "PROD", "MODE", "SSR", "BASE_URL", "CI"})
"""Names that the platform itself sets."""


@dataclass(frozen=True, kw_only=True)
class Shipment:
    """What lies between two commits, as a deploy's plan keeps it."""

    count: int
    commits: tuple[dict[str, str], ...] = ()  # newest first: hash, message, author
    authors: tuple[tuple[str, int], ...] = ()  # most commits first
    areas: tuple[tuple[str, tuple[str, ...]], ...] = ()
    schema_changed: bool = False
    schema_lines: tuple[str, ...] = ()  # "+ refundedAt: …"
    variables: tuple[str, ...] = ()  # environment variables that the old code does not use
    unset: tuple[str, ...] = ()  # of those, what the functions use and Convex does not have
    unknown: str = ""  # why that could not be told

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @property
    def functions(self) -> tuple[str, ...]:
        """Files of Convex functions that change."""
        return dict(self.areas).get(Area.FUNCTIONS.value, ())


def between(services: Services, old: str, new: str, *, environment: str, stop: threading.Event | None = None) -> Shipment:
    """Read what is new between the commit that is live and the one to ship."""
    git, app = services.git, services.settings.app
    schema = tuple(git.schema_hash(commit, app.folder, stop=stop) for commit in (old, new))
    names = new_names(git.uses(old, VARIABLE, app.folder, stop=stop), git.uses(new, VARIABLE, app.folder, stop=stop))
    unset, unknown = _unset(services, new, names, environment, stop)
    return Shipment(
        count=git.count(old, new, stop=stop),
        commits=tuple(listed(git.log(old, new, SHOWN, stop=stop))),
        authors=tuple((name, count) for name, count in git.authors(old, new, stop=stop)),
        areas=tuple((area.value, tuple(files)) for area, files in by_area(git.changed(old, new, stop=stop), app.folder).items()),
        schema_changed=schema[0] != schema[1],
        schema_lines=_schema_lines(services, old, new, stop) if schema[0] != schema[1] else (),
        variables=names,
        unset=unset,
        unknown=unknown,
    )


def listed(commits: Iterable[Commit]) -> list[dict[str, str]]:
    """Commits as a plan keeps them. Pure."""
    return [{"hash": each.hash, "message": one_line(each.message, _SUBJECT), "author": one_line(each.author, 60)} for each in commits]


def new_names(before: Iterable[str], after: Iterable[str]) -> tuple[str, ...]:
    """Environment variables that only the new code asks for. Pure."""
    return tuple(sorted(_named(after) - _named(before) - _GIVEN))


def _named(uses: Iterable[str]) -> set[str]:
    """The names in uses such as ``process.env.KEY``."""
    return {found[0] for use in uses if (found := _NAME.search(use))}


def changed_lines(before: str, after: str, limit: int = _LINES) -> tuple[str, ...]:
    """The lines that a change adds and removes, without the file's other lines. Pure."""
    changes = (line for line in unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="") if line[:3] not in {"---", "+++"})
    lines = [f"{line[0]} {one_line(line[1:], 100)}" for line in changes if line[:1] in {"+", "-"} and line[1:].strip()]
    return (*lines[:limit], *((f"… and {len(lines) - limit} more lines",) if len(lines) > limit else ()))


def _schema_lines(services: Services, old: str, new: str, stop: threading.Event | None) -> tuple[str, ...]:
    """What changes in the schema's file."""
    before, after = (
        (services.git.schema(commit, services.settings.app.folder, stop=stop) or b"").decode("utf-8", "replace") for commit in (old, new)
    )
    return changed_lines(before, after)


def _unset(
    services: Services, new: str, names: tuple[str, ...], environment: str, stop: threading.Event | None
) -> tuple[tuple[str, ...], str]:
    """Which of the new names the functions use and the deployment does not have; names only, values are never read."""
    if not names:
        return (), ""
    folder = services.git.functions_folder(new, services.settings.app.folder, stop=stop)
    used = set(new_names((), services.git.uses(new, VARIABLE, folder, stop=stop))) & set(names)
    if not used:
        return (), ""
    try:
        there = services.convex.names(environment)
    except OpsError as error:
        return (), f"Which of them {services.target(environment)} has could not be told: {error.message}"
    return tuple(sorted(used - set(there))), ""
