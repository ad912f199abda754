"""What goes wrong with the sandbox's Convex when a fault is switched on: as the CLI tells it, where the CLI is quick to."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ops.services.trusted import certificates
from sandbox.convex import ConvexServer
from tests.convex_cli import KEY, Cli, archive_of, call, prints, query, refused, serving, state, uploaded, wait_until


@pytest.fixture
def server() -> Iterator[ConvexServer]:
    with serving() as server:
        yield server


@pytest.fixture
def cli(tmp_path: Path, server: ConvexServer) -> Cli:
    return Cli(tmp_path / "cli", server)


def get(server: ConvexServer, address: str) -> httpx.Response:
    return httpx.get(server.url + address, headers={"Authorization": f"Convex {KEY}"}, timeout=60, verify=certificates())


def latest(server: ConvexServer) -> dict[str, str]:
    found: dict[str, str] = query(server, "_system/cli/exports:getLatest")
    return found


def exported(server: ConvexServer) -> str:
    """The address of an archive."""
    call(server, "/api/export/request/zip")
    wait_until(lambda: latest(server)["state"] == "completed", "the export completed")
    (started,) = server._exports._archives
    return f"/api/export/zip/{started}"


@pytest.mark.parametrize(
    ("place", "fault", "words"),
    [
        ("export", "fail", "Export failed. Please try again later"),
        ("export", "cancel", "unexpected state"),
        ("export", "conflict", "A snapshot export is already requested or in progress."),
        ("download", "truncate", "Exporting data failed: TypeError: terminated"),
        (
            "http",
            [{"path": "/api/export/request", "status": 503, "code": "Overloaded", "message": "later"}],
            "503 Service Unavailable: Overloaded: later",
        ),
    ],
)
def test_an_export_fails_as_the_fault_says(server: ConvexServer, cli: Cli, place: str, fault: object, words: str) -> None:
    server.faults[place] = fault
    refused(cli.run("export", "--path", "it.zip"), words)


def test_a_fault_that_does_not_exist_is_an_error(server: ConvexServer) -> None:
    with pytest.raises(ValueError, match="no fault"):
        server.faults["export"] = "sideways"


def test_an_export_that_hangs_can_be_canceled(server: ConvexServer) -> None:
    server.faults["export"] = "hang"
    call(server, "/api/export/request/zip")
    wait_until(lambda: latest(server)["state"] == "in_progress", "the export began")
    call(server, f"/api/export/cancel/{latest(server)['_id']}")
    assert latest(server)["state"] == "canceled"


def test_a_forgotten_table_is_named_and_not_there(server: ConvexServer, cli: Cli) -> None:
    server.faults["export"] = "forget:messages"
    with zipfile.ZipFile(cli.export("it.zip")) as archive:
        assert b"messages" in archive.read("_tables/documents.jsonl")
        assert "messages/documents.jsonl" not in archive.namelist()


def test_a_corrupt_download_looks_whole(server: ConvexServer, cli: Cli) -> None:
    server.fill("events", 2000)
    server.faults["download"] = "corrupt"
    with zipfile.ZipFile(cli.export("it.zip")) as archive, pytest.raises((zipfile.BadZipFile, zlib.error)):
        archive.read("events/documents.jsonl")


@pytest.mark.parametrize(("fault", "status"), [("404", 404), ("500", 500), ("slow:0.2", 200)])
def test_a_download_fails_as_the_fault_says(server: ConvexServer, fault: str, status: int) -> None:
    address = exported(server)
    whole = get(server, address).content
    server.faults["download"] = fault
    answer = get(server, address)
    assert answer.status_code == status
    assert (answer.content == whole) == (status == 200)


def test_an_import_that_hangs_is_in_progress_until_it_is_canceled(server: ConvexServer, tmp_path: Path) -> None:
    before = prints(server)
    identifier = uploaded(server, archive_of(server, tmp_path / "it.zip").read_bytes())
    server.faults["import"] = "hang"
    call(server, "/api/perform_import", importId=identifier)
    assert state(server, identifier) == "in_progress"
    call(server, "/api/cancel_import", importId=identifier)
    assert (state(server, identifier), prints(server)) == ("failed", before)


@pytest.mark.parametrize(("fault", "words"), [("refuse", "Unexpected server response: 503"), ("drop", "WebSocket closed with code 1011")])
def test_the_cli_waits_for_ever_without_a_websocket(server: ConvexServer, cli: Cli, fault: str, words: str) -> None:
    server.faults["ws"] = fault
    with cli.running("env", "list") as listing:
        assert listing.stdout is not None
        said = ""
        while "Attempting reconnect in" not in said:
            said += listing.stdout.readline() or "Attempting reconnect in: it ended instead"
        assert words in said
        assert "instead" not in said
        del server.faults["ws"]
        listing.communicate(timeout=60)
        assert listing.returncode == 0


def test_a_request_fails_as_often_as_it_is_told_to(server: ConvexServer) -> None:
    server.faults["http"] = [{"path": "/version", "status": 429, "times": 2}, {"path": "/version", "delay": 0.05}]
    assert [get(server, "/version").status_code for _ in range(4)] == [429, 429, 200, 200]


def test_a_deployment_can_name_itself_otherwise(server: ConvexServer) -> None:
    assert get(server, "/instance_name").text == "bright-sturgeon-101"
    server.faults["name"] = "quick-trout-7"
    assert get(server, "/instance_name").text == "quick-trout-7"
    server.faults["name"] = None
    assert get(server, "/instance_name").text == "bright-sturgeon-101"
