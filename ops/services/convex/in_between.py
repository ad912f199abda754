"""A push in between: the app's schema without its validation, for when neither rows nor functions can go back first.

In a folder that is thrown away, the app's own schema moves aside and another one stands in its place, with the same tables,
indexes, types and exports. Convex takes no file with two dots in its name for functions, so the one aside is only imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ASIDE = ("schema.original", "schema.original.1", "schema.original.2")
_OPEN = """\
import {{ defineSchema }} from "convex/server";
import original from "./{aside}";
export * from "./{aside}";
export default defineSchema((original as any).tables, {{ schemaValidation: false }}) as unknown as typeof original;
"""
_OPEN_JS = _OPEN.replace("(original as any)", "original").replace(" as unknown as typeof original", "")


@contextmanager
def in_between(app: Path) -> Iterator[None]:
    """The app's schema without its validation, for the time of a push; an app without a schema has nothing to be open about."""
    schema = _schema(app)
    if schema is None:
        yield
        return
    name = next(name for name in _ASIDE if not schema.with_name(f"{name}{schema.suffix}").exists())
    aside = schema.with_name(f"{name}{schema.suffix}")
    schema.rename(aside)
    try:
        schema.write_text((_OPEN if schema.suffix == ".ts" else _OPEN_JS).format(aside=name), "utf-8")
        yield
    finally:
        aside.replace(schema)


def _schema(app: Path) -> Path | None:
    """The app's schema, where the CLI looks for it."""
    folder = app / _functions(app)
    return next((path for path in (folder / "schema.ts", folder / "schema.js") if path.is_file()), None)


def _functions(app: Path) -> str:
    """The folder of the functions. Source: https://docs.convex.dev/production/project-configuration."""
    try:
        named = json.loads((app / "convex.json").read_text("utf-8")).get("functions")
    except (OSError, ValueError, AttributeError):
        named = None
    return named if isinstance(named, str) and named else "convex"
