"""Real databases for the tests: an SQLite file, and a PostgreSQL server of our own, started once a session when a test wants it."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

DATABASES = ("sqlite", "postgresql")
_PATIENCE = 60.0  # seconds for the server to answer
_numbers = itertools.count(1)


class Server:
    """A PostgreSQL server on a socket in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fresh(self, template: str = "template0") -> str:
        """The address of a new database."""
        name = f"backstop_{os.getpid()}_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def run(self, statement: str) -> None:
        """Do something as the server's owner."""
        with psycopg.connect(host=str(self.folder), user="owner", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def drop(self, url: str) -> None:
        """Throw a database away, whoever is connected to it."""
        self.run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def url(self, name: str, who: str = "owner") -> str:
        """The address of a database, as SQLAlchemy reads it."""
        return f"postgresql+psycopg://{who}@/{name}?host={self.folder}"


def programs() -> Path | None:
    """Where this machine has PostgreSQL's programs, the newest ones."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """A server that ends with this block, and with us (Linux) if we are killed. It syncs as a real one does."""
    bin_folder = programs()
    assert bin_folder is not None, "PostgreSQL is not on this machine"
    folder = Path(tempfile.mkdtemp(prefix="backstop-pg-", dir="/tmp"))
    try:
        with _server(bin_folder, folder):
            yield Server(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _server(bin_folder: Path, folder: Path) -> Iterator[None]:
    """Make a cluster and run it."""
    user = _give_away(folder)
    data = folder / "data"
    made = [*_as(user), str(bin_folder / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder)
    hba = data / "pg_hba.conf"
    hba.write_text(f"local all stranger scram-sha-256\n{hba.read_text()}")
    options = {"listen_addresses": "", "unix_socket_directories": str(folder), "max_connections": "200"}
    settings = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [*_as(user, dying=True), str(bin_folder / "postgres"), "-D", str(data), *settings], cwd=folder, stdout=log, stderr=log
        )
    try:
        _await_answer(running, folder)
        yield
    finally:
        running.send_signal(signal.SIGINT)  # "fast": whoever is connected is cut off
        running.wait(_PATIENCE)


def _give_away(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: whom to run it as, who then owns the folder."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    shutil.chown(folder, user)
    return user


def _as(user: str | None, *, dying: bool = False) -> list[str]:
    """The prefix that runs a program as somebody else, and ends it with us."""
    if sys.platform != "linux" or not shutil.which("setpriv"):
        return [] if user is None else ["su", user, "-s", "/bin/sh", "-c", 'exec "$0" "$@"', "--"]
    switch = [] if user is None else [f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--init-groups"]
    return ["setpriv", *switch, *(["--pdeathsig", "INT"] if dying else [])] if switch or dying else []


def _await_answer(running: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until the server takes connections."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            psycopg.connect(host=str(folder), user="owner", dbname="postgres").close()
        except psycopg.OperationalError:
            assert running.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        else:
            return


def require_postgresql() -> None:
    """Skip the test where PostgreSQL is missing; with CI=true fail it."""
    if programs() is None:
        reason = "PostgreSQL is not on this machine (apt-get install postgresql)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """The session's server; each worker has its own."""
    require_postgresql()
    with serving() as server:
        yield server


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/bot.sqlite"
        return
    server: Server = request.getfixturevalue("postgresql")
    url = server.fresh()
    yield url
    server.drop(url)
