"""The tables of alerts: what is wrong, and what has to be told outside Slack."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from ops.database.tables import Base


class AlertRow(Base):
    """One thing that is, or was, wrong."""

    __tablename__ = "alerts"

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(index=True)  # its cause
    open_key: Mapped[str | None] = mapped_column(unique=True)  # the same while it is open: a cause has one open alert
    severity: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    remedy: Mapped[str]
    about: Mapped[str | None]  # an operation, or a backup
    at: Mapped[datetime]  # when it happened last
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    told_at: Mapped[datetime | None]  # when people last heard of it outside the card
    told: Mapped[str | None]  # what they heard, as a digest
    acknowledged_by: Mapped[str | None]
    acknowledged_at: Mapped[datetime | None]
    snoozed_by: Mapped[str | None]
    snoozed_until: Mapped[datetime | None]
    snoozed_why: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]  # null: it was over by itself
    how: Mapped[str | None]
    events: Mapped[list[Any]]


class DeliveryRow(Base):
    """Something that has to be told outside Slack; it is tried until it was taken."""

    __tablename__ = "deliveries"

    id: Mapped[str] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(index=True)  # an alert, or an operation
    channel: Mapped[str] = mapped_column(index=True)
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    until: Mapped[datetime | None] = mapped_column(index=True)  # when it is tried next; null: done, or given up
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    done_at: Mapped[datetime | None]
