"""A3, A4: functions and data are changed at Convex by the real CLI, and after a crash the server is asked before anything is repeated."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.services.convex import Convex, ConvexFailed, MayNotPause, Misfit, SchemaRefused, Undecided, WrongTarget, in_between
from ops.services.convex.imports import Mode
from ops.services.process import Stopped
from ops.settings import Settings, parse
from sandbox.convex import ConvexServer
from tests.convex_cli import KEY, LIST, App, archive_of, call, prints, serving, uploaded
from tests.remotes import executable

USERS = (
    "users: defineTable({ name: v.string(), age: v.int64(), height: v.number(), photo: v.optional(v.bytes()), odd: v.optional(v.any()) })"
)
MESSAGES = 'messages: defineTable({ author: v.id("users"), body: v.string() }).index("by_author", ["author"])'
NEW_MESSAGES = 'messages: defineTable({ author: v.id("users"), body: v.string(), read: v.boolean() }).index("by_author", ["author"])'
OLD, NEW = f"{USERS}, {MESSAGES}", f"{USERS}, {NEW_MESSAGES}"
PRODUCTION = "production"
GENERATED = Path(__file__).parent.parent / "sandbox/app/convex/_generated"


@pytest.fixture
def server() -> Iterator[ConvexServer]:
    with serving() as server:
        yield server


@pytest.fixture
def app(tmp_path: Path, server: ConvexServer) -> App:
    app = App(tmp_path / "app", server)
    app.write("users.ts", LIST)
    app.write_schema(OLD)
    for name in ("server.js", "server.d.ts", "dataModel.d.ts"):
        app.write(f"_generated/{name}", (GENERATED / name).read_text())
    return app


def convex(server: ConvexServer, folder: Path, key: str = KEY, deadline: int = 60) -> Convex:
    values = {
        "app": {"repository": str(folder)},
        "convex": {"production": {"name": "sturgeon", "url": server.url}, "deadline": deadline},
        "backups": {"folder": str(folder / "backups")},
        "secrets": {"convex_production_key": key},
    }
    return Convex(parse(Settings, values, folder))


@pytest.fixture
def ours(server: ConvexServer, tmp_path: Path) -> Convex:
    return convex(server, tmp_path)


def indexes(server: ConvexServer) -> str:
    """The indexes of the messages, as the schema in force has them."""
    schema = server.deployed.schema
    assert schema
    (table,) = (each for each in schema["tables"] if each["tableName"] == "messages")
    return json.dumps(table["indexes"], sort_keys=True)


def silent(_line: str) -> None:
    """Nobody listens."""


def push(ours: Convex, app: App) -> None:
    ours.deploy(PRODUCTION, app.folder, stop=threading.Event(), said=silent)


def bring(ours: Convex, archive: Path) -> int | None:
    return ours.bring(PRODUCTION, archive, mode="replace-all", stop=threading.Event(), said=silent).rows


def with_new_rows(server: ConvexServer) -> None:
    """Every message is as the new schema wants it, and as the old one does not."""
    for each in server.documents("messages"):
        server.remove("messages", each["_id"])
    author = server.documents("users")[0]["_id"]
    for number in range(2):
        server.insert("messages", {"author": author, "body": f"new {number}", "read": False})


# ── functions ──


def test_a_look_says_what_would_change_and_changes_nothing(ours: Convex, app: App, server: ConvexServer) -> None:
    lines: list[str] = []
    looked = ours.check(PRODUCTION, app.folder, stop=threading.Event(), said=lines.append)
    assert not looked.clash
    assert looked.changes
    assert not server.deployed.modules
    push(ours, app)
    assert "users.js" in str(server.deployed.modules)


def test_rows_that_do_not_fit_are_named_by_the_look_and_refuse_the_push_without_a_word_of_what_is_in_them(
    ours: Convex, app: App, server: ConvexServer
) -> None:
    app.write_schema(NEW)
    lines: list[str] = []
    looked = ours.check(PRODUCTION, app.folder, stop=threading.Event(), said=lines.append)
    assert "do not fit the schema: table messages" in looked.clash
    with pytest.raises(SchemaRefused, match="messages") as refused:
        ours.deploy(PRODUCTION, app.folder, stop=threading.Event(), said=lines.append)
    assert "hello" not in f"{lines} {looked.clash} {refused.value}"
    assert len([each for each in server.requests if each.get("path") == "/api/deploy2/start_push"]) == 2  # the look, and one push


def test_the_push_in_between_keeps_what_the_schema_exports_beside_itself(ours: Convex, app: App, server: ConvexServer) -> None:
    schema = app.folder / "convex/schema.ts"
    schema.write_text(f"{schema.read_text()}export const limit = 20;\n")
    app.write("limits.ts", 'import { limit } from "./schema";\nexport const twice = limit * 2;\n')
    with in_between(app.folder):
        push(ours, app)
    assert server.deployed.pushes == 1


def test_a_commit_without_generated_code_is_pushed_though_nobody_can_look_at_it_before(
    ours: Convex, app: App, server: ConvexServer
) -> None:
    shutil.rmtree(app.folder / "convex/_generated")
    looked = ours.check(PRODUCTION, app.folder, stop=threading.Event(), said=silent)
    assert "only the push itself can tell" in looked.unknown
    push(ours, app)
    assert server.deployed.pushes == 1


def test_code_with_a_type_error_is_refused_with_the_error(ours: Convex, app: App) -> None:
    app.write("broken.ts", 'export const wrong: number = "text";\n')
    with pytest.raises(ConvexFailed, match=r"a type error: .*broken\.ts"):
        push(ours, app)


def test_code_that_cannot_be_bundled_is_refused_with_the_import(ours: Convex, app: App) -> None:
    app.write("broken.ts", 'import { x } from "no-such-package";\nexport const y = x;\n')
    with pytest.raises(ConvexFailed, match='Could not resolve "no-such-package"'):
        push(ours, app)


def test_a_variable_that_is_not_set_there_is_named(ours: Convex, app: App, server: ConvexServer) -> None:
    server.faults["push"] = "env:CLERK_ISSUER"
    with pytest.raises(ConvexFailed, match="CLERK_ISSUER is not set there"):
        push(ours, app)


def test_a_deployment_that_calls_itself_otherwise_gets_no_push_and_no_import(
    ours: Convex, app: App, server: ConvexServer, tmp_path: Path
) -> None:
    archive = archive_of(server, tmp_path / "a.zip")
    server.faults["name"] = "grumpy-otter-404"
    with pytest.raises(WrongTarget, match="grumpy-otter-404"):
        push(ours, app)
    with pytest.raises(WrongTarget, match="grumpy-otter-404"):
        bring(ours, archive)
    assert not server.deployed.pushes
    assert not server._imports.listed()


def test_a_cli_that_prints_the_key_does_not_show_it(ours: Convex, tmp_path: Path) -> None:
    app = tmp_path / "leaky"
    fake = "console.error('key is', process.env.CONVEX_SELF_HOSTED_ADMIN_KEY); console.error('Error: no'); process.exit(1)"
    executable(app / "node_modules/convex/bin/main.js", fake)
    lines: list[str] = []
    with pytest.raises(ConvexFailed) as failed:
        ours.deploy(PRODUCTION, app, stop=threading.Event(), said=lines.append)
    secret = KEY.partition("|")[2]
    assert lines
    assert secret not in f"{lines} {failed.value}"


def test_the_folders_own_settings_and_our_environment_do_not_lead_the_cli_elsewhere(
    ours: Convex, app: App, server: ConvexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (app.folder / ".env.local").write_text("CONVEX_SELF_HOSTED_URL=http://127.0.0.1:9\nCONVEX_DEPLOYMENT=dev:other\n")
    monkeypatch.setenv("CONVEX_DEPLOYMENT", "prod:other")
    push(ours, app)
    assert "users.js" in str(server.deployed.modules)


def test_packages_without_the_cli_are_told(ours: Convex, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="hold no convex CLI"):
        ours.deploy(PRODUCTION, tmp_path, stop=threading.Event(), said=silent)


def test_a_stop_ends_the_push(ours: Convex, app: App, server: ConvexServer) -> None:
    server.faults["push"] = "slow:30"
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    with pytest.raises(Stopped):
        ours.deploy(PRODUCTION, app.folder, stop=stop, said=silent)


# ── the four combinations of schema and data, and the push in between ──


def test_old_data_under_the_new_schema_are_refused_and_nothing_changes(
    ours: Convex, app: App, server: ConvexServer, tmp_path: Path
) -> None:
    old = archive_of(server, tmp_path / "old.zip")
    with_new_rows(server)
    app.write_schema(NEW)
    push(ours, app)
    before = prints(server)
    with pytest.raises(Misfit, match="table messages: the field `read` is missing"):
        bring(ours, old)
    assert prints(server) == before


def test_the_old_schema_over_new_data_is_refused(ours: Convex, app: App, server: ConvexServer) -> None:
    push(ours, app)
    with_new_rows_through_an_open_schema(ours, app, server)
    app.write_schema(OLD)
    assert "messages" in ours.check(PRODUCTION, app.folder, stop=threading.Event(), said=silent).clash
    with pytest.raises(SchemaRefused):
        push(ours, app)


def with_new_rows_through_an_open_schema(ours: Convex, app: App, server: ConvexServer) -> None:
    with in_between(app.folder):
        push(ours, app)
    with_new_rows(server)


def test_old_data_under_the_old_schema_and_new_data_under_the_new_one_are_taken(
    ours: Convex, app: App, server: ConvexServer, tmp_path: Path
) -> None:
    push(ours, app)
    old = archive_of(server, tmp_path / "old.zip")
    assert bring(ours, old)
    with_new_rows_through_an_open_schema(ours, app, server)
    new = archive_of(server, tmp_path / "new.zip")
    app.write_schema(NEW)
    push(ours, app)
    assert bring(ours, new)


def test_the_push_in_between_takes_both_ways_and_keeps_the_indexes(ours: Convex, app: App, server: ConvexServer, tmp_path: Path) -> None:
    """From new schema and new data back to old schema and old data, where neither order is possible without it."""
    old = archive_of(server, tmp_path / "old.zip")
    wanted = prints(server)
    with_new_rows(server)
    app.write_schema(NEW)
    push(ours, app)
    there = indexes(server)
    app.write_schema(OLD)
    with in_between(app.folder):
        push(ours, app)
        assert indexes(server) == there
    assert bring(ours, old) is not None
    push(ours, app)
    assert prints(server) == wanted
    assert indexes(server) == there
    assert sorted(each.name for each in (app.folder / "convex").glob("schema*")) == ["schema.ts"]


def test_the_apps_schema_is_as_it_was_when_the_push_in_between_fails(ours: Convex, app: App, server: ConvexServer) -> None:
    server.faults["push"] = "internal"
    text = (app.folder / "convex/schema.ts").read_text()
    with pytest.raises(ConvexFailed), in_between(app.folder):
        push(ours, app)
    assert (app.folder / "convex/schema.ts").read_text() == text
    assert not list((app.folder / "convex").glob("schema.original*"))


# ── data ──


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
from tests.test_convex_changes import convex, silent
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


# ── the deployment ──


def test_trouble_around_a_deploy_does_not_advise_a_backup(ours: Convex, server: ConvexServer) -> None:
    server.faults["http"] = [{"path": "/instance_name", "status": 429, "times": 9}]
    with pytest.raises(ConvexFailed) as failed:
        ours.instance(PRODUCTION)
    assert failed.value.remedy == "Wait a few minutes. Then try again."


def test_a_deployment_is_paused_and_unpaused_and_says_which(ours: Convex, app: App) -> None:
    push(ours, app)
    assert ours.paused(PRODUCTION) is False
    for _ in range(2):
        ours.pause(PRODUCTION)
        assert ours.paused(PRODUCTION) is True
    for _ in range(2):
        ours.unpause(PRODUCTION)
        assert ours.paused(PRODUCTION) is False


def test_a_paused_deployment_still_takes_an_export_an_import_and_a_push(ours: Convex, app: App, tmp_path: Path) -> None:
    push(ours, app)
    ours.pause(PRODUCTION)
    part = tmp_path / "now.zip"
    ours.export(PRODUCTION, part, stop=threading.Event(), progress=lambda _: None)
    assert bring(ours, part) == 5
    push(ours, app)
    assert ours.paused(PRODUCTION) is True


def test_a_key_that_may_not_pause_says_so(tmp_path: Path) -> None:
    weak = ConvexServer("bright-sturgeon-101", {KEY: {"deployment:deploy"}}, step=0.005).start()
    try:
        with pytest.raises(MayNotPause, match="may not pause it"):
            convex(weak, tmp_path).pause(PRODUCTION)
    finally:
        weak.stop()


def test_only_the_names_of_variables_are_handed_on(ours: Convex, server: ConvexServer) -> None:
    call(server, "/api/update_environment_variables", changes=[{"name": "STRIPE_KEY", "value": "sk_live_1234567890"}])
    assert ours.names(PRODUCTION) == {"STRIPE_KEY"}
    assert "sk_live" not in json.dumps(sorted(ours.names(PRODUCTION)))
