"""Imports: what they write, what refuses them, and how one ends whose bot or CLI did not see its end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ops.services.convex import Convex, ConvexFailed, Undecided
from ops.services.convex.imports import Mode
from sandbox.convex import ConvexServer
from tests.changing_convex import (
    PRODUCTION,
    bring,
    convex,
    ours,
    server,
    silent,
)
from tests.convex_cli import archive_of, prints, uploaded

__all__ = ["ours", "server"]  # the fixtures


def test_an_import_says_how_many_rows_it_wrote(ours: Convex, server: ConvexServer, tmp_path: Path) -> None:
    archive, wanted = archive_of(server, tmp_path / "a.zip"), prints(server)
    server.insert("users", {"name": "eve"})
    assert bring(ours, archive) == 5
    assert prints(server) == wanted


def test_an_import_that_the_server_fails_says_its_reason(ours: Convex, server: ConvexServer, tmp_path: Path) -> None:
    server.faults["import"] = "fail:the disk over there is full"
    with pytest.raises(ConvexFailed, match="the disk over there is full"):
        bring(ours, archive_of(server, tmp_path / "a.zip"))


def test_a_key_that_is_wrong_is_told_and_not_shown(server: ConvexServer, tmp_path: Path) -> None:
    wrong = convex(server, tmp_path, key="bright-sturgeon-101|quite-wrong")
    with pytest.raises(ConvexFailed) as failed:
        bring(wrong, archive_of(server, tmp_path / "a.zip"))
    assert "did not accept our key" in str(failed.value)
    assert "quite-wrong" not in str(failed.value)


IMPORTING = """
import pathlib, sys, threading
from tests.changing_convex import convex, silent
class Server: url = sys.argv[1]
ours = convex(Server, pathlib.Path(sys.argv[2]))
ours.bring("production", pathlib.Path(sys.argv[3]), mode="replace-all", stop=threading.Event(), said=silent)
"""


def killed_import(server: ConvexServer, folder: Path, archive: Path, when: str) -> None:
    """Another bot is killed while its import is so far."""
    child = subprocess.Popen([sys.executable, "-c", IMPORTING, server.url, str(folder), str(archive)], env={**os.environ})
    end = time.monotonic() + 60
    while not any(each["state"]["state"] == when for each in server._imports.listed()):
        assert time.monotonic() < end, f"no import came to {when}"
        assert child.poll() is None, "it ended by itself"
        time.sleep(0.005)
    child.kill()
    child.wait()


def test_an_import_whose_bot_was_killed_is_waited_for_and_not_made_again(ours: Convex, server: ConvexServer, tmp_path: Path) -> None:
    archive, wanted, before = archive_of(server, tmp_path / "a.zip"), prints(server), ours.newest_import(PRODUCTION)
    server.insert("users", {"name": "eve"})
    server.faults["import"] = "slow:2"
    killed_import(server, tmp_path, archive, "in_progress")
    found = ours.import_since(PRODUCTION, before, stop=threading.Event(), said=silent)
    assert found is not None
    assert found.rows == 5
    assert prints(server) == wanted
    assert len(server._imports.listed()) == 1


def test_an_import_that_waits_for_a_dead_cli_is_cancelled_and_may_be_made_again(ours: Convex, server: ConvexServer, tmp_path: Path) -> None:
    archive, before = archive_of(server, tmp_path / "a.zip"), ours.newest_import(PRODUCTION)
    uploaded(server, archive.read_bytes())
    assert ours.import_since(PRODUCTION, before, stop=threading.Event(), said=silent) is None
    assert bring(ours, archive) == 5


def test_an_import_that_passes_the_deadline_is_cancelled_at_the_server_and_changed_nothing(server: ConvexServer, tmp_path: Path) -> None:
    impatient = convex(server, tmp_path, deadline=1)
    archive, before = archive_of(server, tmp_path / "a.zip"), impatient.newest_import(PRODUCTION)
    server.insert("users", {"name": "eve"})
    wanted = prints(server)
    server.faults["import"] = "slow:20"
    killed_import(server, tmp_path, archive, "in_progress")
    with pytest.raises(ConvexFailed, match="was cancelled there; it changed nothing"):
        impatient.import_since(PRODUCTION, before, stop=threading.Event(), said=silent)
    assert [each["state"]["state"] for each in server._imports.listed()] == ["failed"]
    assert impatient.import_since(PRODUCTION, before, stop=threading.Event(), said=silent) is None
    assert prints(server) == wanted


@pytest.mark.parametrize(("mode", "left"), [("replace-all", "changed nothing"), ("append", "appended some rows or none")])
def test_an_import_whose_cli_passes_the_deadline_is_cancelled_at_the_server_before_anybody_is_told(
    server: ConvexServer, tmp_path: Path, mode: Mode, left: str
) -> None:
    archive = archive_of(server, tmp_path / "a.zip")
    server.insert("users", {"name": "eve"})
    wanted = prints(server)
    server.faults["import"] = "slow:90"
    impatient = convex(server, tmp_path, deadline=10)
    with pytest.raises(ConvexFailed, match=f"did not end within 10 seconds and was cancelled there; it {left}"):
        impatient.bring(PRODUCTION, archive, mode=mode, stop=threading.Event(), said=silent)
    assert [each["state"]["state"] for each in server._imports.listed()] == ["failed"]
    assert prints(server) == wanted


def test_an_import_that_never_began_is_told_as_none(ours: Convex) -> None:
    before = ours.newest_import(PRODUCTION)
    assert ours.import_since(PRODUCTION, before, stop=threading.Event(), said=silent) is None


def test_two_imports_since_are_left_to_a_person(ours: Convex, server: ConvexServer, tmp_path: Path) -> None:
    archive, before = archive_of(server, tmp_path / "a.zip"), ours.newest_import(PRODUCTION)
    for _ in range(2):
        bring(ours, archive)
    with pytest.raises(Undecided, match="somebody else imports too"):
        ours.import_since(PRODUCTION, before, stop=threading.Event(), said=silent)
