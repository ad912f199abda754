"""The report of a drill, with the document's fields, and the history of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ops import notes, spots
from ops.context import Services
from ops.drill.scenarios import SCENARIOS
from ops.journal import OperationView, Status
from ops.journal.reading import Readings
from ops.words import elapsed

FOLDER = "reports"
PHASES = ("detect", "decide", "restore", "verify")
_LISTS = ("by", "blockers", "misnamed")  # of what a drill measured
DOCUMENTS = ("BACKUP_STRATEGY.md", "ROLLBACK_PLAN.md", "INCIDENT_RESPONSE_PLAN.md")


@dataclass(frozen=True, kw_only=True)
class Drilled:
    """What a drill measured."""

    operation_id: str
    scenario: str
    at: datetime
    seconds: Mapping[str, float]  # by phase
    total: float
    rto: float  # seconds that were promised
    loss: float  # seconds of data between the backup and the disaster
    rpo: float  # seconds that were promised
    backup: str
    seen: str  # what people said that they saw
    table: str  # which one was struck; "" where all were
    by: tuple[str, str]  # who saw it, who decided
    blockers: tuple[str, ...]
    misnamed: tuple[str, ...] = ()  # what the settings want looked at that the backup does not have

    @property
    def good(self) -> bool:
        """Whether both promises were kept."""
        return self.total <= self.rto and self.loss <= self.rpo

    @property
    def recommendations(self) -> list[str]:
        """What should be changed, each with the document that says otherwise now. Pure."""
        slowest = max(PHASES, key=lambda phase: self.seconds[phase])
        found = []
        if self.total > self.rto:
            took, promised = _span(self.total), _span(self.rto)
            found.append(f"Coming back took {took}, and {promised} are promised; the longest phase was “{slowest}”. Update {DOCUMENTS[1]}.")
        if self.loss > self.rpo:
            found.append(f"{_span(self.loss)} of data would have been lost, and {_span(self.rpo)} are promised. Update {DOCUMENTS[0]}.")
        if self.table and self.table.casefold() not in self.seen.casefold():
            found.append(f"What was seen does not name the table that was corrupted ({self.table}). Update {DOCUMENTS[2]}.")
        return [*found, *held_up(self.blockers), *corrections(self.misnamed)]

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        lists = {name: list(getattr(self, name)) for name in _LISTS}
        return {**asdict(self), "at": self.at.isoformat(), **lists}

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> Drilled:
        """From JSON."""
        lists = {name: tuple(kept[name]) for name in _LISTS if name in kept}
        return cls(**{**kept, "at": datetime.fromisoformat(kept["at"]), **lists})


def held_up(blockers: Sequence[str]) -> list[str]:
    """What is recommended of each blocker. Pure."""
    return [f"Remove what held the drill up: “{each}”. Update {DOCUMENTS[2]}." for each in blockers]


def corrections(misnamed: Sequence[str]) -> list[str]:
    """What is recommended of each spot check that looks at nothing. Pure."""
    return [f"Correct the settings: {each}. Until then that check looks at nothing." for each in misnamed]


def drilled(services: Services, view: OperationView) -> Drilled:
    """What a drill measured, from its rows."""
    settings = services.settings.drill
    steps = {step.name: step for step in view.steps}
    struck = steps["disaster"].finished_at or view.created_at
    said = {note.kind: note for note in reversed(notes.of(services.engine, view.id))}
    seen, decided = said["detected"], said["decided"]
    brought = steps["data"].finished_at or decided.at
    ended = max((step.finished_at for step in view.steps if step.finished_at), default=brought)
    backup = services.catalogue.get(decided.text)
    moments = (struck, seen.at, decided.at, brought, ended)
    spans = zip(PHASES, moments, moments[1:], strict=False)
    seconds = {phase: max((later - earlier).total_seconds(), 0.0) for phase, earlier, later in spans}
    return Drilled(
        operation_id=view.id,
        scenario=view.params["bound"]["scenario"],
        at=struck,
        seconds=seconds,
        total=sum(seconds.values()),
        rto=settings.rto_minutes * 60.0,
        loss=max((struck - backup.moment).total_seconds(), 0.0),
        rpo=settings.rpo_hours * 3600.0,
        backup=backup.id,
        seen=seen.text,
        table=_table(services, view),
        by=(seen.by, decided.by),
        blockers=tuple(note.text for note in notes.of(services.engine, view.id, "blocker")),
        misnamed=tuple(spots.misnamed(view.result)),
    )


def _table(services: Services, view: OperationView) -> str:
    """Which table was struck, from the step that did it."""
    return str((Readings(services.engine).step_result(view.id, "disaster") or {}).get("table") or "")


def place(folder: Path, operation_id: str) -> Path:
    """Where a drill's report lies."""
    return folder / FOLDER / f"drill-{operation_id}.md"


def markdown(found: Drilled) -> str:
    """The document's report. Pure."""
    scenario = SCENARIOS[found.scenario]
    fields = {
        "Date": f"{found.at:%Y-%m-%d %H:%M} UTC",
        "Scenario tested": f"{scenario.letter}: {scenario.title}" + (f" ({found.table})" if found.table else ""),
        "Recovery time": f"{_span(found.total)} of {_span(found.rto)}",
        "Data loss": f"{_span(found.loss)} of {_span(found.rpo)}, restored from {found.backup}",
        "Issues encountered": "; ".join([*found.blockers, *found.misnamed]) or "none",
        "Seen": f"“{found.seen}”, by {found.by[0]}; decided by {found.by[1]}",
    }
    phases = [f"| {phase} | {_span(found.seconds[phase])} |" for phase in PHASES]
    todo = [f"- [ ] {each}" for each in found.recommendations] or ["None."]
    return "\n".join(
        [
            "# Disaster recovery drill",
            "",
            "| | |",
            "|---|---|",
            *(f"| {name} | {text.replace('|', '/')} |" for name, text in fields.items()),
            "",
            "## Phases",
            "",
            "| phase | took |",
            "|---|---|",
            *phases,
            "",
            "## Recommendations",
            "",
            *todo,
            "",
        ]
    )


def history(views: Sequence[OperationView]) -> list[Drilled]:
    """Every drill that came to its end, the oldest first. Pure."""
    done = [view for view in views if view.status is Status.SUCCEEDED and "drill" in view.result]
    return sorted((Drilled.load(view.result["drill"]) for view in done), key=lambda each: each.at)


def _span(seconds: float) -> str:
    """A span in words."""
    return elapsed(timedelta(seconds=seconds))
