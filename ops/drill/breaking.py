"""A drill that stopped before its end: that is a result too, with a report, a task and its place in the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops import spots
from ops.drill.report import DOCUMENTS, corrections, held_up
from ops.drill.scenarios import SCENARIOS
from ops.journal import OperationView, Status
from ops.restoring.staged import SAVED
from ops.words import elapsed

_AFTER = (("data", "verify"), ("decided", "restore"), ("detected", "decide"), ("disaster", "detect"))
"""Which phase begins once a step is done, the last first."""

_PEOPLE = frozenset({"detect", "decide"})
_PUT_BACK = "staging "  # what the steps begin with that give staging its own data back


@dataclass(frozen=True, kw_only=True)
class BrokenOff:
    """How far a drill came."""

    operation_id: str
    scenario: str
    at: datetime  # when the disaster was there; when it began, where there was none
    phase: str  # in which it stopped; "" before the disaster
    seconds: float  # from then on
    why: str
    kept: str = ""  # where staging's own data are, if they could not be put back
    saved: bool = True  # whether they were saved before
    blockers: tuple[str, ...] = ()
    misnamed: tuple[str, ...] = ()  # what the settings want looked at that the backup does not have

    @property
    def sentence(self) -> str:
        """Where it stopped."""
        if not self.phase:
            return "stopped before the disaster was made"
        return f"stopped at “{self.phase}” {elapsed(timedelta(seconds=self.seconds))} after the disaster"

    @property
    def staging(self) -> str:
        """How staging is now."""
        if self.kept:
            return f"its own data could not be put back; they are kept in {self.kept}"
        if self.saved:
            return "has its own data again"
        return "holds what the drill left there" if self.phase else "the drill saved nothing of it; look what it holds"

    @property
    def recommendations(self) -> list[str]:
        """What is to be done about it."""
        document = DOCUMENTS[2] if self.phase in _PEOPLE else DOCUMENTS[1]
        first = f"The drill {self.sentence}: {self.why} Find out why, update {document}, and drill again."
        return [first, *held_up(self.blockers), *corrections(self.misnamed)]


def broken_off(view: OperationView, why: str, blockers: Sequence[str] = ()) -> BrokenOff:
    """How far it came, from its steps. Pure."""
    done = {step.name: step for step in view.steps if step.state == "done"}
    struck = done["disaster"].finished_at if "disaster" in done else None
    ends = [step.finished_at for step in view.steps if step.finished_at and not step.name.startswith(_PUT_BACK) and step.name != "report"]
    at = struck or view.created_at
    return BrokenOff(
        operation_id=view.id,
        scenario=view.params["bound"]["scenario"],
        at=at,
        phase=next((phase for step, phase in _AFTER if step in done), ""),
        seconds=max((max(ends, default=at) - at).total_seconds(), 0.0),
        why=why,
        saved=SAVED in done,
        kept=str((view.result.get("staging") or {}).get("kept") or ""),
        blockers=tuple(blockers),
        misnamed=tuple(spots.misnamed(view.result)),
    )


def broken(views: Sequence[OperationView]) -> list[BrokenOff]:
    """Every drill that failed, the oldest first; one that somebody cancelled is none. Pure."""
    return sorted((broken_off(view, view.error or "") for view in views if view.status is Status.FAILED), key=lambda each: each.at)


def markdown(found: BrokenOff) -> str:
    """The document's report, as far as there is something to report. Pure."""
    scenario = SCENARIOS[found.scenario]
    fields = {
        "Date": f"{found.at:%Y-%m-%d %H:%M} UTC",
        "Scenario tested": f"{scenario.letter}: {scenario.title}",
        "Recovery time": f"not recovered: {found.sentence}",
        "Data loss": "not measured",
        "Issues encountered": "; ".join([found.why, *found.blockers, *found.misnamed]),
        "Staging": found.staging,
    }
    rows = [f"| {name} | {text.replace('|', '/')} |" for name, text in fields.items()]
    todo = [f"- [ ] {each}" for each in found.recommendations]
    return "\n".join(["# Disaster recovery drill", "", "| | |", "|---|---|", *rows, "", "## Recommendations", "", *todo, ""])
