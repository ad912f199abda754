"""The sandbox's Convex, as the unmodified CLI finds it: exports, data, variables, keys, restarts."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from sandbox.convex import ConvexServer, ids
from sandbox.convex.values import to_line
from tests.convex_cli import KEY, Cli, archive_of, call, prints, refused, rows, serving, uploaded, wait_until


@pytest.fixture
def server() -> Iterator[ConvexServer]:
    with serving() as server:
        yield server


@pytest.fixture
def cli(tmp_path: Path, server: ConvexServer) -> Cli:
    return Cli(tmp_path / "cli", server)


# ── exports ──


def test_an_export_holds_every_table_as_it_is_kept(server: ConvexServer, cli: Cli) -> None:
    archive = cli.export("one.zip")
    assert [orjson.loads(row)["name"] for row in rows(archive, "users")] == [it["name"] for it in server.documents("users")]
    assert b'"height":2.0' in b"".join(rows(archive, "users"))
    assert [orjson.loads(row)["name"] for row in rows(archive, "_tables")] == ["users", "messages"]


def test_a_second_export_at_the_same_time_is_refused(server: ConvexServer, cli: Cli) -> None:
    server.faults["export"] = "slow:60"
    with cli.running("export", "--path", "first.zip") as first:
        wait_until(lambda: any(it["kind"] == "websocket" for it in server.requests), "the first export runs")
        refused(cli.run("export", "--path", "second.zip"), "A snapshot export is already requested or in progress. Only one can run")
        first.send_signal(signal.SIGINT)
        assert "WARNING: Export is continuing to run on the server." in first.communicate(timeout=60)[1]
        assert first.returncode == 1


def test_an_export_survives_a_restart_of_the_deployment(server: ConvexServer, cli: Cli) -> None:
    server.faults["export"] = "slow:60"
    with cli.running("export", "--path", "it.zip") as exporting:
        wait_until(lambda: any(it["kind"] == "websocket" for it in server.requests), "the CLI waits for the export")
        server.stop()
        del server.faults["export"]
        server.start()
        assert "Downloaded snapshot" in exporting.communicate(timeout=60)[1]
    assert len(rows(cli.folder / "it.zip", "users")) == 2


def test_made_up_documents_are_exported_as_they_are(server: ConvexServer, cli: Cli) -> None:
    server.fill("events", 25_000, bytes_each=300, seed=7)
    server.compression = 1
    lines = rows(cli.export("it.zip"), "events")
    assert len(set(lines)) == server.tables()["events"] == 25_000
    assert 290 < sum(map(len, lines)) / 25_000 < 310
    assert f"{sum(int(hashlib.sha256(it).hexdigest(), 16) for it in lines) % 2**256:064x}" == server.fingerprint("events")
    documents = [orjson.loads(it) for it in lines]
    assert {ids.table_number(it["_id"]) for it in documents} == {10003}
    assert [to_line(it) for it in documents] == lines


# ── data, variables, keys, restarts ──


def test_data_shows_tables_and_the_newest_documents(cli: Cli) -> None:
    assert cli.run("data").out.split() == ["messages", "users"]
    shown = orjson.loads(cli.run("data", "messages", "--limit", "2", "--format", "jsonArray").out)
    assert [it["body"] for it in shown] == ["hello 2 é😀", "hello 1 é😀"]
    assert "There are no documents in this table." in cli.run("data", "nothing").told


def test_variables_are_set_listed_and_removed(server: ConvexServer, cli: Cli) -> None:
    assert cli.run("env", "set", "SITE_URL", "https://example.com/?a=1").code == 0
    assert cli.run("env", "set", "WORDS", "two words").code == 0
    assert server.variables == {"SITE_URL": "https://example.com/?a=1", "WORDS": "two words"}
    assert cli.run("env", "list", "--include-values").out.splitlines() == ["SITE_URL=https://example.com/?a=1", "WORDS=two words"]
    assert cli.run("env", "get", "WORDS").out.strip() == "two words"
    assert cli.run("env", "remove", "WORDS").code == 0
    assert cli.run("env", "get", "WORDS").told.strip().endswith('Environment variable "WORDS" not found')
    listed = httpx.get(f"{server.url}/api/v1/list_environment_variables", headers={"Authorization": f"Convex {KEY}"})
    assert listed.json() == {"environmentVariables": {"SITE_URL": "https://example.com/?a=1"}}


def test_a_key_opens_only_what_it_may(tmp_path: Path) -> None:
    server = ConvexServer("bright-sturgeon-101", {KEY: ["deployment:backups:create"]}).start()
    limited, stranger = Cli(tmp_path / "limited", server), Cli(tmp_path / "stranger", server, "nobody|knows-it")
    (limited.folder / "it.jsonl").write_text("{}")
    refused(limited.run("env", "set", "A", "b"), "You do not have permission to perform this operation (deployment:env:write).")
    refused(stranger.run("export", "--path", "it.zip"), "401 Unauthorized: BadAdminKey")
    server.stop()


def test_everything_is_still_there_after_a_restart(tmp_path: Path, server: ConvexServer) -> None:
    archive = archive_of(server, tmp_path / "it.zip").read_bytes()
    first = ConvexServer("quick-trout-7", [KEY], tmp_path / "data", step=0.005).start()
    first.faults["import"] = "slow:60"
    first.store(b"a file")
    call(first, "/api/update_environment_variables", changes=[{"name": "A", "value": "b"}])
    call(first, "/api/v1/pause_deployment")
    call(first, "/api/perform_import", importId=uploaded(first, archive))
    first.stop()
    assert first.tables() == {}
    second = ConvexServer("quick-trout-7", [KEY], tmp_path / "data", step=0.005).start()
    wait_until(lambda: prints(second) == prints(server), "the import that was interrupted completed")
    assert (second.variables, second.paused, list(second.files().values())) == ({"A": "b"}, True, [b"a file"])
    second.stop()
