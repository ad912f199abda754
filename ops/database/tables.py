"""The tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Float, ForeignKey, Index
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class Utc(TypeDecorator[datetime]):
    """An aware UTC time, on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse a naive time: nobody would know which zone it is in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time has no place in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """PostgreSQL gives the time in its session's zone."""
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """SQLite keeps a text without a zone: it is UTC. Read at once, as SQLAlchemy's two steps take three times as long."""
        return _of_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _of_text(value: str | None) -> datetime | None:
    """The time that SQLite keeps as a text."""
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class Base(DeclarativeBase):
    """All tables."""

    type_annotation_map = {dict[str, Any]: JSON, datetime: Utc, list[Any]: JSON}  # noqa: RUF012 # SQLAlchemy's own shape


class OperationRow(Base):
    """An operation, from its start to its end."""

    __tablename__ = "operations"
    __table_args__ = (Index("ix_operations_kind_created_at_id", "kind", "created_at", "id"),)  # the last ones of a kind, their rows unread

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    version: Mapped[int]
    environment: Mapped[str | None]
    params: Mapped[dict[str, Any]]
    requested_by: Mapped[str]
    status: Mapped[str] = mapped_column(index=True)
    error: Mapped[str | None]
    remedy: Mapped[str | None]
    touched: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    progress: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any]]
    runner: Mapped[str | None]
    lease_until: Mapped[float] = mapped_column(Float, default=0.0)
    epoch: Mapped[int] = mapped_column(default=0)
    cancelled_by: Mapped[str | None]


class StepRow(Base):
    """One step: written down before its effect, and after."""

    __tablename__ = "operation_steps"

    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    state: Mapped[str]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    deadline: Mapped[float | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class LockRow(Base):
    """The one operation that holds an environment; it belongs to the operation, never to a process."""

    __tablename__ = "operation_locks"

    environment: Mapped[str] = mapped_column(primary_key=True)
    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id"))


class ActivityRow(Base):
    """One line of the activity log; never changed."""

    __tablename__ = "activity"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[str]
    who: Mapped[str]
    text: Mapped[str]
    outcome: Mapped[str]
    operation_id: Mapped[str | None]
    backup_id: Mapped[str | None]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class HeadRow(Base):
    """The end of the activity log: whoever appends locks it."""

    __tablename__ = "activity_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str]


class InboxRow(Base):
    """What a person sent, kept until it was handled."""

    __tablename__ = "inbox"

    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    person: Mapped[str]
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(index=True)
    outcome: Mapped[str | None]
    handled_at: Mapped[datetime | None]


class PostRow(Base):
    """A message as it should be, and as Slack has it."""

    __tablename__ = "posts"

    key: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    place: Mapped[str | None]  # which of the settings' channels that was: "engineering" or "incidents"
    ts: Mapped[str | None]
    thread_of: Mapped[str | None]
    wanted: Mapped[dict[str, Any]]
    wanted_at: Mapped[datetime]
    shown: Mapped[str | None]
    claimed_by: Mapped[str | None]
    until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]


class BackupRow(Base):
    """What was learnt of a backup; its manifest is in the folder."""

    __tablename__ = "backups"

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    timestamp: Mapped[datetime]
    purpose: Mapped[str | None]
    created_by: Mapped[str | None]
    operation_id: Mapped[str | None]
    state: Mapped[str]
    facts: Mapped[dict[str, Any]]
    manifest: Mapped[dict[str, Any] | None]
    updated_at: Mapped[datetime] = mapped_column(index=True)


def storable(text: str) -> str:
    """A text as every database takes it: what a program wrote may hold a NUL, or half of a character. Pure."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
