"""An export by the real CLI: from the deployment that is meant, whole, and told on the way."""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.services import process
from ops.services.convex import Convex, ConvexFailed, WrongTarget, target
from ops.services.convex.heard import Heard
from ops.services.convex.latest import Latest, instant, integer, read
from ops.services.convex.program import entry
from sandbox.convex import ConvexServer
from tests.exporting import (
    DEPLOY_KEY,
    KEY,
    NAME,
    SECRET,
    OurSide,
    deployment,
    newest,
    provision,
)
from tests.remotes import executable, listener


@pytest.fixture
def server() -> Iterator[ConvexServer]:
    server = deployment()
    yield server
    server.stop()


@pytest.fixture
def ours(server: ConvexServer, tmp_path: Path) -> OurSide:
    return OurSide(tmp_path, server.url)


# ── the name ──


@pytest.mark.parametrize("name", ["sturgeon", "bright-sturgeon-101", "Sturgeon"])
def test_a_deployment_is_known_by_its_name_or_by_the_animal_in_it(server: ConvexServer, tmp_path: Path, name: str) -> None:
    assert OurSide(tmp_path, server.url, name=name).convex.instance("production") == NAME


@pytest.mark.parametrize("instance", ["sturgeonfish-1", "bright-trout-101", "dull-sturgeonfish-101"])
def test_a_deployment_that_calls_itself_otherwise_is_refused(server: ConvexServer, ours: OurSide, instance: str) -> None:
    server.faults["name"] = instance
    error = ours.refusal(WrongTarget)
    assert error.message == f"The deployment that answers for production · sturgeon calls itself “{instance}”."
    assert "`[convex.production] name`" in error.remedy


@pytest.mark.parametrize("said", ["sturgeon\n", ' "bright-sturgeon-101"\n', "bright-sturgeon-101"])
def test_the_name_is_understood_bare_or_as_json(tmp_path: Path, said: str) -> None:
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(said)}\r\nConnection: close\r\n\r\n{said}"
    with listener(answer.encode()) as port:
        assert OurSide(tmp_path, f"http://127.0.0.1:{port}/").convex.instance("production") in said


def test_an_answer_that_is_no_name_shows_that_no_deployment_is_there(tmp_path: Path) -> None:
    page = "<html>Welcome to nginx!</html>"
    with listener(f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\n\r\n{page}".encode()) as port:
        assert "it is no Convex deployment" in OurSide(tmp_path, f"http://127.0.0.1:{port}").refusal().message


# ── the archive ──


def test_an_export_brings_every_row_as_of_one_moment(ours: OurSide) -> None:
    before = datetime.now(UTC)
    exported = ours.export()
    assert exported.size == ours.part.stat().st_size
    assert exported.snapshot_timestamp is not None
    assert before - timedelta(seconds=1) < exported.snapshot_timestamp < datetime.now(UTC)
    with zipfile.ZipFile(ours.part) as archive:
        assert len(archive.read("orders/documents.jsonl").splitlines()) == 40
        assert not [name for name in archive.namelist() if name.startswith("_storage")]


def test_files_are_exported_where_that_is_set(server: ConvexServer, tmp_path: Path) -> None:
    OurSide(tmp_path, server.url, file_storage=True).export()
    assert newest(server)["format"] == {"format": "zip", "include_storage": True}


def test_a_second_export_is_told_by_its_own_moment(server: ConvexServer, tmp_path: Path) -> None:
    first, second = (OurSide(tmp_path / name, server.url).export().snapshot_timestamp for name in "ab")
    assert first is not None
    assert second is not None
    assert first < second


def test_a_server_that_does_not_tell_its_exports_is_exported_from_all_the_same(server: ConvexServer, ours: OurSide) -> None:
    server.faults["http"] = [{"path": "/api/query", "status": 404, "times": 1000}]
    assert ours.export().snapshot_timestamp is not None


def test_the_card_is_told_the_phase_the_size_and_the_last_line(server: ConvexServer, ours: OurSide) -> None:
    server.faults["export"] = "slow:1"
    server.faults["download"] = "slow:1.5"
    exported = ours.export()
    assert ours.phases == ["starting", "Convex writes the snapshot", "downloading"]
    sizes = [facts["bytes"] for facts in ours.told]
    assert sizes == sorted(sizes)
    assert [size for size in sizes if 0 < size < exported.size]
    assert ours.told[-1] == {
        "phase": "downloading", "bytes": exported.size, "line": "Downloaded snapshot export to the archive", "waiting": None
    }  # fmt: skip


# ── the target ──


def test_a_deploy_key_finds_its_deployment(server: ConvexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = OurSide(tmp_path, None, key=DEPLOY_KEY)
    with provision(server.url) as cloud:
        monkeypatch.setenv("CONVEX_PROVISION_HOST", cloud)
        assert ours.convex.instance("production") == NAME
        assert ours.export().size > 0
    assert SECRET not in " ".join(ours.commands)


def test_nothing_that_lies_about_leads_the_cli_elsewhere(server: ConvexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVEX_DEPLOYMENT", "dev:other-otter-1")
    monkeypatch.setenv("CONVEX_DEPLOY_KEY", "prod:other-otter-1|x")
    ours = OurSide(tmp_path / "home", server.url)
    for folder in (tmp_path, tmp_path / "home", ours.settings.folder, ours.part.parent):
        (folder / ".env.local").write_text("CONVEX_DEPLOYMENT=dev:other-otter-1\nCONVEX_DEPLOY_KEY=prod:other-otter-1|x\n")
    (ours.part.parent / ".env.local").unlink()
    monkeypatch.chdir(tmp_path)
    assert ours.export().size > 0


@pytest.mark.parametrize("url", [True, False])
def test_our_environment_beats_an_env_local_beside_the_cli(
    server: ConvexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: bool
) -> None:
    ours = OurSide(tmp_path / "home", server.url if url else None, key=KEY if url else DEPLOY_KEY)
    (tmp_path / "package.json").write_text('{"dependencies":{"convex":"*"}}')
    (tmp_path / ".env.local").write_text(
        "CONVEX_DEPLOYMENT=dev:other-otter-1\nCONVEX_DEPLOYMENT_TOKEN=prod:other-otter-1|x\nCONVEX_OVERRIDE_ACCESS_TOKEN=x\n"
        "CONVEX_SELF_HOSTED_URL=http://127.0.0.1:9\nCONVEX_SELF_HOSTED_ADMIN_KEY=x\n" + "CONVEX_DEPLOY_KEY=prod:other-otter-1|x\n" * url
    )
    with provision(server.url) as cloud:
        monkeypatch.setenv("CONVEX_PROVISION_HOST", cloud)
        finished = process.run(
            ("node", str(ours.settings.convex.cli), "export", "--path", str(ours.part)),
            cwd=tmp_path,
            environ=target.find(ours.settings, "production").environ,
            deadline=60,
        )
    assert (finished.code, ours.part.exists()) == (0, True), finished.err


def test_the_key_is_in_no_list_of_processes(server: ConvexServer, ours: OurSide) -> None:
    server.faults["export"] = "slow:1"
    ours.export()
    assert any("cli.bundle.cjs export --path" in command for command in ours.commands)
    assert SECRET not in " ".join(ours.commands)


def test_a_folder_that_a_killed_run_left_goes_with_the_next_one(ours: OurSide) -> None:
    left = ours.settings.state / "convex-old"
    left.mkdir(parents=True)
    os.utime(left, (time.time() - 2 * 86400,) * 2)
    ours.export()
    assert not left.exists()


# ── what is read ──


def test_an_int64_is_read_as_convex_sends_it() -> None:
    assert integer({"$integer": "AAAAAAAAAAA="}) == 0
    assert integer({"$integer": "FYHpffQQIhE="}) == 1234567890123456789
    assert integer("1795357507685773700") == integer(1795357507685773700) == 1795357507685773700
    odds: list[object] = [None, "", "x", {}, {"$integer": 5}, {"$integer": "AAA="}, {"$integer": "?"}, []]
    assert [integer(odd) for odd in odds] == [None] * len(odds)


def test_a_moment_that_makes_no_sense_is_none() -> None:
    assert instant(1795357507685773700) == datetime(2026, 11, 22, 14, 25, 7, 685773, tzinfo=UTC)
    assert [instant(odd) for odd in (None, 0, -1, 10**40)] == [None] * 4


def test_a_newest_export_may_lack_anything() -> None:
    assert read(None) == read([]) == read({}) == Latest()
    assert not read({"state": "completed"}).under_way
    assert read({"_id": "a", "state": "requested", "_creationTime": 1795357507685.5}).under_way


def test_a_websocket_that_comes_back_is_no_trouble() -> None:
    heard = Heard()
    for moment in (0.0, 60.0, 120.0):
        heard.hear("WebSocket closed with code 1006", moment)
        heard.hear("Attempting reconnect in 800ms", moment)
        heard.hear("WebSocket reconnected at t=1s after disconnect due to closed with code 1006", moment + 1)
        assert heard.down(moment + 5) == 5
        assert heard.down(moment + 30) == 0


def test_a_websocket_that_is_taken_and_dropped_again_and_again_is_trouble() -> None:
    heard = Heard()
    for moment in range(0, 50, 5):
        heard.hear("WebSocket closed with code 1011", float(moment))
        heard.hear("WebSocket reconnected at t=1s after disconnect due to closed with code 1011", moment + 4.0)
    assert heard.down(50.0) == 50


@pytest.mark.parametrize(
    ("main", "bundle", "run"),
    [
        ('#!/usr/bin/env node\nimport("../dist/cli.bundle.cjs");\n', True, "dist/cli.bundle.cjs"),
        ('#!/usr/bin/env node\nimport("../dist/cli.bundle.cjs");\n', False, "bin/main.js"),
        ('#!/usr/bin/env node\ncheckVersion();\nimport("../dist/cli.bundle.cjs");\n', True, "bin/main.js"),
        ('#!/usr/bin/env node\nimport("../dist/cli.mjs");\n', True, "bin/main.js"),
    ],
)
def test_node_is_given_the_bundle_of_a_cli_whose_main_file_only_imports_it(tmp_path: Path, main: str, bundle: bool, run: str) -> None:
    found = executable(tmp_path / "bin/main.js", main)
    if bundle:
        executable(tmp_path / "dist/cli.bundle.cjs", "")
    assert entry(found) == tmp_path / run
    linked = tmp_path / "convex"
    linked.symlink_to(found)
    assert entry(linked) == tmp_path / run


def test_the_cli_that_is_pinned_has_such_a_bundle(ours: OurSide) -> None:
    assert entry(ours.settings.convex.cli).name == "cli.bundle.cjs"


def test_failed_calls_are_counted_by_function_and_kind_and_nothing_of_their_words_is_kept(ours: OurSide, server: ConvexServer) -> None:
    server.called("orders:create", "Uncaught TypeError: Bob is not defined\n at x")
    server.called("orders:create", "[Request ID: 1] Server Error")
    server.called("backstop:paused", "Could not find public function")  # our own question
    server.called("users:list")
    convex = Convex(ours.settings)
    found = convex.failed_calls("production", 0.0)
    assert found.by_function == {"orders:create (TypeError)": 1, "orders:create (Server Error)": 1}
    assert convex.failed_calls("production", found.cursor).by_function == {}
    server.called("orders:pay", "Uncaught ConvexError: no")
    assert convex.failed_calls("production", found.cursor).by_function == {"orders:pay (ConvexError)": 1}


@pytest.mark.parametrize(("status", "said"), [(404, "no Convex"), (403, "403")])
def test_a_deployment_that_shows_no_log_says_why(ours: OurSide, server: ConvexServer, status: int, said: str) -> None:
    server.faults["http"] = [{"path": "/api/stream_function_logs", "status": status, "times": 9}]
    with pytest.raises(ConvexFailed, match=said):
        Convex(ours.settings).failed_calls("production", 0.0)
