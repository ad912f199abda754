"""Salvage: bring back rows that a rollback or a restore took away, table by table, from its delta (X2).

At stake: production's rows. Only rows that were created after the backup come back, under their own ids, and only those that are
not there: an import that appends is not all or nothing, so whoever comes again looks first. What is there is left alone, and so is
what is there with another content; the card says how many those are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ops import deltas, loss, words
from ops.context import Services
from ops.deltas import Delta
from ops.deploy.planning import settings_digest
from ops.errors import Failed, Refused, Unchanged
from ops.journal import Interrupted, Journal, Kind, Operation, OperationView, Status
from ops.plans import Plan
from ops.releasing import Releasing, telling
from ops.restoring import around
from ops.restoring.looking import COUNTING, scratch
from ops.services.convex import Misfit
from ops.words import one_line

KIND = "salvage"
ENVIRONMENT = "production"
REASON = 500  # characters
LOOKED_BACK = 200  # salvages


def kind(services: Services) -> Kind:
    """For the journal."""
    return Kind(name=KIND, workflow=partial(salvage, services=services), version=1, cancellable=True, sentence=sentence)


def plan(services: Services, delta: Delta, tables: Sequence[str], reason: str) -> Plan:
    """What will be brought back, as an approval binds it.

    Raises:
        Refused: no table is chosen, or one has nothing that could come back; or no reason is given.
    """
    there = {table.name: table for table in delta.tables if table.rows}
    if not tables:
        raise Refused("No table is chosen.", f"Choose among {', '.join(there) or 'none: nothing was created'}.")
    if unknown := [name for name in tables if name not in there]:
        raise Refused(
            f"{delta.id} has no created rows of {', '.join(unknown)[:100]}.", f"It has those of {', '.join(there)[:200] or 'no table'}."
        )
    if not reason.strip():
        raise Refused("Bringing rows back needs a reason: those who sign will read it.", "Say in a sentence why.")
    bound = {
        "target": services.target(ENVIRONMENT),
        "backup": delta.id,
        "sha256": delta.sha256,
        "data": True,
        "maintenance": False,
        "tables": sorted(tables),
        "steps": ["target", "safety backup", "append", "proof"],
        "settings": settings_digest(services.settings),
    }
    shown = {
        "reason": one_line(reason, REASON),
        "impact": "",
        "tables": [{"name": name, "rows": there[name].rows} for name in sorted(tables)],
        "rows": sum(there[name].rows for name in tables),
        "taken_by": delta.operation,
    }
    return Plan(kind=KIND, environment=ENVIRONMENT, bound=bound, shown=shown)


def found(services: Services, bound: Mapping[str, Any]) -> dict[str, Any]:
    """What the plan binds, as it is now."""
    there = {each.id: each for each in deltas.all_of(services.settings.folder)}.get(bound["backup"])
    return {
        **bound,
        "target": services.target(ENVIRONMENT),
        "backup": there.id if there else "",
        "sha256": there.sha256 if there else "",
        "settings": settings_digest(services.settings),
    }


def salvage(op: Operation, services: Services) -> None:
    """Back up what is there, append the rows that are missing, and prove that each is there as it was."""
    with telling(op, services, ENVIRONMENT):
        Salvaging(op, services).go()


@dataclass(frozen=True, kw_only=True)
class Missing:
    """The rows that are to be appended, as an archive, and how many stay away as they are there with another content."""

    path: Path
    rows: int
    other: int


@dataclass
class Salvaging:
    """One salvage: the list of steps, then what they do."""

    op: Operation
    services: Services

    def __post_init__(self) -> None:
        self.bound, self.shown = self.op.params["bound"], self.op.params["shown"]
        self.to = Releasing(op=self.op, services=self.services, environment=ENVIRONMENT, commit="")

    def go(self) -> None:
        """Target, safety backup, append, proof."""
        self.to.target()
        self.op.step("delta", self.read, if_interrupted=Interrupted.REDO)
        around.safety(self.to, self.bound, self.shown["reason"], what="salvage of")
        self.op.result(**self.to.changing("append", self.append))
        self.op.result(proof=self.to.changing("proof", self.prove))

    def read(self) -> dict[str, Any]:
        """The delta, whole."""
        delta = deltas.get(self.services.settings.folder, self.bound["backup"])
        deltas.require_whole(delta)
        return {"rows": sum(table.rows for table in delta.tables if table.name in self.bound["tables"])}

    def append(self) -> dict[str, Any]:
        """Import the rows that are not there: after a crash, or an import that broke off half-way, those that are left.

        Raises:
            Unchanged: they do not fit the schema that is there, and none of them came.
        """
        convex = self.services.convex
        convex.require_no_import(ENVIRONMENT, stop=self.op.stop, said=self.to.said)  # a killed bot's may still add rows
        with scratch(self.services) as folder:
            missing = self._missing(folder)
            if missing.rows:
                try:
                    convex.bring(ENVIRONMENT, missing.path, mode="append", stop=self.op.stop, said=self.to.said)
                except Misfit as misfit:
                    self._require_none_came(missing, misfit, folder)
                    raise
        return {"appended": missing.rows, "other": missing.other}

    def _missing(self, folder: Path) -> Missing:
        """The chosen rows that are not there; what is there under the same id with another content is not ours to overwrite."""
        wanted, there, kept = self._wanted(folder), self._export(folder / "there.zip"), folder / "kept.zip"
        counted, tables = loss.keep(there, wanted, into=kept, scratch=folder, deadline=COUNTING, stop=self.op.stop)
        created = {str(table["name"]): int(table["created"]["rows"]) for table in tables if table["created"]}
        deltas.only_created(kept, created, folder / "missing.zip")
        return Missing(path=folder / "missing.zip", rows=sum(created.values()), other=sum(table.changed for table in self._mine(counted)))

    def _require_none_came(self, missing: Missing, misfit: Misfit, folder: Path) -> None:
        """Look whether an append that did not fit added rows; where it surely added none, nothing was changed."""
        there = self._export(folder / "after.zip")
        counted = loss.compare(there, missing.path, scratch=folder, deadline=COUNTING, stop=self.op.stop)
        if sum(table.created for table in counted.tables) == missing.rows:
            raise Unchanged(
                f"The rows do not fit the schema that production has now, and none of them came: {misfit.clash}.",
                "Deploy functions whose schema takes them, then bring them back: `/restore salvage`.",
            ) from misfit

    def prove(self) -> dict[str, Any]:
        """Export again: every row that was to come back is there; one with another content is the app's own write.

        Raises:
            Failed: some are not.
        """
        with scratch(self.services) as folder:
            wanted, there = self._wanted(folder), self._export(folder / "proof.zip")
            counted = loss.compare(wanted, there, scratch=folder, deadline=COUNTING, stop=self.op.stop)
        mine = self._mine(counted)
        if away := sum(table.deleted for table in mine):
            raise Failed(
                f"Of the rows that were to come back {words.number(away)} {'is' if away == 1 else 'are'} not there.",
                "Retry appends what is missing.",
            )
        return {"rows": sum(table.same for table in mine), "other": sum(table.changed for table in mine)}

    def _mine(self, counted: loss.Loss) -> list[loss.TableLoss]:
        """What was counted of the chosen tables."""
        return [table for table in counted.tables if table.name in self.bound["tables"]]

    def _wanted(self, folder: Path) -> Path:
        """The chosen rows as an archive."""
        delta, into = deltas.get(self.services.settings.folder, self.bound["backup"]), folder / "wanted.zip"
        deltas.build(delta, self.bound["tables"], into)
        return into

    def _export(self, into: Path) -> Path:
        """What is there at this moment."""
        self.services.convex.export(ENVIRONMENT, into, stop=self.op.stop, progress=lambda facts: self.op.progress(**facts))
        return into


def brought_back(journal: Journal) -> Mapping[str, frozenset[str]]:
    """By delta, the tables whose rows were brought back and proven to be there, at least once."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for view in journal.recent(LOOKED_BACK, kinds=(KIND,)):
        if view.result.get("proof"):
            found[view.params["bound"]["backup"]].update(view.params["bound"]["tables"])
    return {delta: frozenset(tables) for delta, tables in found.items()}


def sentence(view: OperationView) -> str | None:
    """The activity log's sentence."""
    of = f"of {', '.join(view.params['bound']['tables'])} from {view.params['bound']['backup']}"
    if view.status is not Status.SUCCEEDED:
        return f"Salvage of {words.counted(view.params['shown']['rows'], 'row')} {of} {view.status}: {view.error}"
    rows, proof = view.result.get("appended"), view.result.get("proof")
    done = (
        f"Brought back {words.counted(rows, 'row')} {of}"
        if rows
        else f"No row {of} was missing"
        if rows == 0
        else f"A person took the rows {of} as brought back"
    )
    if not proof:
        return f"{done}; whether every one is there was not proven"
    other = f", {words.counted(proof['other'], 'row')} with another content left alone" if proof.get("other") else ""
    return f"{done}; {words.counted(proof['rows'], 'row')} there as they were{other}"
