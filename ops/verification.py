"""The weekly verification: a backup is restored to staging, compared, looked at, smoke-tested, and staging is put back (B14, X1, X9).

At stake: the belief that a backup can be restored. So staging proves first that it is staging; the verifier proves that it
still sees a damage; and only what is equal row by row, exported again, has been restored. Only staging is held meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ops import archive, choosing, damages, overlooked, spots, staging
from ops.choosing import Choice
from ops.context import Services
from ops.errors import Failed, OpsError, Refused
from ops.facts import RESTORED, Facts
from ops.journal import Interrupted, Journal, Kind, Operation, OperationView, Status
from ops.manifest import Backup
from ops.restoring import left
from ops.restoring.data import Data, proven
from ops.restoring.looking import require_backup, require_data, scratch
from ops.restoring.staged import PUT_BACK, SAVED, Staged, require_spots
from ops.words import elapsed

KIND = "verification"
ENVIRONMENT = staging.ENVIRONMENT
WORKING = 5  # the level that smoke tests give on top
BY_RESTORE = range(RESTORED, WORKING + 1)  # the levels that only a restore to staging reaches
WHO = "schedule"
VERSION = "1"  # of what is looked at; a backup keeps by which one it was verified


def kind(services: Services) -> Kind:
    """For the journal; it holds staging."""
    return Kind(name=KIND, workflow=partial(verify, services=services), version=1, cancellable=True, sentence=sentence)


def choose(services: Services, seed: int, now: datetime) -> Choice:
    """The backup of this week.

    Raises:
        Refused: there is none.
    """
    mode, label = services.settings.verification.choose, services.settings.convex.production.name
    return choosing.choose(services.catalogue.all(), now, mode=mode, seed=seed, label=label)


def ask(services: Services, choice: Choice, repeats: OperationView | None = None) -> dict[str, Any]:
    """The parameters of a verification; of one that repeats the damage that another one missed.

    Raises:
        Refused: no staging is set, or the backup cannot be restored.
    """
    if not staging.configured(services):
        raise Refused("No staging deployment is set, so nothing can be restored there.", "Add `[convex.staging]`: see docs/restoring.md.")
    require_data(services, require_backup(services, choice.backup.id), ENVIRONMENT)
    bound = {
        "target": services.target(ENVIRONMENT),
        "environment": ENVIRONMENT,
        "backup": choice.backup.id,
        "sha256": choice.backup.sha256 or "",
        "commit": choice.backup.commit_hash,
        "data": True,
        "pause": services.settings.convex.pause,
        "maintenance": False,
        "steps": list(steps(services)),
    }
    waits = left.shown(services, comes_back=services.settings.verification.put_back)
    shown = {"reason": "the weekly verification", "why": choice.why, "seed": choice.seed, "left": waits}
    shown |= {"repeats": repeats.id, "damage": repeats.result["missed"]} if repeats else {}
    return {"bound": bound, "shown": shown}


def start(journal: Journal, services: Services, backup_id: str, by: str, *, id: str, now: datetime) -> str:  # noqa: A002, PLR0913 # the facts of a start, all named
    """Start one: of a backup, or ("") of the one that needs it most; what was missed before is repeated until it is seen. Its id.

    Raises:
        Refused: nothing can be restored there, or staging is in use.
    """
    seed = int(hashlib.sha256(id.encode()).hexdigest()[:8], 16)
    owed = overlooked.owed(journal.recent(overlooked.LOOKED_BACK, kinds=(KIND,)))
    damaged = _damaged(services, owed) if owed else None
    if owed and damaged and backup_id in {"", damaged.id}:
        choice = Choice(backup=damaged, why="a damage of it was missed, and is done again", seed=int(owed.params["shown"]["seed"]))
    elif backup_id:
        choice = Choice(backup=services.catalogue.get(backup_id), why="named by a person", seed=seed)
    else:
        choice = choose(services, int(owed.params["shown"]["seed"]) if owed else seed, now)
    repeats = owed if not backup_id or (damaged and backup_id == damaged.id) else None
    return journal.start(KIND, ask(services, choice, repeats), by=by, environment=ENVIRONMENT, id=id)


def _damaged(services: Services, owed: OperationView) -> Backup | None:
    """The backup of which a damage was missed, while it can be restored; without it the damage is done to another."""
    return next((each for each in services.catalogue.all() if each.id == owed.params["bound"]["backup"] and each.good), None)


def steps(services: Services) -> tuple[str, ...]:
    """The steps that a card names before they have run, in their order."""
    own, settings = services.settings.app.functions == "bot", services.settings
    listed = {
        "staging": True,
        "archive": True,
        "verifier": True,
        SAVED: settings.verification.put_back,
        "packages": own,
        "pause": settings.convex.pause,
        "data": True,
        "proof": True,
        "functions": own,
        "unpause": settings.convex.pause,
        "smoke tests": any(page.environment == ENVIRONMENT for page in settings.smoke),
        PUT_BACK: settings.verification.put_back,
    }
    return tuple(name for name, there in listed.items() if there)


def verify(op: Operation, services: Services) -> None:
    """Restore one backup to staging, and remember how far it got."""
    Verifying(op, services).go()


@dataclass
class Verifying:
    """One verification: the list of steps, then what they do."""

    op: Operation
    services: Services

    def __post_init__(self) -> None:
        self.bound, self.shown = self.op.params["bound"], self.op.params["shown"]
        self.staged = Staged(op=self.op, services=self.services)
        self.to = self.staged.to(self.bound["commit"])
        self.data = Data(self.to, self.bound)

    def go(self) -> None:
        """Proof of staging, the archive, the verifier's own test; then the restore, and staging as it was."""
        self.staged.require()
        self.to.target()
        try:
            self.data.archive()
            self.op.step("verifier", self.test_verifier, if_interrupted=Interrupted.REDO)
            self.staged.save(files=self.data.files)
            self.restore()
        except OpsError:
            self.staged.put_back(self.bound["commit"])
            raise
        self.staged.put_back(self.bound["commit"])

    def restore(self) -> None:
        """The backup's functions and data in staging, proven, looked at, smoke-tested."""
        require_spots(self.staged.bring(self.data))
        self.note(RESTORED)
        self.to.smoke(ENVIRONMENT)
        if any(page.environment == ENVIRONMENT for page in self.services.settings.smoke):
            self.note(WORKING)

    # -- the steps ---------------------------------------------------------------------------------------------------------

    def test_verifier(self) -> dict[str, Any]:
        """Damage a copy in one way, and demand that the verifier sees it; and that it passes the sound one.

        Raises:
            MissedDamage: it does not. Nobody may trust a level until this is mended.
        """
        rows = any(table.rows for table in self.data.tables.values())
        name = damages.choose(int(self.shown["seed"]), rows=rows, again=self.shown.get("damage"))
        with scratch(self.services) as folder:
            copy = folder / "damaged.zip"
            damages.do(name, self.data.path, copy, int(self.shown["seed"]))
            expected = archive.Expected(tables=self.data.tables)  # neither length nor sha256: its own eyes
            seen = archive.check(copy, expected=expected, level=3, stop=self.op.stop)
        if not seen.problems:
            self.op.result(missed=name)
            raise MissedDamage(
                f"The verifier passed a copy of `{self.bound['backup']}` that was damaged on purpose: {name}.",
                "Trust no level until this is mended. The next verification does the same damage again: `/backup verify weekly`.",
            )
        self.op.result(verifier={"damage": name, "seen": seen.problems[0][:200]})
        return {"damage": name}

    def note(self, level: int) -> None:
        """Remember the level."""
        now = datetime.now(UTC)
        items = sum(table.rows for table in self.data.tables.values())
        self.services.catalogue.learn(self.bound["backup"], lambda facts: noted(facts, level, items, now))
        self.op.result(level=level, items=items)


class MissedDamage(Failed):
    """The verifier does not see a damage that was done on purpose."""


def noted(facts: Facts, level: int, items: int, now: datetime) -> Facts:
    """The facts after a restore that was proven; a higher level keeps its own age. Pure."""
    found = proven(facts, now)
    return replace(found, level=level, level_at=now, items=items, verifier=VERSION) if level >= (facts.level or 0) else found


def sentence(view: OperationView) -> str | None:
    """The activity log's sentence."""
    backup = view.params["bound"]["backup"]
    if view.status is not Status.SUCCEEDED:
        return f"Verification of {backup} {view.status}: {view.error}"
    took = elapsed(view.finished_at - view.created_at) if view.finished_at else ""
    return f"Verified {backup} by a restore to staging in {took}: L{view.result['level']}"


def log_fields(view: OperationView, backup: Backup) -> Mapping[str, str]:
    """The verification log, with the document's fields. Pure."""
    good = view.status is Status.SUCCEEDED
    smoke = "not tested: no page of staging is set" if int(view.result.get("level") or 0) < WORKING else "Yes"
    return {
        "Date": f"{view.created_at:%Y-%m-%d %H:%M} UTC",
        "Backup tested": backup.id,
        "Backup timestamp": f"{backup.timestamp:%Y-%m-%d %H:%M:%S} UTC",
        "Restoration successful": "Yes" if "proof" in view.result else "No",
        "Data integrity verified": "Yes" if view.result.get("level") else "No",
        "Application functional": smoke if good else "No" if view.result.get("level") else "not tested",
        "Issues found": view.error or "; ".join(spots.misnamed(view.result)) or "none",
        "Tested by": "Backstop" if view.requested_by == WHO else view.requested_by,
    }
