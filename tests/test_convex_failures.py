"""Each way in which an export can fail is a sentence with a remedy, ends in time, leaves nothing and shows no key."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.services.convex import ConvexFailed, Unreachable, target
from ops.services.convex.trouble import Trouble, explain, trouble
from sandbox.convex import ConvexServer
from tests.exporting import HASTE, KEY, OurSide, cancelled, deployment, fit_for_people, newest
from tests.remotes import executable


@pytest.fixture
def server() -> Iterator[ConvexServer]:
    server = deployment()
    yield server
    server.stop()


@pytest.fixture
def ours(server: ConvexServer, tmp_path: Path) -> OurSide:
    return OurSide(tmp_path, server.url)


# ── Convex itself ──


def test_an_export_that_fails_at_the_server_is_told(server: ConvexServer, ours: OurSide) -> None:
    server.faults["export"] = "fail"
    error = ours.failure(ConvexFailed)
    assert error.message == "Convex began the export of production · sturgeon and could not finish it."
    assert "`/backup full`" in error.remedy


def test_an_export_that_is_cancelled_in_the_dashboard_is_told(server: ConvexServer, ours: OurSide) -> None:
    server.faults["export"] = "cancel"
    assert ours.failure(ConvexFailed).message.startswith("Somebody cancelled the export of production · sturgeon at Convex")


def test_a_server_that_answers_with_an_error_is_told(server: ConvexServer, ours: OurSide) -> None:
    server.faults["http"] = [{"path": "/api/export/request", "status": 503, "code": "Overloaded", "message": "too busy", "times": 9}]
    message = ours.failure(ConvexFailed).message
    assert message == "production · sturgeon answered with an error: 503 Service Unavailable: Overloaded: too busy."


def test_a_server_that_never_finishes_is_given_up_and_our_export_cancelled_there(server: ConvexServer, tmp_path: Path) -> None:
    server.faults["export"] = "hang"
    error = OurSide(tmp_path, server.url, deadline=5).failure(ConvexFailed)
    assert error.message == "The export of production · sturgeon did not end within 5 s."
    assert newest(server)["state"] == "canceled"


def test_a_server_that_goes_away_in_mid_export_is_told(server: ConvexServer, ours: OurSide) -> None:
    server.faults["export"] = "hang"
    ours.meanwhile = lambda: server.stop() if ours.told[-1]["phase"] == "Convex writes the snapshot" else None
    assert "cannot be reached" in ours.failure(Unreachable).message


def test_a_download_that_is_cut_leaves_no_half_file(server: ConvexServer, ours: OurSide) -> None:
    server.faults["download"] = "truncate"
    error = ours.failure(ConvexFailed)
    assert error.message.startswith("The download of the export of production · sturgeon broke off: ")
    assert "removed" in error.remedy


def test_a_cli_that_is_killed_is_told_and_our_export_cancelled(server: ConvexServer, ours: OurSide) -> None:
    server.faults["export"] = "hang"

    def kill() -> None:
        if any(request.get("path") == "/api/export/request/zip" and request["status"] == 200 for request in server.requests):
            for child in ours.running():
                child.kill()

    ours.meanwhile = kill
    assert "was killed by signal 9" in ours.failure(ConvexFailed).message
    assert newest(server)["state"] == "canceled"


def test_a_cli_that_ends_well_without_an_archive_is_not_believed(server: ConvexServer, tmp_path: Path) -> None:
    ours = OurSide(tmp_path, server.url, cli=str(executable(tmp_path / "cli.js", "process.exit(0)")))
    assert "wrote no export" in ours.failure(ConvexFailed).message


def test_what_the_cli_says_that_we_do_not_know_is_passed_on_in_short(server: ConvexServer, tmp_path: Path) -> None:
    script = f"console.error('- Creating\\n✖ Something new: {KEY}\\nCheck its progress at x'); process.exit(1)"
    ours = OurSide(tmp_path, server.url, cli=str(executable(tmp_path / "cli.js", script)))
    assert ours.failure(ConvexFailed).message == "The export of production · sturgeon failed: Something new: •••."


# ── the websocket ──


@pytest.mark.parametrize(("fault", "how"), [("refuse", "was refused with status 503"), ("drop", "does not hold")])
def test_a_blocked_websocket_is_found_out_when_the_server_has_finished(server: ConvexServer, tmp_path: Path, fault: str, how: str) -> None:
    server.faults["ws"] = fault
    error = OurSide(tmp_path, server.url, patience=replace(HASTE, websocket=600.0)).failure(ConvexFailed)
    assert error.message == f"The CLI cannot follow the export of production · sturgeon: its websocket {how}, while plain requests pass."
    assert "proxy" in error.remedy


def test_a_blocked_websocket_is_found_out_while_the_server_still_works(server: ConvexServer, ours: OurSide) -> None:
    server.faults["ws"], server.faults["export"] = "refuse", "hang"
    assert "its websocket was refused" in ours.failure(ConvexFailed).message
    assert newest(server)["state"] == "canceled"


# ── the disk ──


def test_a_disk_that_fills_up_ends_the_export_before_it_is_full(
    server: ConvexServer, ours: OurSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults["download"] = "slow:30"
    real = shutil.disk_usage(ours.part.parent)

    def filling(_: Any) -> Any:
        grown = ours.part.exists() and ours.part.stat().st_size > 0
        return real._replace(total=10**10, free=400_000_000 if grown else 10**10)

    monkeypatch.setattr(shutil, "disk_usage", filling)
    error = ours.failure(ConvexFailed)
    assert error.message.startswith("The export of production · sturgeon was ended at ")
    assert error.message.endswith("only 400.0 MB are free where backups lie, and 500.0 MB must stay free.")
    assert "`/backup list`" in error.remedy
    assert cancelled(server) == 0


# ── the CLI's words ──

SAID = {
    Trouble.NO_ROOM: "✖ Exporting data failed: Error: ENOSPC: no space left on device, write",
    Trouble.GONE: "✖ Error fetching GET  http://h/api/export/zip/1 404 Not Found: ExportNotFound: The requested export 1 was not found",
    Trouble.SERVER: "✖ Error fetching GET  http://h/api/export/zip/1 500 Internal Server Error: InternalServerError: no",
    Trouble.UNREACHABLE: "Retrying request (attempt 6/6)...\n✖ TypeError: fetch failed",
    Trouble.LIMITED: "✖ Error fetching POST  http://h/api/export/request/zip?includeStorage=false 429 Too Many Requests",
    Trouble.NO_CONVEX: "✖ Error fetching POST  http://h/api/export/request/zip?includeStorage=false 404 Not Found",
    Trouble.CERTIFICATE: "✖ TypeError: fetch failed\n[cause]: Error: unable to verify the first certificate",
    Trouble.NODE: "Error: Cannot find module '/srv/node_modules/convex/dist/cli.bundle.cjs'",
    Trouble.UNKNOWN: "✖ The moon is in the wrong phase",
}


@pytest.mark.parametrize("kind", SAID)
def test_the_clis_words_are_understood(ours: OurSide, kind: Trouble) -> None:
    said = f"- Creating snapshot export\n\n{SAID[kind]}\n\n"
    assert trouble(said) is kind
    error = fit_for_people(explain(said, target.find(ours.settings, "production")))
    assert "production · sturgeon" in error.message
