"""The bot's database: opened by several at once, brought up to date once, and honest about what is wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, select, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

from ops.database import Base, HeadRow, InboxRow, Looks, PostRow, Writes, now, open_database, reading
from ops.database.migrating import MIGRATIONS, newest
from ops.errors import WrongSetting
from tests.databases import Server

SECRET = "s3cret-of-production"


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = open_database(database)
    yield engine
    engine.dispose()


def post(key: str, at: datetime) -> PostRow:
    return PostRow(key=key, channel="C1", wanted={"text": "é \x00"}, wanted_at=at, attempts=0)


# ── migrations ──


def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_newest_file_is_the_newest_revision() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == newest()


def test_four_processes_that_start_at_once_migrate_once(database: str) -> None:
    ours = "import sys; from ops.database import open_database; open_database(sys.argv[1]).dispose()"
    started = [subprocess.Popen([sys.executable, "-c", ours, database], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate()[1] for process in started]
    assert said == ["", "", "", ""]
    engine = open_database(database)
    with Session(engine) as session:
        assert [row.seq for row in session.scalars(select(HeadRow))] == [0]
    engine.dispose()


def test_a_start_on_tables_that_are_up_to_date_loads_no_alembic(engine: Engine) -> None:
    ours = "import sys; from ops.database import open_database; open_database(sys.argv[1]).dispose(); print('alembic' in sys.modules)"
    url = engine.url.render_as_string(hide_password=False)
    done = subprocess.run([sys.executable, "-c", ours, url], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_database_of_a_newer_backstop_is_refused_in_one_line(engine: Engine, database: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongSetting) as caught:
        open_database(database)
    assert str(caught.value).startswith("The database belongs to a newer Backstop.")
    assert "\n" not in str(caught.value)


def test_a_database_of_the_first_version_is_upgraded_with_all_that_is_in_it(database: str) -> None:
    older = create_engine(database)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with older.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        assert not inspect(connection).has_table("approvals")
        connection.execute(text("INSERT INTO activity VALUES (1, 'then', 'ann', 'did it', 'succeeded', NULL, NULL, 'x', 'y')"))
    older.dispose()
    engine = open_database(database)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT text FROM activity")).scalars().all() == ["did it"]
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


# ── addresses ──


@pytest.mark.parametrize(
    "url",
    [
        f"nonsense {SECRET}",
        f"mysql://bot:{SECRET}@host/db",
        f"postgresql+psycopg://bot:{SECRET}@127.0.0.1:port/db",
        f"postgresql+psycopg://bot:{SECRET}@127.0.0.1:1/db",
        f"postgresql+psycopg://bot:{SECRET}@127.0.0.1:1/db?nonsense=1",
        "sqlite://",
        "sqlite:////dev/null/bot.sqlite",
        "sqlite:////etc/hostname",
    ],
)
def test_a_wrong_address_is_one_line_without_the_password(url: str) -> None:
    with pytest.raises(WrongSetting) as caught:
        open_database(url)
    assert "DATABASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_wrong_password_is_one_line_without_the_password(postgresql: Server) -> None:
    postgresql.run("DO $$ BEGIN CREATE ROLE stranger LOGIN PASSWORD 'right'; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    url = postgresql.url("postgres", f"stranger:{SECRET}")
    with pytest.raises(WrongSetting, match="password authentication failed") as caught:
        open_database(url)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_person_without_rights_on_the_tables_is_told_so(postgresql: Server) -> None:
    postgresql.run("DO $$ BEGIN CREATE ROLE stranger LOGIN PASSWORD 'right'; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    postgresql.run("ALTER ROLE stranger PASSWORD 'right'")
    with pytest.raises(WrongSetting, match="permission denied"):
        open_database(postgresql.url("postgres", "stranger:right"))


def test_what_the_database_refuses_is_told_without_its_values(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as caught, Session(engine) as session, session.begin():
        session.add(InboxRow(key="a", kind=None, name="", person="", payload={"text": SECRET}, received_at=datetime.now(UTC), state="new"))
    assert "parameters hidden" in str(caught.value)
    assert SECRET not in str(caught.value).split("[SQL: ", maxsplit=1)[1]


# ── times ──


def test_a_time_comes_back_aware_and_the_same(engine: Engine) -> None:
    at = datetime(2026, 4, 5, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=11)))
    with Session(engine) as session, session.begin():
        session.add(post("a", at))
    with reading(engine) as session:
        found = session.get_one(PostRow, "a")
        assert found.wanted_at == at
        assert found.wanted_at.utcoffset() == timedelta(0)
        assert found.wanted["text"] == "é \x00"


def test_a_time_without_a_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="naive"), Session(engine) as session, session.begin():
        session.add(post("a", datetime(2026, 1, 1)))  # noqa: DTZ001 # the point


def test_the_clock_is_the_databases(engine: Engine) -> None:
    with reading(engine) as session:
        assert abs(now(session) - time.time()) < 60


# ── readers and writers ──


def test_a_reader_waits_for_no_writer_and_sees_one_state(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        session.add(post("a", datetime.now(UTC)))
    with Session(engine) as writer, reading(engine) as reader:
        assert reader.get(PostRow, "a")
        with writer.begin():
            writer.add(post("b", datetime.now(UTC)))
            writer.flush()
            with reading(engine) as other:
                assert other.get(PostRow, "b") is None
        assert reader.get(PostRow, "b") is None
    with reading(engine) as later:
        assert later.get(PostRow, "b")


def test_fifty_threads_write_and_read_at_once(engine: Engine) -> None:
    began = threading.Barrier(50)

    def work(number: int) -> int:
        began.wait()
        for turn in range(4):
            with Session(engine) as session, session.begin():
                session.get_one(HeadRow, 1, with_for_update=True).seq += 1
                session.add(post(f"{number}-{turn}", datetime.now(UTC)))
            with reading(engine) as session:
                assert session.get(PostRow, f"{number}-{turn}")
        return number

    with ThreadPoolExecutor(50) as pool:
        assert sorted(pool.map(work, range(50))) == list(range(50))
    with reading(engine) as session:
        assert session.get_one(HeadRow, 1).seq == 200


def test_a_commit_is_synced_to_the_disk(engine: Engine) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_process_killed_in_mid_migration_leaves_a_database_that_opens(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bot.sqlite"
    ours = (
        "import os, signal, sys; from sqlalchemy import event; from sqlalchemy.engine import Engine\n"
        "from ops.database import open_database\n"
        "kill = lambda *a: 'CREATE TABLE posts' in a[2] and os.kill(os.getpid(), signal.SIGKILL)\n"
        "event.listen(Engine, 'before_cursor_execute', kill); open_database(sys.argv[1])"
    )
    assert subprocess.run([sys.executable, "-c", ours, url], check=False).returncode == -9
    engine = open_database(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


# ── whether anybody wrote ──


@pytest.fixture
def writes(engine: Engine) -> Iterator[Writes]:
    found = Writes(engine)
    yield found
    found.close()


def test_a_look_is_left_out_only_where_nobody_has_written_since_the_last_one(engine: Engine, writes: Writes, database: str) -> None:
    looks, counts = Looks(writes, 60), engine.dialect.name == "sqlite"
    assert [looks.is_due(), looks.is_due()] == [True, not counts]
    with reading(engine) as session:
        session.scalars(select(PostRow.key)).all()
    assert looks.is_due() is not counts
    with Session(engine) as session, session.begin():
        session.add(post("ours", datetime.now(UTC)))
    assert [looks.is_due(), looks.is_due()] == [True, not counts]
    theirs = "import sys; from sqlalchemy import text; from ops.database import open_database; engine = open_database(sys.argv[1])\n"
    theirs += "with engine.begin() as connection: connection.execute(text('DELETE FROM posts'))"
    subprocess.run([sys.executable, "-c", theirs, database], check=True)
    assert [looks.is_due(), looks.is_due()] == [True, not counts]


def test_what_time_alone_makes_due_is_looked_for_all_the_same(writes: Writes) -> None:
    assert [Looks(writes, 0).is_due() for _ in range(3)] == [True] * 3
    looks = Looks(writes, 0.2)
    looks.is_due()
    time.sleep(0.3)
    assert looks.is_due()


def test_where_the_count_cannot_be_read_every_look_is_taken(writes: Writes) -> None:
    looks = Looks(writes, 60)
    looks.is_due()
    writes.close()
    assert [looks.is_due(), looks.is_due()] == [True, True]
