"""Push functions and schema with the app's own CLI, or have Convex look at them without changing anything.

The CLI drives the push from its first request to its last: once it is dead nothing goes on at the server, and the new code is
there as a whole or not at all. The same push twice is the same functions, so a deploy that was interrupted is simply repeated.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ops.errors import Failed, Refused
from ops.services import process
from ops.services.convex.target import Target
from ops.services.convex.trouble import ConvexFailed, Trouble, explain, plain, trouble
from ops.services.process import Finished

PUSH = 600.0  # seconds that a push of functions may take at most
CLI = Path("node_modules/convex/bin/main.js")
_ORIGINAL = "schema.original"
_OPEN = """\
import original from "./{original}";
import {{ defineSchema }} from "convex/server";
export default defineSchema((original as any).tables, {{ schemaValidation: false }});
"""
_OPEN_JS = _OPEN.replace("(original as any)", "original")
_SHOWN = 30  # lines of what would change

_SCHEMA = re.compile(r"Schema validation failed|does not match the schema")
_DOCUMENT = re.compile(r'Document with ID "([^"]+)" in table "([^"]+)" does not match the schema: *(.*)')
_RACE = re.compile(r"Schema was overwritten by another push")
_VARIABLE = re.compile(r"[Ee]nvironment variable (\S+) is used in")
_TYPES = re.compile(r"TypeScript typecheck via `tsc` failed")
_TYPE_ERROR = re.compile(r"\S+\.[jt]sx?.*error *TS\d+: .*")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # tsc paints its errors whatever it is told
_NOT_GENERATED = re.compile(r'Could not resolve "[./]*_generated/')
_BUNDLE = re.compile(r"\[ERROR\] (.*)")
_INDEXES = re.compile(r"skip-large-indexes-check|large indexes", re.IGNORECASE)
_KNOWN = {Trouble.KEY, Trouble.PERMISSION, Trouble.OTHER_DEPLOYMENT, Trouble.UNREACHABLE, Trouble.CERTIFICATE, Trouble.NODE}


class SchemaRefused(ConvexFailed):
    """Rows that are there do not fit the schema that was pushed; nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What Convex said of a push that was not made."""

    clash: str = ""  # why its schema does not fit the rows that are there
    unknown: str = ""  # why nothing could be said before the push is made
    changes: tuple[str, ...] = ()  # what would change, in the CLI's own lines

    def dump(self) -> dict[str, Any]:
        """As a step's result."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Pushing:
    """The app's CLI in the app's folder, pointed at one deployment."""

    app: Path
    target: Target
    deadline: float
    stop: threading.Event
    said: Callable[[str], None]

    def look(self) -> Looked:
        """Have Convex check the push against its data, without making it.

        Raises:
            ConvexFailed: it cannot be pushed, for another reason than the rows that are there.
        """
        finished = self._run("deploy", "-y", "--dry-run")
        if finished.code and _NOT_GENERATED.search(finished.err):
            return Looked(unknown="the commit does not carry convex/_generated, so only the push itself can tell")
        if finished.code:
            failed = self._failure(finished)
            if isinstance(failed, SchemaRefused):
                return Looked(clash=failed.message)
            raise failed
        lines = [plain(line, self.target) for line in (finished.err or finished.out).splitlines() if line.strip()]
        return Looked(changes=tuple(lines[:_SHOWN]))

    def push(self, *more: str) -> None:
        """Make the push.

        Raises:
            SchemaRefused, ConvexFailed: it was not made.
        """
        finished = self._run("deploy", "-y", *more)
        if finished.code and _INDEXES.search(finished.err) and "--skip-large-indexes-check" not in more:
            self.said("an index of a large table changes: pushing all the same, as planned")
            self.push("--skip-large-indexes-check")
        elif finished.code:
            raise self._failure(finished)

    def _run(self, *words: str) -> Finished:
        """Run the CLI, with an empty home: nobody's login is found."""
        cli = self.app / CLI
        if not cli.is_file():
            raise Refused(
                "The commit's packages hold no convex CLI, so its functions cannot be pushed.",
                "Add `convex` to the app's package.json, or correct `[app] folder`.",
            )
        with TemporaryDirectory(prefix="backstop-home-") as home:
            try:
                return process.run(
                    ("node", str(cli.resolve()), *words),
                    cwd=self.app,
                    environ={**self.target.environ, "HOME": home},
                    deadline=self.deadline,
                    stop=self.stop,
                    secrets=self.target.secrets,
                    on_line=self._tell,
                )
            except process.TimedOut:
                raise ConvexFailed(
                    f"The push to {self.target.label} did not end within {self.deadline:g} seconds.", "Look at its dashboard, then retry."
                ) from None

    def _tell(self, line: str) -> None:
        """A line for the card: without the key, and without where the files lie meanwhile."""
        if line.strip(" ▌-"):
            self.said(plain(line.replace(f"{self.app}/", "").strip(" ▌"), self.target))

    def _failure(self, finished: Finished) -> Failed:
        """What a push that was not made means."""
        said, label = _COLOUR.sub("", f"{finished.err}\n{finished.out}"), self.target.label
        if finished.code < 0:
            return ConvexFailed(f"The CLI that pushed to {label} was killed by signal {-finished.code}.", "Look at the machine's memory.")
        if _SCHEMA.search(said):
            return SchemaRefused(f"Rows on {label} do not fit the schema: {_misfit(said, self.target)}.", "Change the schema, or the rows.")
        if trouble(said) in _KNOWN:
            return explain(said, self.target)
        return ConvexFailed(
            f"Convex did not take the functions on {label}: {_why(said, self.target)}.", "Nothing was pushed. " + _mend(said)
        )


def _misfit(said: str, target: Target) -> str:
    """Which row of which table does not fit."""
    found = _DOCUMENT.search(said)
    return plain(f"{found[2]}, {found[1]}: {found[3]}" if found else _last(said), target)


def _why(said: str, target: Target) -> str:
    """The one thing that says most."""
    if _TYPES.search(said):
        found = _TYPE_ERROR.search(said)
        return plain(f"a type error{': ' + found[0] if found else ''}", target)
    if found := _VARIABLE.search(said):
        return f"the environment variable {plain(found[1], target)} is not set there"
    if _RACE.search(said):
        return "somebody else pushed at the same time"
    found = _BUNDLE.search(said)
    return plain(found[1] if found else _last(said), target)


def _mend(said: str) -> str:
    """What to do about it."""
    if _TYPES.search(said) or _BUNDLE.search(said):
        return "Mend the code, then deploy the new commit."
    return "Set it, then retry." if _VARIABLE.search(said) else "Look at what it says, then retry."


def _last(said: str) -> str:
    """The last line that is no decoration."""
    lines = [line.strip() for line in said.splitlines() if line.strip(" -✖✔{}")]
    return lines[-1] if lines else "the CLI gave no reason"


@contextmanager
def in_between(app: Path) -> Iterator[None]:
    """The app's schema without its validation, for the time of a push: its tables and indexes stay.

    Raises:
        Refused: the app has no schema, so nothing could clash.
    """
    folder = app / _functions(app)
    schema = next((each for each in (folder / "schema.ts", folder / "schema.js") if each.is_file()), None)
    if schema is None:
        yield
        return
    original = schema.with_name(f"{_ORIGINAL}{schema.suffix}")
    schema.rename(original)
    try:
        text = _OPEN if schema.suffix == ".ts" else _OPEN_JS
        schema.write_text(text.format(original=_ORIGINAL), "utf-8")
        yield
    finally:
        original.replace(schema)


def _functions(app: Path) -> str:
    """The folder of the functions. Source: https://docs.convex.dev/production/project-configuration."""
    try:
        named = json.loads((app / "convex.json").read_text("utf-8")).get("functions")
    except (OSError, ValueError, AttributeError):
        named = None
    return named if isinstance(named, str) and named else "convex"
