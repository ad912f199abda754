"""A restoration that a person tested, as the verification log has it: the document's questions, and whether one was answered No."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from ops.database import TickRow, reading

ITEM = "restored"  # of a checklist
TESTED = "Backup tested"
ISSUES = "Issues found"
ANSWERS = ("Restoration successful", "Data integrity verified", "Application functional")
"""The document's questions, in its words."""
_LATELY = 5  # ticks, of which the newest may be without a log


@dataclass(frozen=True, kw_only=True)
class Restoration:
    """One of them."""

    backup: str
    by: str
    at: datetime
    wrong: tuple[str, ...]  # the questions that were answered No
    issues: str


def wrong(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The questions of a log that were answered No. Pure."""
    return tuple(each for each in ANSWERS if fields.get(each) == "No")


def last(engine: Engine) -> Restoration | None:
    """The newest; None where nobody filled in a log yet."""
    with reading(engine) as session:
        rows = session.scalars(select(TickRow).where(TickRow.item == ITEM).order_by(TickRow.at.desc()).limit(_LATELY))
        row = next((each for each in rows if each.fields.get(TESTED)), None)
        if row is None:
            return None
        fields = row.fields
        return Restoration(backup=fields[TESTED], by=row.by, at=row.at, wrong=wrong(fields), issues=fields.get(ISSUES, ""))
