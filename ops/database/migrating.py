"""Bringing the tables up to date: at each start, by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from ops.errors import WrongSetting

MIGRATIONS = Path(__file__).parents[1] / "migrations"
_LOCK = 71208451  # the number under which PostgreSQL keeps our processes apart


def newest() -> str:
    """The newest revision, from the file names: four digits, counted up."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrate(engine: Engine) -> None:
    """Bring the tables up to date; a database that is costs one look.

    Raises:
        WrongSetting: it belongs to a newer Backstop.
    """
    if _revision(engine) != newest():
        with _alone(engine), engine.connect() as connection:
            _upgrade(connection)


def _revision(engine: Engine) -> str | None:
    """The revision that the tables are at."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _upgrade(connection: Connection) -> None:
    """Run what is missing. Alembic is slow to load, and only loaded here."""
    from alembic import command
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}:
        raise WrongSetting(
            "The database belongs to a newer Backstop.", "Run that version, or restore the database from before the upgrade."
        )
    command.upgrade(config, "head")
    connection.commit()


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Hold the other processes off while the tables change. SQLite needs no more than the write lock of the change itself."""
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
        connection.commit()
        try:
            yield
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
            connection.commit()
