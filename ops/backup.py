"""Take a backup of production: its code (quick), or its code and its data (full).

At stake: nothing of production's; a backup only adds. But people will trust it with the only copy of their data, so it
counts only after it was checked, and nothing is left behind when it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ops import archive, described, files, manifest, purposes, retaining, verify
from ops.context import Services
from ops.errors import Failed, OpsError
from ops.facts import GOOD, Facts
from ops.journal import Cancelled, Interrupted, Kind, Operation, OperationView, Status
from ops.manifest import Backup, Type
from ops.purposes import Purpose
from ops.words import decimal_size, one_line, paragraphs

ENVIRONMENT = "production"
KINDS = ("quick backup", "full backup")
NOTES_LIMIT = 2000  # characters: a note is a sentence or two, not a file
DESCRIPTION_LIMIT = 100

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody asked for."""

    type: Type
    purpose: Purpose = Purpose.ROUTINE
    description: str = ""  # a version, or what is about to happen
    notes: str = ""
    created_by: str = ""
    target: str = ""  # what it is taken of, as every card names it
    files: bool = False  # with stored files, whatever the settings say: what follows would replace them

    @classmethod
    def load(cls, params: Mapping[str, Any]) -> Wanted:
        """From an operation's parameters."""
        return cls(**{**params, "purpose": Purpose(params["purpose"])})

    def dump(self) -> dict[str, Any]:
        """As an operation's parameters."""
        return asdict(self)

    @property
    def kind(self) -> str:
        """The kind of operation that takes it."""
        return f"{self.type} backup"


def ask(services: Services, kind: Type, by: str, *, purpose: str = "", description: str = "", notes: str = "") -> Wanted:  # noqa: PLR0913 # what a person typed, all named
    """Read what a person typed; what is too long is cut with an ellipsis, so that nothing is refused over a note.

    Raises:
        Refused: an unknown purpose, or a disk that is nearly full.
    """
    files.require_room(services.settings.folder)
    return Wanted(
        type=kind,
        purpose=purposes.parse(purpose) if purpose.strip() else Purpose.ROUTINE,
        description=one_line(description, DESCRIPTION_LIMIT),
        notes=paragraphs(notes, NOTES_LIMIT),
        created_by=by,
        target=services.target(ENVIRONMENT),
    )


def kinds(services: Services) -> tuple[Kind, ...]:
    """The two kinds of backup, for the journal."""
    workflow = partial(backup, services=services)
    return tuple(Kind(name=kind, workflow=workflow, version=1, cancellable=True, sentence=sentence) for kind in KINDS)


def backup(op: Operation, services: Services) -> None:
    """Take the backup, then let retention tidy up."""
    steps(op, "", Wanted.load(op.params), services)
    op.step("retention", lambda: tidy(op, services), if_interrupted=Interrupted.REDO)


def tidy(op: Operation, services: Services) -> None:
    """Let retention decide, and say what left and how full the folder is."""
    op.result(retention=retaining.apply(services))
    op.result(folder={"bytes": services.catalogue.used(), "limit": services.settings.backups.warn_at})


def steps(op: Operation, prefix: str, wanted: Wanted, services: Services) -> Backup:
    """Take a backup inside any operation; its steps carry the prefix."""
    taking = _Taking(op=op, prefix=f"{prefix} " if prefix else "", wanted=wanted, services=services)
    return taking.full() if wanted.type == "full" else taking.quick()


@dataclass(frozen=True, kw_only=True)
class _Taking:
    """One backup being taken: the two lists of steps, then the steps in the order they run."""

    op: Operation
    prefix: str
    wanted: Wanted
    services: Services

    def quick(self) -> Backup:
        """Commit, name, anchor, manifest, verify."""
        commit = self.step("commit", self.commit)
        backup_id = self.step("name", self.name)
        with self.tidy(backup_id):
            self.step("anchor", lambda: self.anchor(backup_id, commit))
            return self.finish(backup_id, {"commit": commit})

    def full(self) -> Backup:
        """Target, commit, name, export, check, anchor, manifest, verify."""
        target = self.step("target", self.target)
        commit = self.step("commit", self.commit)
        backup_id = self.step("name", self.name)
        with self.tidy(backup_id):
            export = self.step("export", lambda: self.export(backup_id))
            checked = self.step("check", lambda: self.check(backup_id))
            export = checked.get("export") or export  # what began before says none
            self.step("anchor", lambda: self.anchor(backup_id, commit))
            return self.finish(backup_id, {"commit": commit, "target": target, "export": export, "checked": checked})

    def finish(self, backup_id: str, found: dict[str, Any]) -> Backup:
        """Write the manifest, which makes it a backup, and find out how good it is."""
        self.step("manifest", lambda: self.write(backup_id, found))
        self.step("verify", lambda: self.verify(backup_id, found))
        return self.services.catalogue.get(backup_id)

    @contextmanager
    def tidy(self, backup_id: str) -> Iterator[None]:
        """Leave nothing behind when it fails or is cancelled; a stopped process leaves all for the next one, what halts for a retry."""
        try:
            yield
        except (OpsError, Cancelled):
            if not self.op.touched:
                self.clean(backup_id)
            raise

    def step(self, name: str, effect: Callable[[], Result]) -> Result:
        """A step of this backup: each is safe to repeat."""
        return self.op.step(f"{self.prefix}{name}", effect, if_interrupted=Interrupted.REDO)

    def target(self) -> dict[str, str]:
        """Have the deployment name itself; refuse another than the expected one."""
        files.require_room(self.services.settings.folder)
        instance = self.services.convex.instance(ENVIRONMENT)
        return {"label": self.services.settings.convex.production.name, "instance": instance}

    def commit(self) -> dict[str, str]:
        """Ask the remote which commit production's branch is at."""
        files.require_room(self.services.settings.folder)
        branch = self.services.settings.app.production_branch
        head = self.services.git.head(branch, stop=self.op.stop)
        return {"hash": head.hash, "message": head.message, "author": head.author, "branch": branch}

    def name(self) -> str:
        """Reserve the next free millisecond."""
        return self.services.catalogue.next_id(self.wanted.type, datetime.now(UTC))

    def export(self, backup_id: str) -> dict[str, Any]:
        """Export every table under a temporary name, with the CLI's progress on the card."""
        part = self.part(backup_id)
        part.unlink(missing_ok=True)  # an interrupted run's
        exported = self.services.convex.export(
            ENVIRONMENT, part, stop=self.op.stop, progress=lambda facts: self.op.progress(**facts), files=self.files
        )
        snapshot = exported.snapshot_timestamp
        return {"snapshot": manifest.timestamp_text(snapshot) if snapshot else None, "size": exported.size}

    def check(self, backup_id: str) -> dict[str, Any]:
        """Read the archive whole: checksums, every table there, every row counted and fingerprinted; a retry exports it again."""
        again = None if self.part(backup_id).exists() else self.export(backup_id)
        checked = archive.check(self.part(backup_id), expected=None, stop=self.op.stop, progress=lambda facts: self.op.progress(**facts))
        problems = list(checked.problems)
        if self.files and not problems and not archive.holds_files(checked.tables):  # Convex lists them even where there are none
            problems.append("stored files were asked for, and it has no list of them")
        if problems or checked.level is None or checked.level < GOOD:
            self.part(backup_id).unlink(missing_ok=True)
            raise Failed(
                f"The exported archive is not sound: {'; '.join(problems[:3]) or 'nothing in it could be checked'}.",
                "It was thrown away; a retry exports again."
                if self.op.touched
                else "It was thrown away; production is as before. Take the backup again: `/backup full`.",
            )
        return {**asdict(checked), "export": again}

    @property
    def files(self) -> bool:
        """Whether stored files belong in it."""
        return self.wanted.files or self.services.settings.convex.file_storage

    def anchor(self, backup_id: str, commit: Mapping[str, str]) -> None:
        """Tag the commit at the remote, so that a force-push and a clean-up there cannot lose it."""
        self.services.git.anchor(backup_id, commit["hash"], stop=self.op.stop)

    def write(self, backup_id: str, found: Mapping[str, Any]) -> None:
        """Give the archive its name, then write the manifest: from here on it is a backup."""
        folder = self.services.catalogue.shelf(self.wanted.type)
        if self.part(backup_id).exists():
            files.keep(self.part(backup_id), folder / manifest.archive_name(backup_id))
        files.write(folder / manifest.file_name(backup_id), manifest.dump(self.values(backup_id, found)), self.op.id)

    def values(self, backup_id: str, found: Mapping[str, Any]) -> dict[str, Any]:
        """The document's keys in the document's order, then ours."""
        commit, now = found["commit"], manifest.instant(manifest.milliseconds(backup_id))
        zone = self.services.settings.team.zoneinfo
        return {
            "id": backup_id,
            "type": self.wanted.type,
            "timestamp": manifest.timestamp_text(now),
            "commitHash": commit["hash"],
            "commitMessage": commit["message"],
            "branch": commit["branch"],
            **_export_keys(backup_id, found),
            "notes": self.wanted.notes,
            "schemaVersion": manifest.SCHEMA_VERSION,
            "purpose": self.wanted.purpose.value,
            "label": purposes.label(self.wanted.purpose, self.wanted.description, now.astimezone(zone).date()),
            "createdBy": self.wanted.created_by,
            **_data_keys(found),
            "convexSchemaHash": self.services.git.schema_hash(commit["hash"], self.services.settings.app.folder),
            "operationId": self.op.id,
        }

    def verify(self, backup_id: str, found: Mapping[str, Any]) -> None:
        """Look at what now lies on the disk and at the remote; only then it counts."""
        catalogue = self.services.catalogue
        written = catalogue.get(backup_id)
        verdict = verify.look_at_new(self.services, written, found.get("checked"))
        before = catalogue.predecessor(written)
        made = catalogue.learn(backup_id, lambda facts: compared(verify.noted(ours(facts), verdict, datetime.now(UTC)), written, before))
        self.op.result(**summary(made, before))
        if verdict.failed:
            raise Failed(
                f"`{backup_id}` is not sound: {verdict.failed}", f"It does not count. Take the backup again: `/backup {made.type}`."
            )

    def part(self, backup_id: str) -> Path:
        """Where the archive grows until it is checked."""
        return files.temporary(self.services.catalogue.archive(backup_id), self.op.id)

    def clean(self, backup_id: str) -> None:
        """Leave nothing behind of a backup that was not finished."""
        self.part(backup_id).unlink(missing_ok=True)
        if self.services.catalogue.path(backup_id).exists():
            return
        self.services.catalogue.archive(backup_id).unlink(missing_ok=True)
        with suppress(OpsError):  # a remote that is gone keeps a tag too many, which harms nothing
            self.services.git.drop_anchor(backup_id)


def _export_keys(backup_id: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The document's two keys of a full backup, whatever the folder is called here."""
    if "export" not in found:
        return {}
    return {"convexExportPath": f"./backups/full/{manifest.archive_name(backup_id)}", "exportSizeBytes": found["checked"]["size"]}


def _data_keys(found: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of the data in a full backup."""
    if "export" not in found:
        return {}
    return {
        "deployment": found["target"],
        "sha256": found["checked"]["sha256"],
        "tables": found["checked"]["tables"],
        "snapshotTimestamp": found["export"]["snapshot"],
    }


def ours(facts: Facts) -> Facts:
    """What is known of a backup that we have just made: nothing yet, and unlike one that was found it is not pinned. Pure."""
    return facts if facts.known else Facts()


def compared(facts: Facts, made: Backup, before: Backup | None) -> Facts:
    """The facts with what fell against the backup before. Pure."""
    if before is None or made.tables is None:
        return facts
    return replace(facts, compared_to=before.id, warnings=tuple(archive.compare(before.tables or {}, made.tables)))


def summary(made: Backup, before: Backup | None) -> dict[str, Any]:
    """What the card and the terminal say at the end. Pure."""
    change = (
        {}
        if before is None or made.tables is None
        else {"size_change": _minus(made.size, before.size), "rows_change": _minus(made.rows, before.rows)}
    )
    return {
        "backup": described.whole(made),
        "level": made.facts.level,
        "compared_to": made.facts.compared_to,
        "warnings": list(made.facts.warnings),
        **change,
    }


def _minus(new: int | None, old: int | None) -> int | None:
    """The difference, where both are known."""
    return None if new is None or old is None else new - old


def sentence(view: OperationView) -> str | None:
    """The document's sentence for the activity log."""
    kind = view.kind.capitalize()
    if view.status is not Status.SUCCEEDED:
        return f"{kind} {view.status}: {view.error}"
    made = view.result["backup"]
    size = f" ({decimal_size(made['exportSizeBytes'])})" if made["exportSizeBytes"] is not None else ""
    return f"{kind} created: {made['commitHash'][:6]}{size}"
