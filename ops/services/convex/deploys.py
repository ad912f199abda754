"""Push functions and schema with the app's own CLI, or have Convex look at them without changing anything.

The CLI drives the push from its first request to its last: once it is dead nothing goes on at the server but the filling of
indexes, and the new code is there as a whole or not at all. The same push twice is the same functions, so a deploy that was
interrupted is simply repeated; what runs there cannot be compared with a commit without pushing, for only the CLI's own bundle
has the hashes that the deployment tells.

The types are checked as the CLI does by default: it fails on an error, and passes an app that brings no compiler. That is
what the app's people see when they deploy themselves.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ops.errors import Refused
from ops.services import process
from ops.services.convex.changes import changes, large
from ops.services.convex.program import entry
from ops.services.convex.rejections import SchemaRefused, rejection
from ops.services.convex.shown import Shown, uncoloured
from ops.services.convex.target import Target
from ops.services.convex.trouble import ConvexFailed
from ops.services.process import Finished

PUSH = 600.0  # seconds that a push of functions may take at most
CLI = Path("node_modules/convex/bin/main.js")

_NOT_GENERATED = re.compile(r'Could not resolve "[./]*_generated/')
_CONFIRM = re.compile(r"with the (--[\w-]+) flag")
_CONFIRMED = {
    "--skip-large-indexes-check": "an index of a large table changes",
    "--allow-deleting-large-indexes": "an index of a large table goes",  # the former name, in older CLIs
    "--allow-unstaging-schema": "a validator that was staged goes",
}


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What Convex said of a push that was not made."""

    clash: str = ""  # why its schema does not fit the rows that are there
    unknown: str = ""  # why nothing could be said before the push is made
    changes: tuple[str, ...] = ()  # indexes and components that would come or go
    large: tuple[str, ...] = ()  # those of large tables, which take their time

    def dump(self) -> dict[str, Any]:
        """As a step's result."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What a push changed besides the functions."""

    changes: tuple[str, ...] = ()  # indexes and components that came or went

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
        finished = self._confirmed("--dry-run")
        if finished.code and _NOT_GENERATED.search(finished.err):
            return Looked(unknown="the commit does not carry convex/_generated, so only the push itself can tell")
        found = Looked(changes=changes(finished.err), large=large(finished.err))
        if not finished.code:
            return found
        failed = rejection(finished, self.target)
        if isinstance(failed, SchemaRefused):
            return Looked(clash=failed.message, changes=found.changes, large=found.large)
        raise failed

    def push(self) -> Deployed:
        """Make the push.

        Raises:
            SchemaRefused, FunctionsRefused, ConvexFailed: it was not made.
        """
        finished = self._confirmed()
        if finished.code:
            raise rejection(finished, self.target)
        return Deployed(changes=changes(finished.err))

    def _confirmed(self, *words: str) -> Finished:
        """Run it, and confirm what it asks nobody else: whoever asked for the push asked for what it changes."""
        given: list[str] = []
        while True:
            finished = self._run("deploy", "-y", *words, *given)
            asked = _CONFIRM.search(uncoloured(finished.err)) if finished.code else None
            if asked is None or asked[1] not in _CONFIRMED or asked[1] in given:
                return finished
            given.append(asked[1])
            self.said(f"{_CONFIRMED[asked[1]]}: going on, as the push was asked for")

    def _run(self, *words: str) -> Finished:
        """Run the CLI, with an empty home: nobody's login is found."""
        cli = self.app / CLI
        if not cli.is_file():
            raise Refused(
                "The commit's packages hold no convex CLI, so its functions cannot be pushed.",
                "Add `convex` to the app's package.json, or correct `[app] folder`.",
            )
        shown = Shown(said=self.said, target=self.target, places={f"{self.app}/": "", f"{self.app.resolve()}/": ""})
        with TemporaryDirectory(prefix="backstop-home-") as home:
            try:
                return process.run(
                    ("node", str(entry(cli)), *words),
                    cwd=self.app,
                    environ={**self.target.environ, "HOME": home},
                    deadline=self.deadline,
                    stop=self.stop,
                    secrets=self.target.secrets,
                    on_line=shown.hear,
                )
            except process.TimedOut:
                raise ConvexFailed(
                    f"The push to {self.target.label} did not end within {self.deadline:g} seconds.",
                    "Retry: indexes that were being filled are filled meanwhile, and the same push twice is the same functions.",
                ) from None
