"""A3, A4: functions and data are changed at Convex by the real CLI, and after a crash the server is asked before anything is repeated."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

from ops.services.convex import Convex, ConvexFailed, MayNotPause, SchemaRefused, WrongTarget
from ops.services.process import Stopped
from sandbox.convex import ConvexServer
from tests.changing_convex import (
    NEW,
    PRODUCTION,
    app,
    bring,
    convex,
    ours,
    push,
    server,
    silent,
)
from tests.convex_cli import KEY, App, archive_of, call
from tests.remotes import executable

__all__ = ["app", "ours", "server"]  # the fixtures


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
