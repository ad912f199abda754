"""The tables of checklists: what was found when one was made, and what people ticked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ops.database.tables import Base


class ChecklistRow(Base):
    """One week's, or one month's."""

    __tablename__ = "checklists"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(index=True)
    due: Mapped[datetime]
    made_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]  # what the next one compares with


class TickRow(Base):
    """What a person did of it; there is no second tick, but a log that found something wrong gives way to a later one."""

    __tablename__ = "ticks"

    checklist_id: Mapped[str] = mapped_column(ForeignKey("checklists.id"), primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    by: Mapped[str]
    at: Mapped[datetime]
    fields: Mapped[dict[str, Any]]  # of a form, by the document's names
