"""An export waits for its turn, and one that is stopped is undone: here and at the server, but never somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ops.services.convex import ConvexFailed
from ops.services.convex.latest import Latest
from ops.services.process import Stopped
from sandbox.convex import ConvexServer
from tests.exporting import (
    HASTE,
    OurSide,
    begin_elsewhere,
    cancelled,
    deployment,
    newest,
    reached,
)


@pytest.fixture
def server() -> Iterator[ConvexServer]:
    server = deployment()
    yield server
    server.stop()


@pytest.fixture
def ours(server: ConvexServer, tmp_path: Path) -> OurSide:
    return OurSide(tmp_path, server.url)


# ── our turn ──


def test_somebody_elses_export_is_waited_for_and_then_ours_is_taken(server: ConvexServer, ours: OurSide) -> None:
    server.faults["export"] = "slow:1.5"
    begin_elsewhere(server)
    theirs = newest(server)["_id"]
    ours.export()
    said = ours.told[0]["waiting"]
    assert said.startswith("Another export has been under way there since ")
    assert said.endswith("; ours follows.")
    assert ours.phases[0] == "waiting"
    assert ours.told[-1]["waiting"] is None
    assert newest(server)["_id"] != theirs
    assert cancelled(server) == 0


def test_an_export_that_begins_just_before_ours_is_waited_for_too(server: ConvexServer, ours: OurSide) -> None:
    server.faults["http"] = [{"path": "/api/export/request/zip", "status": 400, "code": "ExportInProgress", "message": "x", "times": 2}]
    assert ours.export().size > 0
    assert "waiting" in ours.phases


def test_waiting_ends_with_our_deadline_and_leaves_the_other_export_alone(server: ConvexServer, tmp_path: Path) -> None:
    server.faults["export"] = "hang"
    begin_elsewhere(server)
    error = OurSide(tmp_path, server.url, deadline=2).failure(ConvexFailed)
    assert error.message == "Another export of production · sturgeon was under way for all of 2 s; ours never began."
    assert newest(server)["state"] == "in_progress"
    assert cancelled(server) == 0


def test_a_stop_ends_the_waiting(server: ConvexServer, ours: OurSide) -> None:
    server.faults["export"] = "hang"
    begin_elsewhere(server)
    ours.meanwhile = ours.stop.set
    ours.failure(Stopped)
    assert cancelled(server) == 0


def test_only_what_tells_who_and_when_is_said_of_another_export() -> None:
    assert Latest(id="a", state="in_progress", requestor="cloudBackup").who == "a backup by Convex itself"
    assert Latest(id="a", state="in_progress").who == "another export"


# ── the end before its time ──


def test_a_stop_ends_the_cli_and_cancels_our_export_at_the_server(server: ConvexServer, ours: OurSide) -> None:
    server.faults["export"] = "hang"
    ours.meanwhile = lambda: ours.stop.set() if server_works(server) else None
    ours.failure(Stopped)
    assert newest(server)["state"] == "canceled"


def server_works(server: ConvexServer) -> bool:
    return any(request.get("path") == "/api/export/request/zip" and request["status"] == 200 for request in server.requests)


def test_a_stop_before_the_cli_asked_for_anything_cancels_nothing(server: ConvexServer, ours: OurSide) -> None:
    ours.stop.set()
    ours.failure(Stopped)
    assert cancelled(server) == 0
    assert not server_works(server)


def test_a_stop_in_the_download_leaves_no_file(server: ConvexServer, ours: OurSide) -> None:
    server.faults["download"] = "slow:30"
    ours.meanwhile = lambda: ours.stop.set() if ours.told[-1]["bytes"] else None
    ours.failure(Stopped)
    assert cancelled(server) == 0


def test_what_goes_wrong_in_the_telling_ends_the_export_too(server: ConvexServer, ours: OurSide) -> None:
    server.faults["export"] = "hang"

    def lose_the_lock() -> None:
        if server_works(server):
            raise RuntimeError("another machine took over")

    ours.meanwhile = lose_the_lock
    with pytest.raises(RuntimeError, match="took over"):
        ours.export()
    assert newest(server)["state"] == "canceled"
    assert not ours.part.exists()


def test_an_export_that_somebody_began_while_ours_is_being_refused_is_left_alone(server: ConvexServer, tmp_path: Path) -> None:
    ours = OurSide(tmp_path, server.url, patience=replace(HASTE, answer=30.0))
    server.faults["export"] = "hang"
    server.faults["http"] = [{"path": "/api/export/request/zip", "delay": 1.0, "times": 1}]  # ours comes second

    def overtake() -> None:
        if ours.told[-1]["phase"] == "Convex writes the snapshot":
            reached(lambda: any(request.get("path") == "/api/export/request/zip" for request in server.requests))
            begin_elsewhere(server)
            ours.stop.set()

    ours.meanwhile = overtake
    ours.failure(Stopped)
    assert newest(server)["state"] == "in_progress"
    assert cancelled(server) == 0
