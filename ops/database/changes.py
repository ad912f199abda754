"""The tables around changes of production: approvals and votes, what stands until somebody ends it, releases, tasks, who waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops.database.tables import Base


class ApprovalRow(Base):
    """A plan that somebody asked for, and what became of it."""

    __tablename__ = "approvals"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    environment: Mapped[str]
    bound: Mapped[dict[str, Any]]
    shown: Mapped[dict[str, Any]]
    digest: Mapped[str]
    requested_by: Mapped[str]
    role: Mapped[str | None]  # who must sign; null: nobody
    status: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    why: Mapped[str | None]  # why rejected, void or passed without a signature
    operation_id: Mapped[str]
    replaces: Mapped[str | None]  # a halted operation that this one takes over from
    again_of: Mapped[str | None]
    reminded: Mapped[int] = mapped_column(default=0)
    stand_ins_told_at: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(index=True)


class VoteRow(Base):
    """One person's vote; there is no second one."""

    __tablename__ = "votes"

    approval_id: Mapped[str] = mapped_column(ForeignKey("approvals.id"), primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    vote: Mapped[str]
    at: Mapped[datetime]


class StandingRow(Base):
    """A state that stays until a person ends it: deploys held, maintenance on, the site pinned."""

    __tablename__ = "standing"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    what: Mapped[str]
    environment: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    operation_id: Mapped[str | None]

    __table_args__ = (  # at most one of each at a time
        Index(
            "ix_standing_open",
            "what",
            "environment",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class ReleaseRow(Base):
    """What production came to run, and when."""

    __tablename__ = "releases"

    operation_id: Mapped[str] = mapped_column(primary_key=True)
    environment: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    commit: Mapped[str]
    previous: Mapped[str]
    version: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    backup_id: Mapped[str | None]
    deployment_id: Mapped[str | None]


class TaskRow(Base):
    """Something that a person must still do; it is asked for until it is closed."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    text: Mapped[str]
    about: Mapped[str | None]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    closed_by: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    how: Mapped[str | None]


class WaitingRow(Base):
    """Somebody who wants to be told when an environment is free."""

    __tablename__ = "waiting"

    environment: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class NoteRow(Base):
    """What a person said while an operation ran: that they saw it, what they decided, what held them up."""

    __tablename__ = "notes"

    id: Mapped[str] = mapped_column(primary_key=True)
    operation_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    text: Mapped[str]
