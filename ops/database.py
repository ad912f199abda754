"""The bot's own database: its tables, its clock, and how it is opened.

SQLite by default; PostgreSQL where there is more than one machine.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, BigInteger, DateTime, Engine, ForeignKey, create_engine, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Float, TypeDecorator

from ops.errors import WrongSetting

MIGRATIONS = Path(__file__).parent / "migrations"


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
        """SQLite keeps no zone: it is UTC."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables."""

    type_annotation_map = {dict[str, Any]: JSON, datetime: Utc, list[Any]: JSON}  # noqa: RUF012 # SQLAlchemy's own shape


class OperationRow(Base):
    """An operation, from its start to its end."""

    __tablename__ = "operations"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(index=True)
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


class db_now(GenericFunction[float]):  # noqa: N801 # an SQL function
    """Seconds since the epoch by the database's clock, the one clock that all machines share."""

    type = Float()
    inherit_cache = True


@compiles(db_now, "sqlite")
def _now_on_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(db_now, "postgresql")
def _now_on_postgresql(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())::float8"


def open_database(url: str) -> Engine:
    """Open the database and bring its tables up to date.

    Raises:
        WrongSetting: it cannot be reached, or belongs to a newer Backstop.
    """
    engine = create_engine(url, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    try:
        migrate(engine)
    except OperationalError as error:
        raise WrongSetting(
            f"The database cannot be opened: {str(error.orig).strip().splitlines()[0]}.",
            "Look at DATABASE_URL, and whether the server runs.",
        ) from None
    return engine


def _prepare_sqlite(engine: Engine) -> None:
    """Durable commits, and one writer at a time that waits its turn."""
    Path(engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy begins transactions, below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def migrate(engine: Engine) -> None:
    """Bring the tables up to date, one process at a time."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with _alone(engine), engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if current is not None and current not in known:
            raise WrongSetting(
                "The database belongs to a newer Backstop.", "Run that version, or restore the database from before the upgrade."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Hold the other processes off while the tables change."""
    if engine.dialect.name == "sqlite":
        with Path(f"{engine.url.database}.migrating").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    else:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT pg_advisory_lock(71208451)")
            connection.commit()
            try:
                yield
            finally:
                connection.exec_driver_sql("SELECT pg_advisory_unlock(71208451)")
                connection.commit()
