"""Deploys to the sandbox's Convex by the unmodified CLI: code, schema, and documents that do not fit it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.convex import ConvexServer, ProvisionServer
from tests.convex_cli import (
    KEY,
    LIST,
    App,
    Cli,
    archive_of,
    call,
    line,
    plain,
    prints,
    query,
    refused,
    rewritten,
    serving,
    uploaded,
    wait_until,
)

USERS = (
    "users: defineTable({ name: v.string(), age: v.int64(), height: v.number(), photo: v.optional(v.bytes()), odd: v.optional(v.any()) })"
)
MESSAGES = 'messages: defineTable({ author: v.id("users"), body: v.string() }).index("by_author", ["author"])'


@pytest.fixture
def server() -> Iterator[ConvexServer]:
    with serving() as server:
        yield server


@pytest.fixture
def app(tmp_path: Path, server: ConvexServer) -> App:
    app = App(tmp_path / "app", server)
    app.write("users.ts", LIST)
    app.write_schema(f"{USERS}, {MESSAGES}")
    return app


def pushed(server: ConvexServer, app: App) -> ConvexServer:
    """Have the app's code run there."""
    ran = app.deploy()
    assert ran.code == 0, ran.told
    return server


def started(server: ConvexServer) -> int:
    """How many pushes the deployment took."""
    return sum(1 for it in server.requests if it.get("path") == "/api/deploy2/start_push" and it["status"] == 200)


def test_a_deploy_brings_code_schema_and_message(server: ConvexServer, app: App) -> None:
    app.write_schema(f"{USERS}, {MESSAGES}, drafts: defineTable(v.any())")
    ran = app.run("deploy", "--message", "Open the shop", "--typecheck", "enable")
    assert ran.code == 0, ran.told
    deployed = server.deployed
    assert (deployed.message, deployed.pushes, deployed.functions) == ("Open the shop", 1, ("users.js:list",))
    assert "messages" in json.dumps(deployed.schema)
    assert 'query("users")' in deployed.modules["users.js"]
    assert server.tables() == {"users": 2, "messages": 3, "drafts": 0}
    assert (app.folder / "convex" / "_generated" / "api.d.ts").exists()


def test_only_changed_modules_are_sent_again(server: ConvexServer, app: App) -> None:
    pushed(server, app)
    app.write("more.ts", LIST)
    pushed(server, app)
    assert {"more.js", "users.js"} <= set(server.deployed.modules)
    assert server.deployed.functions == ("more.js:list", "users.js:list")


def test_documents_that_break_the_pushed_schema_stop_the_deploy(server: ConvexServer, app: App) -> None:
    before = server.deployed
    bad = server.insert("users", {"age": 1, "height": 1.0})
    ran = app.deploy()
    refused(ran, "Schema validation failed.")
    assert f'Document with ID "{bad}" in table "users" does not match the schema: Object is missing the required field `name`.' in ran.told
    assert server.deployed == before


def test_without_validation_documents_may_be_anything(server: ConvexServer, app: App) -> None:
    server.insert("users", {"nonsense": True})
    app.write_schema(f"{USERS}, {MESSAGES}", ", { schemaValidation: false }")
    assert pushed(server, app).deployed.pushes == 1


def test_a_later_push_wins_the_race(server: ConvexServer, app: App, tmp_path: Path) -> None:
    server.faults["push"] = "slow:60"
    other = App(tmp_path / "other", server)
    other.write("users.ts", LIST)
    other.write_schema(f"{USERS}, {MESSAGES}, drafts: defineTable({{}})")
    words = ("deploy", "--typecheck", "disable", "--message")
    with app.running(*words, "first") as first:
        wait_until(lambda: started(server) == 1, "the first push started")
        with other.running(*words, "second") as second:
            wait_until(lambda: started(server) == 2, "the second push started")
            del server.faults["push"]
            assert "Schema was overwritten by another push." in first.communicate(timeout=60)[1]
            second.communicate(timeout=60)
    assert (first.returncode, second.returncode, server.deployed.message) == (1, 0, "second")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("race", "Schema was overwritten by another push."),
        ("schema:the documents are odd", "the documents are odd"),
        ("env:AUTH_DOMAIN", "Environment variable AUTH_DOMAIN is used in auth config file but its value was not set"),
        ("internal", "500 Internal Server Error: InternalServerError: Your request couldn't be completed."),
    ],
)
def test_a_deploy_fails_as_the_fault_says(server: ConvexServer, app: App, fault: str, words: str) -> None:
    server.faults["push"] = fault
    refused(app.deploy(), words)
    assert server.deployed.pushes == 0


def test_a_dry_run_changes_nothing(server: ConvexServer, app: App) -> None:
    before = pushed(server, app).deployed
    app.write("more.ts", LIST)
    app.write_schema(USERS)
    ran = app.deploy("--dry-run")
    assert ran.code == 0, ran.told
    assert "messages.by_author" in ran.told
    assert server.deployed == before


def test_a_type_error_leaves_the_code_as_it_was(server: ConvexServer, app: App) -> None:
    app.write("users.ts", LIST + "const wrong: number = 'text';\n")
    refused(app.run("deploy"), "TypeScript typecheck via `tsc` failed.")
    assert server.deployed.pushes == 0


def test_code_that_does_not_load_is_refused(server: ConvexServer, app: App) -> None:
    app.write("users.ts", LIST + "throw new Error('no good morning');\n")
    refused(app.deploy(), "no good morning")
    assert server.deployed.pushes == 0


def test_an_import_that_breaks_the_deployed_schema_fails_whole(server: ConvexServer, app: App, tmp_path: Path) -> None:
    pushed(server, app)
    good = archive_of(server, tmp_path / "good.zip")
    bad = rewritten(good, tmp_path / "bad.zip", {"users/documents.jsonl": line({"age": 3, "height": 2.0})})
    server.insert("messages", {"body": "later"})
    before = prints(server)
    ran = app.run("import", "--replace-all", "-y", str(bad))
    refused(ran, 'Failed to insert or update a document in table "users" because it does not match the schema: Object is missing')
    assert "Consider wrapping the field validator in `v.optional(...)`" in ran.told
    assert prints(server) == before
    assert app.run("import", "--replace-all", "-y", str(good)).code == 0
    assert server.tables() == {"users": 2, "messages": 3}


def test_replace_all_empties_tables_of_the_schema_and_drops_others(server: ConvexServer, app: App, tmp_path: Path) -> None:
    archive = archive_of(server, tmp_path / "it.zip")
    app.write_schema(f"{USERS}, {MESSAGES}, drafts: defineTable(v.any())")
    pushed(server, app)
    server.insert("drafts", {"a": 1})
    server.insert("strangers", {"a": 1})
    assert app.run("import", "--replace-all", "-y", str(archive)).code == 0
    assert server.tables() == {"users": 2, "messages": 3, "drafts": 0}


def test_a_table_that_others_point_to_keeps_its_number(server: ConvexServer, app: App, tmp_path: Path) -> None:
    pushed(server, app)
    tables = line({"id": 10009, "name": "users"})
    gone: dict[str, bytes | None] = {f"{table}/documents.jsonl": None for table in ("users", "messages")}
    archive = rewritten(archive_of(server, tmp_path / "it.zip"), tmp_path / "moved.zip", gone | {"_tables/documents.jsonl": tables})
    before = prints(server)
    refused(
        app.run("import", "--replace", "-y", str(archive)), "Import changes table 'users' which is referenced by 'messages' in the schema"
    )
    assert prints(server) == before


def test_a_deploy_during_an_import_fails_the_import(server: ConvexServer, app: App, tmp_path: Path) -> None:
    identifier = uploaded(server, archive_of(server, tmp_path / "it.zip").read_bytes())
    before = prints(server)
    server.faults["import"] = "slow:60"
    call(server, "/api/perform_import", importId=identifier)
    pushed(server, app)
    del server.faults["import"]
    wait_until(lambda: "schema changed" in json.dumps(query(server, "_system/cli/queryImport:list")), "the import failed")
    assert prints(server) == before


def test_an_index_of_a_large_table_is_not_dropped_unasked(server: ConvexServer, app: App) -> None:
    table = "events: defineTable(v.any())"
    app.write_schema(f'{table}.index("by_author", ["author"])')
    pushed(server, app)
    server.fill("events", 100_000, bytes_each=150)
    app.write_schema(table)
    refused(app.deploy(), "events.by_author")
    assert server.deployed.pushes == 1
    assert app.deploy("--skip-large-indexes-check").code == 0


def test_functions_cannot_run_here(app: App) -> None:
    refused(app.run("run", "users:list"), "Could not find public function for 'users:list'")


def test_a_deploy_key_finds_its_deployment(tmp_path: Path) -> None:
    key = "prod:bright-sturgeon-101|a-deploy-key"
    server = ConvexServer("bright-sturgeon-101", [key], step=0.005).start()
    provision = ProvisionServer([server]).start()
    app = App(tmp_path / "app", server)
    app.write("users.ts", LIST)
    asked = {"CONVEX_PROVISION_HOST": provision.url, "CONVEX_VERSION_API_ORIGIN": provision.url}
    app.environment = plain(tmp_path) | asked | {"CONVEX_DEPLOY_KEY": key}
    assert app.export("it.zip", "--prod").exists()
    ran = app.deploy()
    assert ran.code == 0, ran.told
    assert server.deployed.functions == ("users.js:list",)
    app.environment["CONVEX_DEPLOY_KEY"] = "prod:another|key"
    refused(app.run("export", "--path", "no.zip"), "/api/deployment/url_for_key 401 Unauthorized")
    provision.stop()
    server.stop()


def test_code_is_still_there_after_a_restart(tmp_path: Path) -> None:
    first = ConvexServer("quick-trout-7", [KEY], tmp_path / "data").start()
    app = App(tmp_path / "app", first)
    app.write("users.ts", LIST)
    app.write_schema(USERS)
    deployed = pushed(first, app).deployed
    first.stop()
    second = ConvexServer("quick-trout-7", [KEY], tmp_path / "data").start()
    assert second.deployed == deployed
    (tmp_path / "bad.jsonl").write_bytes(line({"nonsense": 1}))
    refused(Cli(tmp_path / "cli", second).run("import", "--table", "users", str(tmp_path / "bad.jsonl")), "does not match the schema")
    second.stop()
