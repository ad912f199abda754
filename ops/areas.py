"""Which part of the app a file belongs to. Pure."""

from __future__ import annotations

import enum
import posixpath
from collections.abc import Iterable


class Area(enum.StrEnum):
    """The parts, in the order in which a person wants to read them."""

    SCHEMA = "Convex schema"
    FUNCTIONS = "Convex functions"
    APP = "app"
    PACKAGES = "packages and settings"
    OTHER = "other"


_SCHEMAS = frozenset({"schema.ts", "schema.js"})
_PACKAGES = frozenset(
    {"package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "convex.json"}
    | {"vercel.json", "tsconfig.json", ".npmrc"}
)
_TEXTS = (".md", ".txt", ".rst")


def area_of(path: str, folder: str = ".", functions: str = "convex") -> Area:
    """The area of a file, by its path from the root of the repository; the app lies in ``folder``."""
    inside = path.removeprefix(f"{posixpath.normpath(folder)}/") if posixpath.normpath(folder) != "." else path
    name = posixpath.basename(inside)
    if inside.startswith(f"{functions}/"):
        return Area.SCHEMA if inside.removeprefix(f"{functions}/") in _SCHEMAS else Area.FUNCTIONS
    if name in _PACKAGES or ".config." in name:
        return Area.PACKAGES
    outside = inside == path and posixpath.normpath(folder) != "."
    return Area.OTHER if outside or name.startswith(".") or name.endswith(_TEXTS) else Area.APP


def by_area(paths: Iterable[str], folder: str = ".", functions: str = "convex") -> dict[Area, list[str]]:
    """Files by area, in the areas' order; an area without any is left out. What the CLI generates is not counted."""
    found: dict[Area, list[str]] = {area: [] for area in Area}
    for path in paths:
        if "/_generated/" not in f"/{path}":
            found[area_of(path, folder, functions)].append(path)
    return {area: files for area, files in found.items() if files}
