"""What is done with staging that is only lent: keep its own data, bring a backup there with its own functions, put all of it back.

A verification and a drill do all of it; a rehearsal brings the backup there as production's restore would.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from ops import archive, files, pausing, spots, staging, standing, tasks
from ops.context import Services
from ops.errors import Failed, OpsError
from ops.journal import Interrupted, Operation
from ops.journal.reading import Readings
from ops.releasing import Releasing
from ops.restoring import left
from ops.restoring.data import Data
from ops.services.convex import Misfit
from ops.standing import What

log = logging.getLogger(__name__)

ENVIRONMENT = staging.ENVIRONMENT
SAVED, PUT_BACK = "staging saved", "staging put back"  # the steps that a plan names


@dataclass(frozen=True, kw_only=True)
class Staged:
    """Staging, for the time of one operation that holds it."""

    op: Operation
    services: Services

    @property
    def saved(self) -> Path:
        """Where staging's own data are kept meanwhile: in the file that waited for being put back, where one did."""
        taken = (Readings(self.services.engine).step_result(self.op.id, SAVED) or {}).get("taken")
        return Path(taken) if taken else self.services.settings.state / f"{left.name(self.op.id)}.zip"

    @property
    def own_functions(self) -> bool:
        """Whether we push the functions."""
        return self.services.settings.app.functions == "bot"

    def to(self, commit: str) -> Releasing:
        """Staging on its way to a commit; a cancel ends it between two steps, as staging is put back then."""
        return Releasing(op=self.op, services=self.services, environment=ENVIRONMENT, commit=commit, heeds=True)

    def require(self) -> None:
        """Have staging prove itself. If after a restart it cannot, or is another one, what was saved of it is left to a person.

        Raises:
            Failed: it is not proven, or not the deployment that it was.
        """
        try:
            staging.require(self.op, self.services)
        except OpsError as error:
            if self.saved.exists():
                self._leave(error.message)
            raise

    def save(self, *, files: bool) -> None:
        """Export what staging holds now, to be put back, if the settings want that; ``files``: what comes replaces its stored ones."""
        if self.services.settings.verification.put_back:
            self.op.step(SAVED, lambda: self._export(with_files=files), if_interrupted=Interrupted.REDO)

    def _export(self, *, with_files: bool) -> dict[str, Any]:
        """The export, whole under its name or not there; where staging's own data wait already, what is there now is not its own."""
        if (waits := left.waiting(self.services, self._instance)) is not None:
            return {"bytes": waits.stat().st_size, "taken": str(waits)}
        self.services.convex.require_no_import(ENVIRONMENT, stop=self.op.stop, said=self.to("").said)
        part = files.temporary(self.saved, self.op.id)
        part.unlink(missing_ok=True)
        self.services.convex.export(
            ENVIRONMENT, part, stop=self.op.stop, progress=lambda facts: self.op.progress(**facts), files=with_files or None
        )
        self._require_sound(part)
        files.keep(part, self.saved)
        return {"bytes": self.saved.stat().st_size}

    def _require_sound(self, part: Path) -> None:
        """Read what was exported whole: what is not in it could not be put back. A staging without any table is as good as any.

        Raises:
            Failed: it is not sound; nothing was changed there yet.
        """
        checked = archive.check(part, stop=self.op.stop, progress=lambda facts: self.op.progress(**facts))
        if problems := [each for each in checked.problems if each != archive.NO_TABLE]:
            part.unlink(missing_ok=True)
            raise Failed(
                f"The export of staging's own data is not sound: {'; '.join(problems[:3])}.", "Nothing was changed there. Try it again."
            )

    @property
    def _instance(self) -> str:
        """What staging called itself when it proved itself."""
        return str((Readings(self.services.engine).step_result(self.op.id, ENVIRONMENT) or {}).get("instance") or "")

    def bring(self, data: Data) -> Mapping[str, Any]:
        """The backup's functions and data, proven; what the proof found.

        The functions go first, as their own rows fit them; where the rows that are there do not, they go without validation.
        """
        named = data.prefix
        if self.own_functions:
            data.to.packages(f"{named}packages")
        data.pause()
        fits = not self.own_functions or data.to.functions(ENVIRONMENT, f"{named}functions", tolerant=True)["validated"]
        if not fits:
            data.to.functions(ENVIRONMENT, f"{named}functions without validation", validated=False)
        data.restore()
        proof = data.prove()
        if not fits:
            data.to.functions(ENVIRONMENT, f"{named}functions again")
        data.unpause()
        return proof

    def put_back(self, commit: str) -> None:
        """Staging's own data again, under the functions that production runs; ``commit`` is whose are there now."""
        try:
            if self.saved.exists():
                self._put_back(commit)
                left.close(self.services, self.saved, self.op.id, self.op.requested_by)
        except OpsError as error:  # what the operation found is what counts; what was saved stays, and the card says where
            self._leave(error.message)
        finally:
            self._as_it_was()

    def _leave(self, why: str) -> None:
        """Somebody must put it back: the card says where it is, Home has it, and each day asks for it."""
        self.op.result(staging={"kept": str(self.saved), "why": why})
        what = (
            f"Put staging's own data back, which could not be done: {why} They are kept in `{self.saved}`. With CONVEX_DEPLOY_KEY set to "
            "staging's key, `npx convex import --replace-all` brings that file there; then remove it."
        )
        with Session(self.services.engine) as session, session.begin():
            tasks.begin(session, self.saved.stem, left.KIND, what, by=self.op.requested_by, about=self.op.id)

    def _as_it_was(self) -> None:
        """Whatever came of it, its functions run again, or stand still where a person had paused them before; or the card says so."""
        before = staging.was_paused(self.op, self.services)
        try:
            if standing.current(self.services.engine, What.PAUSED, ENVIRONMENT) is not None:  # where that fails it stands, and nags
                pausing.let_run(self.services, ENVIRONMENT, self.op.requested_by)
            if before:
                self.services.convex.pause(ENVIRONMENT)
                self.op.result(paused_again="")
        except OpsError as error:
            log.warning("staging is not paused or running as before: %s", error.message)
            if before:
                self.op.result(paused_again=error.message)

    def _put_back(self, commit: str) -> None:
        """The data under the functions that production runs; where they clash, those open first, and are as they should be at the end."""
        live = self.services.git.remote_head(self.services.settings.app.production_branch)
        now = replace(self.to(live), heeds=False)  # whoever cancelled wants this too
        if not self.own_functions:
            now.changing(PUT_BACK, self._import)
        elif not (self._runs(now, same=live == commit) and self._fits(now)):
            now.functions(ENVIRONMENT, "staging opened", validated=False)
            now.changing(PUT_BACK, self._import)
            went = now.functions(ENVIRONMENT, "staging functions", tolerant=True)
            if not went["validated"]:
                self.op.result(staging={"clash": went["clash"]})

    def _runs(self, now: Releasing, *, same: bool) -> bool:
        """Whether the functions are there: they are, or the rows that are there let them in."""
        return same or bool(now.functions(ENVIRONMENT, "staging functions first", tolerant=True)["validated"])

    def _fits(self, now: Releasing) -> bool:
        """Whether the saved rows go in as they are; then they are in."""

        def bring() -> dict[str, Any]:
            try:
                return {**self._import(), "fits": True}
            except Misfit:
                return {"fits": False}

        return bool(now.changing("staging as it was", bring)["fits"])

    def _import(self) -> dict[str, Any]:
        """What was saved."""
        said = self.to("").said
        return self.services.convex.bring(ENVIRONMENT, self.saved, mode="replace-all", stop=self.op.stop, said=said).dump()


def require_spots(proof: Mapping[str, Any]) -> None:
    """Fail where the restored rows are not what the settings want of them; what they misname is not the rows' fault.

    Raises:
        Failed: with the checks that are not as wanted.
    """
    found = [spots.load(each) for each in proof["spots"]]
    if bad := [each for each in found if each.wanting or each.unknown]:
        raise Failed(
            f"Restored, but {'; '.join(each.sentence for each in bad[:3])}.",
            "The rows are as they were in the backup: look whether it was taken after the loss.",
        )
