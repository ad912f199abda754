"""The restore as its list of steps: production's data, staging's, or staging's for a rehearsal only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ops import maintenance, reports, staging
from ops.context import Services
from ops.errors import OpsError
from ops.journal import Interrupted, Kind, Operation, OperationView, Status
from ops.releasing import Releasing, require_at, telling
from ops.restore.planning import KINDS
from ops.restoring import around
from ops.restoring.data import Data
from ops.restoring.looking import require_backup, require_data
from ops.restoring.staged import SAVED, Staged
from ops.words import counted, elapsed, number


def kinds(services: Services) -> tuple[Kind, ...]:
    """Both restores, for the journal."""
    facts: dict[str, Any] = {"version": 1, "cancellable": True, "sentence": sentence}
    return tuple(Kind(name=kind, workflow=partial(restore, services=services), **facts) for kind in KINDS)


def restore(op: Operation, services: Services) -> None:
    """Bring the data back, after a backup of what is there now."""
    bound = op.params["bound"]
    with telling(op, services, bound["environment"]):
        way = Way(op, services)
        way.production() if bound["environment"] == "production" else way.rehearsal() if bound.get("rehearsal") else way.staging()


@dataclass
class Way:
    """One way back: the three lists of steps, then what the steps do."""

    op: Operation
    services: Services

    def __post_init__(self) -> None:
        self.bound, self.shown = self.op.params["bound"], self.op.params["shown"]
        self.environment: str = self.bound["environment"]
        self.to = Releasing(
            op=self.op,
            services=self.services,
            environment=self.environment,
            commit=self.bound["commit"],
            heeds=self.environment != "production",
        )
        self.data = Data(self.to, self.bound)
        self.opens = "functions" in self.bound["steps"]  # as planned, whatever the settings say by then: who opens them closes them

    def production(self) -> None:
        """The site in maintenance, the deployment paused, a backup of what is there, the data, the proof; then all of it back on."""
        self.begin()
        self.data.archive()
        if self.opens:
            self.to.packages()
        self.data.alone()
        around.maintenance_on(self.to, self.bound, self.shown["reason"])
        self.data.pause()
        self.data.safety = around.safety(self.to, self.bound, self.shown["reason"], what="restore of", files=self.data.files)
        around.spot_checks(self.to, self.bring_back())
        self.data.unpause()
        self.to.smoke(self.environment)
        around.maintenance_off(self.to, self.bound)
        written = self.to.changing("report", lambda: reports.write(self.services, self.op.id)) or {}
        self.op.result(unwritten=written.get("unwritten"))

    def staging(self) -> None:
        """Staging proves that it is staging; then the backup's own functions, its data, the proof."""
        self.begin()
        staging.require(self.op, self.services)
        self.data.archive()
        self.fill()

    def rehearsal(self) -> None:
        """The same under the functions that production runs; staging's own data are saved before, and come back whatever came of it."""
        self.begin()
        staged = Staged(op=self.op, services=self.services)
        staged.require()
        try:
            self.data.archive()
            if SAVED in self.bound["steps"]:  # as planned: what began before there was such a step would save the backup's own rows
                staged.save(files=self.data.files)
            self.fill()
        except OpsError:
            staged.put_back("")
            raise
        staged.put_back("")  # whose functions are there is not sure: where rows did not fit, they validate nothing

    # -- the steps ---------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Look that nothing moved since it was planned, and that the deployment is the one that is meant."""

        def confirm() -> None:
            require_data(self.services, require_backup(self.services, self.bound["backup"]), self.environment)
            require_at(self.services, self.bound["branch"], self.bound["head"])
            if self.bound["maintenance"]:
                self.services.vercel.require_page()

        self.op.step("nothing moved", confirm, if_interrupted=Interrupted.REDO)
        self.to.target()

    def fill(self) -> None:
        """Staging's functions and data, proven and smoke-tested."""
        if self.opens:
            self.to.packages()
        self.bring_back()
        self.to.smoke(self.environment)

    def bring_back(self) -> Mapping[str, Any]:
        """The data, and the proof; where their schema may be another one, the functions validate nothing until they are there."""
        if self.opens:
            self.to.functions(self.environment, "functions without validation", validated=False)
        self.data.restore()
        proof = self.data.prove()
        if self.opens:
            self.op.result(clash="")
            self.op.result(**self.to.functions(self.environment, tolerant=True))
        return proof


def sentence(view: OperationView) -> str | None:
    """The activity log's sentence."""
    bound = view.params["bound"]
    what, rehearsal = f"{bound['target']} to {bound['backup']}", bool(bound.get("rehearsal"))
    if view.status is not Status.SUCCEEDED:
        return f"{'Rehearsal' if rehearsal else 'Restore'} of {what} {view.status}: {view.error}"
    took = elapsed(view.finished_at - view.created_at) if view.finished_at else ""
    if rehearsal:
        fits = "do not fit" if view.result.get("clash") else "fit"
        return f"Rehearsed a restore to {bound['backup']} on {bound['target']} in {took}: its rows {fits} the functions that run"
    more = [said for said in (maintenance.stays_sentence(view.result), reports.unwritten_sentence(view.result)) if said]
    return ". ".join([f"Restored {what} in {took}: {proven(view)}", *more])


def proven(view: OperationView) -> str:
    """What the proof showed. Pure."""
    proof = view.result.get("proof") or {}
    if not proof:
        return "its data are not proven"
    if proof["different"]:
        equal = f"{number(proof['equal'])} of {counted(proof['of'], 'table')}"
        return f"{equal} are the backup's, row by row; written meanwhile: {', '.join(proof['different'][:5])}"
    return "every table is the backup's, row by row"
