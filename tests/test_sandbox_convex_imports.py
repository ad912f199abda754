"""Imports into the sandbox's Convex by the unmodified CLI: what each mode changes, and that a failed one changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.convex import ConvexServer, ids
from tests.convex_cli import KEY, Cli, archive_of, call, line, prints, refused, rewritten, rows, serving, state, uploaded, wait_until


@pytest.fixture
def server() -> Iterator[ConvexServer]:
    with serving() as server:
        yield server


@pytest.fixture
def cli(tmp_path: Path, server: ConvexServer) -> Cli:
    return Cli(tmp_path / "cli", server)


def test_replace_all_brings_back_exactly_what_was_exported(server: ConvexServer, cli: Cli) -> None:
    picture = server.store(b"\x89PNG", "image/png")
    before, archive = prints(server), cli.export("before.zip", "--include-file-storage")
    server.clear("messages")
    server.remove("users", server.documents("users")[0]["_id"])
    server.insert("strangers", {"came": "later"})
    server.store(b"another")
    ran = cli.run("import", "--replace-all", "-y", str(archive))
    assert ran.code == 0, ran.told
    assert "Added 5 documents" in ran.told
    assert prints(server) == before
    assert rows(cli.export("after.zip"), "users") == rows(archive, "users")
    assert server.files() == {f"{picture}.png": b"\x89PNG"}


def test_an_import_without_files_leaves_the_files_alone(server: ConvexServer, cli: Cli) -> None:
    server.store(b"one")
    archive = archive_of(server, cli.folder / "it.zip")
    server.store(b"two")
    assert cli.run("import", "--replace-all", "-y", str(archive)).code == 0
    assert sorted(server.files().values()) == [b"one", b"two"]


def test_replace_touches_no_table_but_those_in_the_archive(server: ConvexServer, cli: Cli) -> None:
    archive, before = archive_of(server, cli.folder / "it.zip"), prints(server)
    server.insert("strangers", {"came": "later"})
    server.clear("users")
    assert cli.run("import", "--replace", "-y", str(archive)).code == 0
    assert server.tables() == {"users": 2, "messages": 3, "strangers": 1}
    assert prints(server).items() >= before.items()


def test_a_table_that_is_only_named_in_the_archive_is_emptied(server: ConvexServer, cli: Cli, tmp_path: Path) -> None:
    gone: dict[str, bytes | None] = {"messages/documents.jsonl": None, "messages/generated_schema.jsonl": None}
    archive = rewritten(archive_of(server, cli.folder / "it.zip"), tmp_path / "less.zip", gone)
    assert cli.run("import", "--replace", "-y", str(archive)).code == 0
    assert server.tables() == {"users": 2, "messages": 0}


def test_without_a_mode_only_empty_tables_take_documents(server: ConvexServer, cli: Cli) -> None:
    archive, before = archive_of(server, cli.folder / "it.zip"), prints(server)
    refused(
        cli.run("import", "-y", str(archive)), "Table messages already exists. Please choose a new table name or use replace/append modes."
    )
    assert prints(server) == before
    server.clear("users")
    server.clear("messages")
    assert cli.run("import", str(archive)).code == 0
    assert prints(server) == before


def test_append_takes_new_ids_only(server: ConvexServer, cli: Cli, tmp_path: Path) -> None:
    archive = archive_of(server, cli.folder / "it.zip")
    refused(cli.run("import", "--append", str(archive)), 'Objects in table "users" have duplicate _id fields')
    assert server.tables() == {"users": 2, "messages": 3}
    more = tmp_path / "more.jsonl"
    more.write_bytes(line({"name": "carol", "age": 3}) + line({"name": "dan", "age": 4}))
    assert cli.run("import", "--append", "--table", "users", str(more)).code == 0
    assert {"carol", "dan"} <= {it["name"] for it in server.documents("users")}
    assert all(isinstance(it["age"], float) for it in server.documents("users") if it["name"] in ("carol", "dan"))


@pytest.mark.parametrize(
    ("name", "text"), [("x.jsonl", '{"a": 1}\n\n{"a": 2}'), ("x.json", '[{"a": 1}, {"a": 2}]'), ("x.csv", "a\n1\n2\n")]
)
def test_lines_arrays_and_csv_become_a_table(server: ConvexServer, cli: Cli, name: str, text: str) -> None:
    (cli.folder / name).write_text(text)
    ran = cli.run("import", "--table", "things", name)
    assert ran.code == 0, ran.told
    assert sorted(it["a"] for it in server.documents("things")) == [1.0, 2.0]
    assert {ids.table_number(it["_id"]) for it in server.documents("things")} == {10003}


def test_a_preview_says_what_would_be_deleted_and_changes_nothing(server: ConvexServer, cli: Cli) -> None:
    archive, before = archive_of(server, cli.folder / "it.zip"), prints(server)
    ran = cli.run("import", "--replace-all", str(archive))
    refused(ran, "Cannot prompt for input in non-interactive terminals. (Perform import?)")
    assert (
        "table    | create | delete |\n----------------------------\nmessages | 3      | 3 of 3 |\nusers    | 2      | 2 of 2 |" in ran.told
    )
    assert prints(server) == before


def test_what_waits_can_be_canceled_and_is_then_over(server: ConvexServer, cli: Cli) -> None:
    identifier = uploaded(server, archive_of(server, cli.folder / "it.zip").read_bytes())
    assert call(server, "/api/cancel_import", importId=identifier) is None
    assert state(server, identifier) == "failed"
    assert call(server, "/api/perform_import", importId=identifier)["code"] == "ImportNotWaiting"
    assert call(server, "/api/perform_import", importId="nobody")["code"] == "ImportNotFound"


@pytest.mark.parametrize(
    ("table", "rows", "words"),
    [
        ("users", b"{broken\n", "Row 1 wasn't valid JSON"),
        ("users", b"[]\n", "Row 1 wasn't an object"),
        ("users", line({"_id": ids.new(10777)}), "is not one of table number 10001"),
        ("others", line({"_id": ids.new(10001)}), "New table `others` has IDs that conflict with existing table `users`"),
    ],
    ids=["not JSON", "no object", "another table's id", "a taken number"],
)
def test_a_bad_archive_fails_whole(server: ConvexServer, cli: Cli, table: str, rows: bytes, words: str) -> None:
    before = prints(server)
    bad = rewritten(archive_of(server, cli.folder / "it.zip"), cli.folder / "bad.zip", {f"{table}/documents.jsonl": rows})
    refused(cli.run("import", "--replace", "-y", str(bad)), words)
    assert prints(server) == before


def test_what_is_no_archive_is_refused(cli: Cli) -> None:
    (cli.folder / "it.zip").write_bytes(b"PK\x03\x04 but nothing else")
    refused(cli.run("import", "-y", "it.zip"), "invalid zip file")


def test_replace_all_takes_an_archive_of_another_deployment(server: ConvexServer, cli: Cli, tmp_path: Path) -> None:
    staging = ConvexServer("quick-trout-7", [KEY], step=0.005).start()
    staging.insert("messages", {"body": "numbered otherwise"})
    staging.insert("users", {"name": "erin"})
    ran = Cli(tmp_path / "staging", staging).run("import", "--replace-all", "-y", str(archive_of(server, cli.folder / "it.zip")))
    assert ran.code == 0, ran.told
    assert prints(staging) == prints(server)
    staging.stop()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("fail:the disk is full", "Hit an error while importing:\nthe disk is full"),
        ("parse:too old", "Hit an error while importing:\ntoo old"),
        ("cancel", "Import canceled"),
    ],
)
def test_an_import_that_fails_half_way_changes_nothing(server: ConvexServer, cli: Cli, fault: str, words: str) -> None:
    archive, before = archive_of(server, cli.folder / "it.zip"), prints(server)
    server.faults["import"] = fault
    refused(cli.run("import", "--replace-all", "-y", str(archive)), words)
    assert prints(server) == before


def test_another_import_under_way_is_asked_about(server: ConvexServer, cli: Cli) -> None:
    archive = archive_of(server, cli.folder / "it.zip")
    server.faults["import_busy"] = True
    refused(cli.run("import", "--replace", str(archive)), "There is already a snapshot import in progress.")


def test_an_import_goes_on_when_the_cli_is_gone(server: ConvexServer, cli: Cli) -> None:
    archive, before = archive_of(server, cli.folder / "it.zip"), prints(server)
    server.clear("users")
    server.faults["import"] = "slow:60"
    with cli.running("import", "--replace-all", "-y", str(archive)):
        wait_until(lambda: any(it.get("path") == "/api/perform_import" for it in server.requests), "the import was confirmed")
    del server.faults["import"]
    wait_until(lambda: prints(server) == before, "the import completed")
