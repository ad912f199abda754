"""Verify a backup: look at what lies on the disk and at the remote, and say which level it reaches.

Levels of a full backup here: L0 there with the right length, L1 its sha256 as recorded, L2 every table whole and counted,
L3 every row parses. Of a quick one: L0 readable, L1 its own sha256, L2 tag and commit at the remote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ops import archive, manifest
from ops.context import Services
from ops.errors import Failed, Refused
from ops.facts import GOOD, Facts
from ops.journal import Interrupted, Kind, Operation, OperationView, Status
from ops.manifest import Backup
from ops.words import one_line

KIND = "verify"
VERSION = "1"  # of what is looked at: a backup keeps by which one it was verified
HIGHEST = {"quick": 2, "full": 3}  # what can be looked at without a staging deployment
_RESTORED = {"quick": "", "full": ", and restored to staging for L4 and L5"}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How far a backup got, and what stopped it."""

    level: int | None
    failed: str | None = None
    items: int = 0  # how many things were looked at; none is a failure


def kind(services: Services) -> Kind:
    """The kind of operation, for the journal; it holds no lock."""
    return Kind(name=KIND, workflow=partial(verify, services=services), version=1, cancellable=True, sentence=sentence)


def ask(services: Services, backup_id: str, level: int = GOOD) -> dict[str, Any]:
    """The parameters of a verification.

    Raises:
        UnknownBackup: there is no such backup.
        Refused: the level does not exist for it here.
    """
    backup = services.catalogue.get(backup_id)
    if not 0 <= level <= HIGHEST[backup.type]:
        raise Refused(
            f"There is no L{level} for a {backup.type} backup: it can be looked at up to L{HIGHEST[backup.type]}{_RESTORED[backup.type]}.",
            f"`/backup verify {backup.id}` looks as far as L{GOOD}.",
        )
    return {"backup": backup.id, "level": level}


def verify(op: Operation, services: Services) -> None:
    """Look at one backup, and remember what was seen."""
    backup = services.catalogue.get(op.params["backup"])
    op.step("look", lambda: _look_and_learn(op, services, backup), if_interrupted=Interrupted.REDO)


def sentence(view: OperationView) -> str | None:
    """The activity line of a verification."""
    if view.status is Status.SUCCEEDED:
        return f"Backup verified: {view.params['backup']} (L{view.result.get('level')})"
    return f"Verification of {view.params['backup']} {view.status}: {view.error}"


def _look_and_learn(op: Operation, services: Services, backup: Backup) -> None:
    """Look, note the level, and fail when it is not what it should be."""
    verdict = look(services, backup, op.params.get("level", GOOD), watch=Watch(op=op))
    learnt = services.catalogue.learn(backup.id, lambda facts: noted(facts, verdict, datetime.now(UTC)))
    op.result(backup=backup.id, level=verdict.level, items=verdict.items)
    if verdict.failed:
        raise Failed(
            f"`{backup.id}` is not sound: {verdict.failed}", "Do not count on it. Take a new one: `/backup full` or `/backup quick`."
        )
    if learnt.facts.failed:
        raise Failed(
            f"`{backup.id}` passes L{verdict.level}, but failed L{learnt.facts.failed_level} before: {learnt.facts.failed}",
            f"Look as far as that: `/backup verify {backup.id} {learnt.facts.failed_level}`.",
        )


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Where a look reports to, and how it is told to stop."""

    op: Operation

    def progress(self, facts: Mapping[str, Any]) -> None:
        """How far it is."""
        self.op.progress(**facts)


def noted(facts: Facts, verdict: Verdict, now: datetime) -> Facts:
    """The facts after a look.

    A failure leaves the level that was reached once, and says why it does not count; only a look that goes as far clears it.
    A look that does not go as far as the highest level leaves that level, and its age. Pure.
    """
    level = verdict.level or 0
    if verdict.failed:
        missed = 0 if verdict.level is None else level + 1
        return replace(facts, failed=verdict.failed, failed_level=max(missed, facts.failed_level or 0), level_at=now)
    if facts.failed is not None and level < (GOOD if facts.failed_level is None else facts.failed_level):
        return facts
    if facts.failed is None and level < (facts.level or 0):
        return facts
    return replace(facts, level=level, level_at=now, failed=None, failed_level=None, items=verdict.items, verifier=VERSION)


def look_at_new(services: Services, backup: Backup, checked: Mapping[str, Any] | None) -> Verdict:
    """Look at a backup that was just written: its archive was read whole a moment ago, under its temporary name."""
    if backup.problem or checked is None:
        return look_at_code(services, backup)
    try:
        there = services.catalogue.archive(backup.id).stat().st_size
    except OSError as error:
        return Verdict(level=None, failed=f"its archive cannot be read ({error.strerror}).")
    if there != checked["size"]:
        return Verdict(level=None, failed=f"its archive has {there} bytes on the disk, and {checked['size']} were checked.")
    return Verdict(level=checked["level"], items=checked["items"])


def look(services: Services, backup: Backup, level: int, watch: Watch) -> Verdict:
    """Look at a backup as far as a level."""
    if backup.problem:
        return Verdict(level=None, failed=f"{backup.problem}.")
    own = _own_digest(services.catalogue.path(backup.id))
    if own.failed:
        return own
    return _look_at_archive(services, backup, level, watch) if backup.type == "full" else _look_at_commit(services, backup, level)


def look_at_code(services: Services, backup: Backup) -> Verdict:
    """Look at a quick backup as far as it goes."""
    return Verdict(level=None, failed=f"{backup.problem}.") if backup.problem else _look_at_commit(services, backup, GOOD)


def _own_digest(path: Path) -> Verdict:
    """Whether the manifest is as it was written; one without a digest has nothing to compare."""
    try:
        values = manifest.load(path)
    except (OSError, ValueError, TypeError) as error:
        return Verdict(level=None, failed=f"its manifest cannot be read ({one_line(str(error), 100)}).")
    if (sealed := manifest.seal(values)) and sealed != manifest.own_digest(values):
        return Verdict(level=0, failed="its manifest was changed after it was written (sha256 differs).")
    return Verdict(level=1, items=1)


def _look_at_commit(services: Services, backup: Backup, level: int) -> Verdict:
    """Whether the commit is at the remote, under our tag."""
    if level < GOOD:
        return Verdict(level=level, items=1)
    if not services.git.at_remote(backup.id, backup.commit_hash):
        return Verdict(level=1, failed=f"commit {backup.short_commit} is not at the remote under the tag backstop/{backup.id}.")
    return Verdict(level=2, items=2)


def _look_at_archive(services: Services, backup: Backup, level: int, watch: Watch) -> Verdict:
    """Have the archive checked in a child process."""
    checked = archive.check(
        services.catalogue.archive(backup.id),
        expected=archive.Expected(sha256=backup.sha256, size=backup.size, tables=backup.tables),
        level=level,
        stop=watch.op.stop,
        progress=watch.progress,
    )
    if checked.problems:
        return Verdict(level=checked.level, failed="; ".join(checked.problems[:3]) + ".", items=checked.items)
    if not checked.items:
        return Verdict(level=checked.level, failed="nothing in it could be checked.")
    return Verdict(level=checked.level, items=checked.items)
