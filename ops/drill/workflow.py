"""The drill as its list of steps; where it waits for people, what they said is in rows, so it goes on after a restart."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from ops import choosing, notes, reports, staging, tasks
from ops.context import Services
from ops.drill import breaking, report
from ops.drill.scenarios import SCENARIOS, Scenario, make, struck
from ops.errors import Failed, OpsError, Refused
from ops.journal import Cancelled, Interrupted, Journal, Kind, Operation, OperationView, Status
from ops.journal.reading import Readings
from ops.manifest import Backup
from ops.notes import Note
from ops.recoveries import PREPARED
from ops.restoring import left
from ops.restoring.data import Data
from ops.restoring.looking import require_backup, require_data, scratch
from ops.restoring.staged import ENVIRONMENT, Staged, require_spots
from ops.services.process import Stopped
from ops.words import elapsed, one_line

log = logging.getLogger(__name__)

KIND = "drill"
DETECTED, DECIDED, BLOCKER = "detected", "decided", "blocker"
PATIENCE = timedelta(hours=2)  # for so long it waits for people, from the disaster or from when it was seen
AFTER_RESTART = timedelta(minutes=15)  # and for so long at least after a restart: nobody could say anything meanwhile
LOOK = 1.0  # seconds between two looks for what they said
TEXT = 500  # characters of a note


def kind(services: Services) -> Kind:
    """For the journal; it holds staging."""
    return Kind(name=KIND, workflow=partial(drill, services=services), version=1, cancellable=True, sentence=sentence)


def ask(services: Services, scenario: Scenario, seed: int) -> dict[str, Any]:
    """The parameters of a drill: staging is filled from the newest good full backup first.

    Raises:
        Refused: no staging is set, or there is no backup to begin from.
    """
    if not staging.configured(services):
        raise Refused("No staging deployment is set, so nothing can be drilled.", "Add `[convex.staging]`: see docs/verifying.md.")
    newest = choosing.newest_good(services.catalogue.all(), "full", services.settings.convex.production.name)
    if newest is None:
        raise Refused("There is no good full backup of production to drill with.", "Take one: `/backup full`.")
    steps = ["staging", PREPARED.strip(), "disaster", DETECTED, DECIDED, "archive", "data", "proof", "smoke tests", "report"]
    bound = {**_bound(services, newest), "scenario": scenario.letter, "steps": steps}
    waits = left.shown(services, comes_back=services.settings.verification.put_back)
    return {"bound": bound, "shown": {"reason": f"drill {scenario.letter}: {scenario.title}", "seed": seed, "left": waits}}


def _bound(services: Services, backup: Backup) -> dict[str, Any]:
    """What the steps around the data work by."""
    require_data(services, require_backup(services, backup.id), ENVIRONMENT)
    return {
        "target": services.target(ENVIRONMENT),
        "environment": ENVIRONMENT,
        "backup": backup.id,
        "sha256": backup.sha256 or "",
        "commit": backup.commit_hash,
        "data": True,
        "pause": services.settings.convex.pause,
        "maintenance": False,
    }


def begin(journal: Journal, services: Services, scenario: Scenario, by: str, *, id: str) -> str:  # noqa: A002 # the contract's name
    """Start one; its id."""
    seed = int.from_bytes(id.encode()[-4:], "big")
    return journal.start(KIND, ask(services, scenario, seed), by=by, environment=ENVIRONMENT, id=id)


def waits_for(view: OperationView) -> str:
    """What a running drill waits for people to say; "" where it waits for nothing. Pure."""
    last = view.steps[-1] if view.steps and view.status is Status.RUNNING else None
    return last.name if last is not None and last.name in {DETECTED, DECIDED} and last.state != "done" else ""


def waits_until(since: datetime, begun: datetime) -> datetime:
    """Until when people may say it: however often the bot was restarted meanwhile, and ``begun`` is when it last was. Pure."""
    return max(since + PATIENCE, begun + AFTER_RESTART)


def say(services: Services, view: OperationView, kind: str, text: str, *, by: str, id: str) -> Note:  # noqa: A002, PLR0913 # the facts of a note, all named
    """Somebody sees it, has decided, or is held up.

    Raises:
        Refused: it is not what the drill waits for, somebody was faster, or the backup that was decided for is none.
    """
    if view.status is not Status.RUNNING:
        raise Refused("That drill is over.", "`/drill history` shows how it went.")
    if kind == BLOCKER and any(step.name == "report" for step in view.steps):
        raise Refused("The report of that drill is written already.", "Say it in its thread, and begin another drill once it is removed.")
    if kind != BLOCKER and waits_for(view) != kind:
        raise Refused("The drill does not wait for that now.", "Its card shows where it is.")
    if kind == DECIDED:
        require_data(services, require_backup(services, text), "production")  # as for the restore that is rehearsed
    if not text.strip():
        raise Refused("Nothing is said.", "Say in a sentence what you see.")
    note = notes.write(services.engine, view.id, kind, one_line(text, TEXT), by=by, id=id if kind == BLOCKER else f"{kind}-{view.id}")
    if kind != BLOCKER and (note.by, note.text) != (by, one_line(text, TEXT)):
        raise Refused(f"Somebody was faster: “{note.text}”.", "That counts; its card goes on.")
    return note


def drill(op: Operation, services: Services) -> None:
    """Make the disaster, wait until it is seen and decided about, restore, prove, report; then staging as it was."""
    Drilling(op, services).go()


@dataclass
class Drilling:
    """One drill: the list of steps, then what they do."""

    op: Operation
    services: Services

    def __post_init__(self) -> None:
        self.bound, self.shown = self.op.params["bound"], self.op.params["shown"]
        self.scenario = SCENARIOS[self.bound["scenario"]]
        self.staged = Staged(op=self.op, services=self.services)
        self.base = Data(self.staged.to(self.bound["commit"]), self.bound, PREPARED)
        self.reporting = False  # whether it came as far as its report

    def go(self) -> None:
        """The list of steps."""
        self.staged.require()
        self.base.to.target()
        try:
            self.base.archive()
            self.staged.save(files=self.may_bring_files())
            self.staged.bring(self.base)
            disaster = self.base.to.changing("disaster", self.strike)
            detected = self.hear(DETECTED, since=datetime.fromisoformat(disaster["at"]))
            self.restore(self.hear(DECIDED, since=detected.at).text)
            self.reporting = True
            self.op.step("report", self.report, if_interrupted=Interrupted.REDO)
        except OpsError as error:
            self.staged.put_back("")
            self.broke_off(error)
            raise
        self.staged.put_back("")

    def may_bring_files(self) -> bool:
        """Whether a backup with stored files may be decided for, in whose place staging's own would be gone."""
        return any(each.files is not False for each in self.services.catalogue.all() if each.type == "full" and not each.problem)

    def strike(self) -> dict[str, Any]:
        """Import the disaster; when it was there, and which table it struck."""
        table = struck(self.base.tables, int(self.shown["seed"])) if self.scenario.letter == "B" else ""
        with scratch(self.services) as folder:
            path = folder / "disaster.zip"
            make(self.scenario.letter, self.base.path, path, table)
            self.services.convex.bring(ENVIRONMENT, path, mode="replace-all", stop=self.op.stop, said=self.base.to.said)
        return {"at": datetime.now(UTC).isoformat(), "table": table}

    def hear(self, kind: str, since: datetime) -> Note:
        """What somebody says, as soon as they say it."""

        def wait() -> dict[str, Any]:
            until = waits_until(since, datetime.now(UTC))
            while not (said := notes.of(self.services.engine, self.op.id, kind)):
                if datetime.now(UTC) > until:
                    raise Failed(f"Nobody {_SPOKEN[kind]} within {elapsed(PATIENCE)}.", self.again)
                if self.op.stop.wait(LOOK):
                    raise Stopped("The drill was stopped.")
            return {**asdict(said[0]), "at": said[0].at.isoformat()}

        found = self.op.step(kind, wait, if_interrupted=Interrupted.REDO)
        return Note(**{**found, "at": datetime.fromisoformat(found["at"])})

    @property
    def again(self) -> str:
        """What to do where nobody answers."""
        return f"That is a result too. The next one: `/drill start {self.scenario.letter}`."

    def restore(self, backup_id: str) -> None:
        """What was decided for: restored, proven, looked at, smoke-tested."""
        backup = self.services.catalogue.get(backup_id)
        bound = _bound(self.services, backup)
        data = Data(self.staged.to(bound["commit"]), bound)
        data.archive()
        proof = self.staged.bring(data)
        require_spots(proof)
        data.to.smoke(ENVIRONMENT)

    def report(self) -> dict[str, Any]:
        """What it measured."""
        found = report.drilled(self.services, self.view())
        written = self.write(report.markdown(found), found.recommendations)
        self.op.result(drill=found.dump())
        return written

    def broke_off(self, error: OpsError) -> None:
        """A drill that stops is a result too; not one that somebody cancelled, nor one whose own report cannot be written."""
        if isinstance(error, Cancelled) or self.reporting:
            return
        try:
            self.op.step("report", partial(self.report_stop, error.message), if_interrupted=Interrupted.REDO, cancellable=False)
        except OpsError as failed:  # what stopped it is what counts
            log.warning("the drill %s has no report: %s", self.op.id, failed.message)

    def report_stop(self, why: str) -> dict[str, Any]:
        """How far it came."""
        blockers = [note.text for note in notes.of(self.services.engine, self.op.id, BLOCKER)]
        found = breaking.broken_off(self.view(), why, blockers)
        return self.write(breaking.markdown(found), found.recommendations)

    def view(self) -> OperationView:
        """The drill as its rows have it."""
        view = Readings(self.services.engine).get(self.op.id)
        if view is None:
            raise Failed("The drill is not in the database.", "Look at the log.")
        return view

    def write(self, text: str, recommendations: Sequence[str]) -> dict[str, Any]:
        """Write the report, and open what it recommends as tasks; a disk that takes no file changes nothing of what was measured."""
        written = reports.keep(report.place(self.services.settings.folder, self.op.id), text, self.op.id)
        self.op.result(unwritten=written.get("unwritten"))
        with Session(self.services.engine) as session, session.begin():
            for place, each in enumerate(recommendations):
                tasks.begin(session, f"drill-{self.op.id}-{place}", "drill recommendation", each, by=self.op.requested_by, about=self.op.id)
        return written


_SPOKEN = {DETECTED: "said what had happened", DECIDED: "decided for a backup"}


def sentence(view: OperationView) -> str | None:
    """The activity log's sentence."""
    scenario = SCENARIOS[view.params["bound"]["scenario"]]
    if view.status is not Status.SUCCEEDED:
        return f"Drill {scenario.letter} ({scenario.title.lower()}) {view.status}: {view.error}"
    return f"Drill {scenario.letter} ({scenario.title.lower()}): back in {elapsed(timedelta(seconds=view.result['drill']['total']))}"
