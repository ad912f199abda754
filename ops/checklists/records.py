"""Which checklists there are, and who ticked what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops import activity, by_hand
from ops.database import ChecklistRow, TickRow, reading
from ops.errors import Refused
from ops.words import one_line

WEEKLY, MONTHLY = "weekly", "monthly"
_TEXT = 500  # characters of a form's field


@dataclass(frozen=True, kw_only=True)
class Tick:
    """What a person did."""

    item: str
    by: str
    at: datetime
    fields: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Made:
    """A checklist as it was made, with its ticks by item."""

    id: str
    kind: str
    due: datetime
    made_at: datetime
    facts: Mapping[str, Any]
    ticks: Mapping[str, Tick]


def name(kind: str, due: datetime) -> str:
    """The checklist of a moment: there is one. Pure."""
    return f"{kind}-{due:%Y-%m-%d}"


def keep(engine: Engine, kind: str, due: datetime, facts: Mapping[str, Any]) -> str:
    """Write down that there is one; a second time it is the same. Its id."""
    named = name(kind, due)
    try:
        with Session(engine) as session, session.begin():
            if session.get(ChecklistRow, named) is None:
                session.add(ChecklistRow(id=named, kind=kind, due=due, made_at=datetime.now(UTC), facts=dict(facts)))
    except IntegrityError:
        pass  # another bot made it in this very moment
    return named


def made(engine: Engine, checklist_id: str) -> Made:
    """One of them.

    Raises:
        Refused: there is none of this id.
    """
    with reading(engine) as session:
        row = session.get(ChecklistRow, checklist_id)
        if row is None:
            raise Refused("There is no such checklist.", "`/ops post weekly` posts this week's, `/ops post monthly` this month's.")
        return _made(session, row)


def lately(engine: Engine, kind: str, since: datetime) -> list[Made]:
    """Those of a kind that were due since then, the newest first."""
    with reading(engine) as session:
        query = select(ChecklistRow).where(ChecklistRow.kind == kind, ChecklistRow.due >= since).order_by(ChecklistRow.due.desc())
        return [_made(session, row) for row in session.scalars(query).all()]


def before(engine: Engine, kind: str, due: datetime) -> Made | None:
    """The one before, if there was one."""
    with reading(engine) as session:
        query = select(ChecklistRow).where(ChecklistRow.kind == kind, ChecklistRow.due < due - timedelta(hours=1))
        row = session.scalar(query.order_by(ChecklistRow.due.desc()).limit(1))
        return _made(session, row) if row is not None else None


def tick(engine: Engine, checklist_id: str, item: str, text: str, *, by: str, fields: Mapping[str, str] | None = None) -> None:  # noqa: PLR0913 # the facts of a tick
    """A person did it; it stands in the log too. A log in which a question was answered No gives way to a later one.

    Raises:
        Refused: there is no such checklist, or somebody ticked that already.
    """
    said = {key: one_line(value, _TEXT) for key, value in (fields or {}).items()}
    with Session(engine) as session, session.begin():
        if session.get(ChecklistRow, checklist_id, with_for_update=True) is None:
            raise Refused("There is no such checklist.", "`/ops post weekly` posts this week's.")
        there = session.get(TickRow, (checklist_id, item))
        if there is not None and not (said and by_hand.wrong(there.fields)):
            raise Refused(f"{there.by} did that already.", "The checklist says when.")
        session.merge(TickRow(checklist_id=checklist_id, item=item, by=by, at=datetime.now(UTC), fields=said))
        more = f": {'; '.join(f'{key}: {value}' for key, value in said.items() if value)}" if said else ""
        activity.append(session, who=by, text=f"{text} ({checklist_id}){more}", outcome="done")


def _made(session: Session, row: ChecklistRow) -> Made:
    """A row as a value."""
    ticks = session.scalars(select(TickRow).where(TickRow.checklist_id == row.id))
    return Made(
        id=row.id,
        kind=row.kind,
        due=row.due,
        made_at=row.made_at,
        facts=row.facts,
        ticks={each.item: Tick(item=each.item, by=each.by, at=each.at, fields=each.fields) for each in ticks},
    )
