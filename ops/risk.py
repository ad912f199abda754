"""What a quick backup would not cover: a schema that changed since the last full one (A16)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ops.context import Services
from ops.errors import OpsError
from ops.manifest import Backup

PATIENCE = 12.0  # seconds that a person looking at the panel waits for the remote
_SCHEMA = re.compile(r"(^|/)schema\.[jt]s$")
_GENERATED = "/_generated/"


@dataclass(frozen=True, kw_only=True)
class Risk:
    """Why a quick backup may not be enough."""

    sentence: str
    files: tuple[str, ...] = ()
    known: bool = True  # False: it could not be told


def of_quick(services: Services, last_full: Backup | None) -> Risk | None:
    """What a quick backup taken now would miss; None when nothing that is known of.

    It asks the remote, for at most ``PATIENCE`` seconds; what cannot be told is a risk that says so.
    """
    if last_full is None:
        return Risk(sentence="There is no good full backup yet, so no data could be brought back.")
    try:
        with _patience() as stop:
            return _compared(services, last_full, stop)
    except OpsError as error:
        why = f"the repository did not answer within {PATIENCE:g} seconds." if stop.is_set() else error.message
        return Risk(sentence=f"Whether the schema changed since {last_full.id} could not be told: {why}", known=False)


def _compared(services: Services, last_full: Backup, stop: threading.Event) -> Risk | None:
    """Compare the schema of production's commit with that of the last full backup."""
    git, app = services.git, services.settings.app
    head = git.head(app.production_branch, stop=stop)
    before, now = (git.schema_hash(commit, app.folder, stop=stop) for commit in (last_full.commit_hash, head.hash))
    if before == now:
        return None
    return changed_schema(last_full.id, git.changed(last_full.commit_hash, head.hash, _below(app.folder), stop=stop))


def changed_schema(last_full_id: str, files: Sequence[str]) -> Risk:
    """The risk of a schema that is another than in the last full backup; its own files come first. Pure."""
    ours = [file for file in files if _GENERATED not in f"/{file}"]
    return Risk(
        sentence=f"The Convex schema changed since the last full backup, {last_full_id}.",
        files=tuple(sorted(ours, key=lambda file: (not _SCHEMA.search(file), file))),
    )


def _below(folder: str) -> tuple[str, ...]:
    """The app's folder as git takes it; the whole repository where that is the app."""
    return () if folder in {"", "."} else (folder,)


@contextmanager
def _patience() -> Iterator[threading.Event]:
    """An event that is set when a person has waited long enough."""
    stop = threading.Event()
    timer = threading.Timer(PATIENCE, stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield stop
    finally:
        timer.cancel()
