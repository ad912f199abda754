"""The data's way back: the archive proven readable, the deployment paused, the import done once and looked at, the proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops import archive, pausing, spots
from ops.archive import Table
from ops.errors import Failed
from ops.facts import GOOD, PARSED, RESTORED, Facts
from ops.journal import Interrupted
from ops.manifest import milliseconds
from ops.releasing import PRODUCTION, Releasing
from ops.restoring.leaving import STEP, leaving
from ops.restoring.looking import scratch
from ops.services.convex.imports import Mode

ALONE = "no other import"  # the step that a plan names
_NAMED = 5  # tables that a sentence names


class Data:
    """The steps around the data of one operation; where it brings several backups, each has its prefix."""

    def __init__(self, to: Releasing, bound: Mapping[str, Any], prefix: str = "") -> None:
        self.to, self.bound, self.prefix = to, bound, prefix
        self.op, self.services = to.op, to.services
        self.path = self.services.catalogue.archive(bound["backup"])
        self.safety = ""  # the backup of what is there now, once it is made
        self.known: list[str] | None = None  # the imports that were done before that one began
        self.covered = False  # whether nothing can be written while the data go back
        self.strict = self.to.environment != PRODUCTION  # whether tables that differ fail it though something could write
        self.tables: dict[str, Table] = {}

    @property
    def moment(self) -> datetime:
        """Of when the backup's rows are."""
        made = self.services.catalogue.get(self.bound["backup"])
        return made.moment

    @property
    def seed(self) -> int:
        """Which rows a spot check draws: the same for one backup, unless a verification says another."""
        return int(self.op.params["shown"].get("seed") or milliseconds(self.bound["backup"]))

    @property
    def files(self) -> bool:
        """Whether stored files come with the rows, in the place of all that are there; known once the archive was read."""
        return archive.holds_files(self.tables)

    @property
    def mode(self) -> Mode:
        """How the import treats tables that the backup does not have: as it was signed, whatever is set since; staging keeps none."""
        if self.to.environment != PRODUCTION:
            return "replace-all"
        signed: Mode = self.bound.get("import_mode") or self.services.settings.convex.import_mode  # what began before says none
        return signed

    def archive(self) -> None:
        """Read the whole archive, row by row, before anything changes: what no import would take is refused here."""

        def check() -> dict[str, Any]:
            made = self.services.catalogue.get(self.bound["backup"])
            expected = archive.Expected(sha256=made.sha256, size=made.size, tables=made.tables) if made.tables else None
            checked = archive.check(
                self.path, expected=expected, level=PARSED, stop=self.op.stop, progress=lambda facts: self.op.progress(**facts)
            )
            if checked.problems or checked.level is None or checked.level < GOOD:
                raise self._unsound(
                    f"The archive of `{made.id}` is damaged: {'; '.join(checked.problems[:3]) or 'nothing in it could be checked'}.",
                    "This step changed nothing. Choose another backup: `/backup list` shows them.",
                )
            tables = made.tables or checked.tables
            return {"tables": {name: asdict(table) for name, table in tables.items()}}

        found = self.op.step(f"{self.prefix}archive", check, if_interrupted=Interrupted.REDO)
        self.tables = {name: Table(**values) for name, values in found["tables"].items()}

    def _unsound(self, message: str, remedy: str) -> Failed:
        """The backup itself is not what it should be, which no outage is: from here on nobody counts on it."""
        why = f"it could not be restored to {self.to.environment}: {message}"
        self.services.catalogue.learn(self.bound["backup"], lambda facts: unsound(facts, why, datetime.now(UTC)))
        return Failed(message, remedy)

    def alone(self) -> None:
        """Wait until nobody else imports there, before anything changes: what that writes after the safety backup would be in none."""

        def wait() -> dict[str, Any]:
            self.services.convex.require_no_import(self.to.environment, stop=self.op.stop, said=self.to.said)
            return {"done": self.services.convex.imports_done(self.to.environment)}

        self.known = self.op.step(ALONE, wait, if_interrupted=Interrupted.REDO)["done"]

    def pause(self) -> None:
        """Stop every function while the data go back; where the key may not, the card says so and the proof is milder."""
        if not self.bound["pause"]:
            return

        reason = self.op.params["shown"]["reason"]
        facts = {"reason": reason, "by": self.op.requested_by, "operation_id": self.op.id}
        paused = self.to.changing(f"{self.prefix}pause", lambda: pausing.stop_functions(self.services, self.to.environment, **facts))
        paused = paused or {"paused": False, "why": "A person took the step as done: whether it is paused is not known."}
        self.covered = bool(paused["paused"])
        self.op.result(paused=paused)

    def unpause(self) -> None:
        """Let the functions run again."""
        if self.covered:
            self.to.changing(f"{self.prefix}unpause", lambda: pausing.let_run(self.services, self.to.environment, self.op.requested_by))

    def restore(self) -> None:
        """Import the archive, and where there is a safety backup keep what goes meanwhile: counting needs the two archives only."""
        if not self.safety:
            self._import()
            return
        shared = self.mode == "replace"
        with leaving(self.op, self.services, backup=self.bound["backup"], safety=self.safety, shared=shared) as kept:
            self._import()
            self.op.result(lost=self.op.step(STEP, kept, if_interrupted=Interrupted.REDO, cancellable=False))

    def _import(self) -> None:
        """All tables at once or none, once, and after a crash only with a look at how the first one ended."""
        convex, mode = self.services.convex, self.mode
        seen = f"{self.prefix}imports before"
        before = self.op.step(seen, lambda: convex.newest_import(self.to.environment, self.known), if_interrupted=Interrupted.REDO)

        def bring() -> dict[str, Any]:
            return convex.bring(self.to.environment, self.path, mode=mode, stop=self.op.stop, said=self.to.said).dump()

        def ended() -> dict[str, Any] | None:
            outcome = convex.import_since(self.to.environment, before, stop=self.op.stop, said=self.to.said)
            return outcome.dump() if outcome is not None else None

        deadline = float(self.services.settings.convex.deadline)
        self.op.result(data=self.to.changing(f"{self.prefix}data", bring, looking=ended, deadline=deadline))

    def prove(self) -> Mapping[str, Any]:
        """Export again, and compare every table's row set with the backup's; what the spot checks see there is in the result."""

        def prove() -> dict[str, Any]:
            with scratch(self.services) as folder:
                fresh = folder / "proof.zip"
                self.export(fresh)
                checked = archive.check(fresh, expected=None, stop=self.op.stop, progress=lambda facts: self.op.progress(**facts))
                checks, known = self.services.settings.spot_check, self.services.catalogue.tables()
                seen = spots.tried(fresh, checks, at=self.moment, seed=self.seed, stop=self.op.stop, known=known)
            if checked.problems:
                raise Failed(f"The export for the proof is not sound: {'; '.join(checked.problems[:3])}.", "Retry the step.")
            there = checked.tables
            if self.mode == "replace":  # it leaves tables alone that the backup does not have
                there = {name: table for name, table in there.items() if name in self.tables}
            return {**self.require_equal(differences(self.tables, there)), "spots": spots.dump(seen)}

        proof = self.to.changing(f"{self.prefix}proof", prove)
        self.op.result(proof=proof, files=self.files)
        return proof

    def export(self, into: Path) -> None:
        """What is there now; stored files only where the backup has them: an import without leaves them alone."""
        progress = self.op.progress
        self.services.convex.export(
            self.to.environment, into, stop=self.op.stop, progress=lambda facts: progress(**facts), files=self.files
        )

    def require_equal(self, different: list[str]) -> dict[str, Any]:
        """Fail where tables differ though nothing could write; where something could, they are listed.

        Raises:
            Failed: with the tables.
        """
        more = f" and {len(different) - _NAMED} more" if len(different) > _NAMED else ""
        said = f"The data are not those of the backup: {', '.join(different[:_NAMED])}{more} differ."
        if different and self.covered and self.strict:  # nobody works there, so it cannot be restored as it is
            raise self._unsound(said, "Look at the deployment; a restore of it that is proven clears it.")
        if different and self.covered:  # people work there, and the archive itself was proven whole a moment ago
            raise Failed(
                f"{said} Somebody wrote there although it is paused, or the import was not what it should be.",
                "Retry looks again and imports nothing: start it over from the backup, or undo to the safety backup.",
            )
        if different and self.strict:  # it may be what the app wrote meanwhile, which is no fault of the backup
            raise Failed(
                f"{said} It was not paused, so its own functions could write meanwhile.", "Give the key `deployment:pause`, or retry."
            )
        if not different:
            now = datetime.now(UTC)
            self.services.catalogue.learn(self.bound["backup"], lambda facts: proven(facts, now))
        return {"of": len(self.tables), "equal": len(self.tables) - len(set(different) & set(self.tables)), "different": different}


def unproven(result: Mapping[str, Any]) -> str:
    """Why nobody knows whether the data are the backup's although it is over; empty where they were compared. Pure."""
    by_hand = "proof" in result and not result["proof"]
    return "A person took the proof as done: whether the data are those of the backup is not known." if by_hand else ""


def proven(facts: Facts, now: datetime) -> Facts:
    """The facts of a backup whose restore was proven row by row. Pure."""
    return replace(facts, failed=None, failed_level=None, restored_at=now)


def unsound(facts: Facts, why: str, now: datetime) -> Facts:
    """The facts of a backup that a restore found wanting; only another restore clears it. Pure."""
    return replace(facts, failed=why, failed_level=RESTORED, level_at=now)


def differences(wanted: Mapping[str, Table], there: Mapping[str, Table]) -> list[str]:
    """Tables whose row sets differ; one that is empty on one side and not there on the other is the same. Pure."""
    return [name for name in sorted({*wanted, *there}) if not same(wanted.get(name), there.get(name))]


def same(wanted: Table | None, there: Table | None) -> bool:
    """Whether two tables hold the same rows. Pure."""
    if wanted is None or there is None:
        return not (wanted or there) or (wanted or there).rows == 0  # type: ignore[union-attr] # one of them is there
    return (wanted.rows, wanted.fingerprint) == (there.rows, there.fingerprint)
