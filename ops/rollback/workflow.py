"""The rollback as its list of steps: the code alone, or the code and the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from ops import releases, standing
from ops.context import Services
from ops.journal import Interrupted, Kind, Operation, OperationView, Status
from ops.manifest import instant, milliseconds
from ops.releasing import Releasing, require_at, telling
from ops.restoring import around
from ops.restoring.data import Data
from ops.restoring.looking import require_backup, require_data
from ops.rollback.planning import KINDS, order
from ops.rollback.preview import ENVIRONMENT


def kinds(services: Services) -> tuple[Kind, ...]:
    """Both rollbacks, for the journal."""
    workflow = partial(rollback, services=services)
    facts: dict[str, Any] = {"workflow": workflow, "version": 1, "cancellable": True, "sentence": sentence, "begins": initiated}
    return tuple(Kind(name=kind, **facts) for kind in KINDS)


def rollback(op: Operation, services: Services) -> None:
    """Return production to a backup, after a backup of what is there now."""
    with telling(op, services, ENVIRONMENT):
        back = Back(op, services)
        back.full() if back.bound["data"] else back.quick()


@dataclass
class Back:
    """One way back: the two lists of steps, then what the steps do."""

    op: Operation
    services: Services

    def __post_init__(self) -> None:
        self.bound, self.shown = self.op.params["bound"], self.op.params["shown"]
        self.to = Releasing(op=self.op, services=self.services, environment=ENVIRONMENT, commit=self.bound["commit"])
        self.own_functions = self.services.settings.app.functions == "bot"

    def quick(self) -> None:
        """The code: no row is touched, so neither maintenance nor pause."""
        self.begin()
        fits = self.prepare() if self.own_functions else True
        around.safety(self.to, self.bound, self.shown["reason"], what="rollback to", full=False)
        self.code()
        if self.own_functions:
            self.to.functions(ENVIRONMENT, validated=fits)
            self.op.result(validated=fits)
        self.site()
        self.to.smoke(ENVIRONMENT)
        self.release()

    def full(self) -> None:
        """The code and the data, with the site in maintenance and the deployment paused meanwhile."""
        self.begin()
        data = Data(self.to, self.bound)
        data.archive()
        fits = self.prepare()
        data.alone()
        around.maintenance_on(self.to, self.bound, self.shown["reason"])
        data.pause()
        data.safety = around.safety(self.to, self.bound, self.shown["reason"], what="rollback to", files=data.files)
        if self.own_functions:
            self.code()
        around.spot_checks(self.to, self.bring_back(data, fits=fits))
        data.unpause()
        if not self.own_functions:  # the site's build pushes the functions too: not before the data are there
            self.code()
        self.site()
        self.to.smoke(ENVIRONMENT)
        around.maintenance_off(self.to, self.bound)
        self.release()

    def bring_back(self, data: Data, *, fits: bool) -> Mapping[str, Any]:
        """Functions and data in the order that Convex accepts; the proof that the data are those of the backup."""
        match order(schema_differs=self.bound["schema_differs"], old_code_fits=fits):
            case "data, functions":
                data.restore()
                proof = data.prove()
                self.to.functions(ENVIRONMENT)
            case "functions, data":
                self.to.functions(ENVIRONMENT)
                data.restore()
                proof = data.prove()
            case "open, data, functions":
                self.to.functions(ENVIRONMENT, "functions without validation", validated=False)
                data.restore()
                proof = data.prove()
                self.to.functions(ENVIRONMENT)
        return proof

    # -- the steps ---------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Look that nothing moved since it was planned, and that the deployment is the one that is meant."""

        def confirm() -> None:
            made = require_backup(self.services, self.bound["backup"])
            if self.bound["data"]:
                require_data(self.services, made, ENVIRONMENT)
            require_at(self.services, self.bound["branch"], self.bound["head"])
            if self.bound["maintenance"]:
                self.services.vercel.require_page()
            self.services.git.commit_of_anchor(self.bound["backup"], self.bound["commit"], stop=self.op.stop)

        self.step("nothing moved", confirm)
        self.to.target()

    def prepare(self) -> bool:
        """Install the old code's packages, and have Convex say whether its schema fits the rows that are there."""
        self.to.packages()
        looked = self.to.check(ENVIRONMENT, tolerant=True)
        return not (looked["clash"] or (looked["unknown"] and self.bound["schema_differs"]))

    def code(self) -> None:
        """Move production's branch back."""
        branch, commit, head = self.bound["branch"], self.bound["commit"], self.bound["head"]

        def force() -> dict[str, str]:
            self.services.git.force(branch, commit, expected=head, stop=self.op.stop)
            return {"commit": commit, "was": head}

        self.to.changing("code", force)

    def site(self) -> None:
        """Have the site serve that commit."""
        if self.services.vercel.configured:
            self.to.site_back(self.bound["deployment"])

    def release(self) -> None:
        """Write down what production runs now, and hold further deploys until somebody has understood what happened."""
        self.to.changing("release", self._release)

    def _release(self) -> dict[str, Any]:
        """All of it in one transaction; a second time changes nothing."""
        project = self.services.vercel.project() if self.services.vercel.configured else None
        with Session(self.services.engine) as session, session.begin():
            releases.record(
                session,
                environment=ENVIRONMENT,
                kind="rollback",
                commit=self.bound["commit"],
                previous=self.bound["head"],
                version="",
                by=self.op.requested_by,
                operation_id=self.op.id,
                backup_id=self.bound["backup"],
                deployment_id=project.live.id if project and project.live else None,
            )
            self._stand(session, standing.What.HOLD, self.shown["reason"])
            if project and project.pinned:
                self._stand(session, standing.What.PINNED, f"rolled back to {self.bound['backup']}")
            else:
                standing.end(session, standing.What.PINNED, ENVIRONMENT, by=self.op.requested_by)
        self.op.result(backup=self.bound["backup"], commit=self.bound["commit"], was=self.bound["head"])
        return {"pinned": bool(project and project.pinned)}

    def _stand(self, session: Session, what: standing.What, reason: str) -> None:
        """Begin a state that stays until somebody ends it; one that is there already stays as it is."""
        standing.begin(session, what, ENVIRONMENT, reason=reason, by=self.op.requested_by, operation_id=self.op.id)

    def step(self, name: str, effect: Callable[[], Any]) -> Any:
        """A step that changes nothing and may be repeated."""
        return self.op.step(name, effect, if_interrupted=Interrupted.REDO)


def sentence(view: OperationView) -> str | None:
    """The document's sentences for the activity log."""
    if view.status is Status.SUCCEEDED:
        return "Rollback complete - production restored"
    return f"Rollback to {view.params['bound']['backup']} {view.status}: {view.error}"


def initiated(params: Mapping[str, Any]) -> str:
    """The document's sentence when it begins. Pure."""
    return f"Rollback initiated to backup from {instant(milliseconds(params['bound']['backup'])):%Y-%m-%d}"
