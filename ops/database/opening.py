"""How the database is opened: durable commits, writers that wait their turn, readers that wait for nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from ops.database.migrating import migrate
from ops.errors import WrongSetting

_READS = "backstop_reads"
"""The execution option of a connection that only reads."""

_SQLITE = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON")

# A machine that vanishes in mid-transaction must not hold its row locks for longer than a lease.
_POSTGRESQL = (
    "idle_in_transaction_session_timeout = '20s'",
    "tcp_keepalives_idle = 10",
    "tcp_keepalives_interval = 5",
    "tcp_keepalives_count = 3",
)
_CONNECTING = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def open_database(url: str) -> Engine:
    """Open the database and bring its tables up to date.

    Raises:
        WrongSetting: it cannot be reached, or belongs to a newer Backstop.
    """
    engine = _engine(_understood(url))
    try:
        migrate(engine)
    except DBAPIError as error:
        engine.dispose()
        raise _unopened(error) from None
    except BaseException:
        engine.dispose()
        raise
    return engine


def file_in_place(engine: Engine) -> tuple[int, int] | None:
    """Which file stands where the database was opened (its device and inode); None where there is none, and for PostgreSQL."""
    try:
        found = Path(engine.url.database or "").stat() if engine.dialect.name == "sqlite" else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def reading(engine: Engine) -> Session:
    """A session that sees one state of the database, changes nothing, and waits for no writer."""
    if engine.dialect.name == "sqlite":
        return Session(engine.execution_options(**{_READS: True}))
    return Session(engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True))


def _unopened(error: DBAPIError) -> WrongSetting:
    """What the database said, in one line."""
    said = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    return WrongSetting(f"The database cannot be opened: {said[0].rstrip('.')}.", "Look at DATABASE_URL, and whether the server runs.")


def _understood(url: str) -> URL:
    """The address in parts; an error never repeats it, as it holds a password."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        raise WrongSetting("DATABASE_URL is no address of a database.", "It looks like postgres://user:password@host:5432/name.") from None
    if parts.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise WrongSetting(f"DATABASE_URL is for {parts.drivername}.", "Backstop knows SQLite and PostgreSQL.")
    if parts.drivername == "sqlite" and parts.database in {None, "", ":memory:"}:
        raise WrongSetting("DATABASE_URL names no file.", "It looks like sqlite:////var/lib/backstop/bot.sqlite.")
    return parts


def _engine(url: URL) -> Engine:
    """An engine whose every connection is set up. Errors name no values: a person's notes, or worse, would reach the log."""
    return _sqlite(url) if url.drivername == "sqlite" else _postgresql(url)


def _postgresql(url: URL) -> Engine:
    """Some connections for fifty operations, each of which needs one for a moment now and then."""
    engine = create_engine(
        url, pool_pre_ping=True, pool_size=5, max_overflow=15, pool_timeout=60, connect_args=_CONNECTING, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        for setting in _POSTGRESQL:
            connection.execute(f"SET {setting}")
        connection.commit()

    return engine


def _text(stored: bytes) -> str:
    """What a column of text holds; what somebody put there that is no text keeps nobody from reading the rest."""
    return stored.decode("utf-8", "replace")


def _sqlite(url: URL) -> Engine:
    """One writer at a time that waits its turn; as many connections as there are threads that want one."""
    try:
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSetting(f"The database cannot be opened: {error}.", "Look at DATABASE_URL.") from None
    engine = create_engine(url, pool_size=5, max_overflow=-1, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy begins transactions, below
        connection.text_factory = _text
        for pragma in _SQLITE:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(_READS)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine
