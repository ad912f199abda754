"""Which deployment is meant, and whether it lets us in: what is wrong with that is told at once, and shows no key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.errors import Refused
from ops.services.convex import ConvexFailed, Unreachable, WrongTarget
from ops.services.process import NoProgram
from sandbox.convex import ConvexServer
from tests.exporting import DEPLOY_KEY, KEY, NAME, SECRET, OurSide, deployment, provision
from tests.remotes import listener, refused_port


@pytest.fixture
def server() -> Iterator[ConvexServer]:
    server = deployment()
    yield server
    server.stop()


@pytest.fixture
def ours(server: ConvexServer, tmp_path: Path) -> OurSide:
    return OurSide(tmp_path, server.url)


# ── nobody there ──


def test_a_deployment_that_is_down_is_told_at_once_and_the_cli_not_even_started(tmp_path: Path) -> None:
    ours = OurSide(tmp_path, f"http://127.0.0.1:{refused_port()}")
    for error in (ours.failure(Unreachable), ours.refusal(Unreachable)):
        assert error.message == "production · sturgeon cannot be reached: Connection refused."
        assert "https://status.convex.dev" in error.remedy
    assert ours.told == []


def test_a_host_that_nobody_knows_is_told(tmp_path: Path) -> None:
    assert "cannot be reached" in OurSide(tmp_path, "https://nowhere.invalid").refusal(Unreachable).message


def test_a_port_that_speaks_no_http_is_told(tmp_path: Path) -> None:
    with listener(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        assert "cannot be reached" in OurSide(tmp_path, f"http://127.0.0.1:{port}").refusal(Unreachable).message


def test_a_moments_trouble_is_no_reason_to_fail(server: ConvexServer, ours: OurSide) -> None:
    server.faults["http"] = [{"path": "/instance_name", "status": 503, "times": 2}]
    assert ours.convex.instance("production") == NAME


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "did not accept our key"),
        (404, "is no Convex deployment"),
        (429, "takes no more requests"),
        (503, "answered with an error: 503 Service Unavailable"),
    ],
)
def test_a_name_that_is_not_told_is_a_sentence(server: ConvexServer, ours: OurSide, status: int, sentence: str) -> None:
    server.faults["http"] = [{"path": "/instance_name", "status": status, "times": 9}]
    assert sentence in ours.refusal(ConvexFailed).message


def test_a_deployment_that_takes_the_call_and_says_nothing_is_told(tmp_path: Path) -> None:
    with listener(None) as port:
        error = OurSide(tmp_path, f"http://127.0.0.1:{port}").refusal(Unreachable)
    assert error.message == "production · sturgeon cannot be reached: no answer within 10 seconds."


# ── the key ──


@pytest.mark.parametrize("key", [None, "", "  "])
def test_a_missing_key_is_refused(server: ConvexServer, tmp_path: Path, key: str | None) -> None:
    ours = OurSide(tmp_path, server.url, key=key)
    for error in (ours.failure(Refused), ours.refusal(Refused)):
        assert error.message == "There is no key for production · sturgeon: CONVEX_PRODUCTION_KEY is not set."
        assert "CONVEX_PRODUCTION_KEY" in error.remedy


@pytest.mark.parametrize("key", [SECRET, "|", f"project:acme:shop|{SECRET}", f"preview:acme:shop|{SECRET}", "prod:"])
def test_a_key_that_is_no_deploy_key_is_refused(tmp_path: Path, key: str) -> None:
    error = OurSide(tmp_path, None, key=key).failure(WrongTarget)
    assert "no deploy key" in error.message
    assert "CONVEX_PRODUCTION_KEY" in error.remedy


def test_a_key_with_odd_characters_is_refused(server: ConvexServer, tmp_path: Path) -> None:
    assert "odd characters" in OurSide(tmp_path, server.url, key=f"{NAME}|{SECRET}\nx").failure(WrongTarget).message


def test_a_key_with_a_line_end_is_a_key(server: ConvexServer, tmp_path: Path) -> None:
    assert OurSide(tmp_path, server.url, key=f"{KEY}\n").export().size > 0


def test_a_wrong_key_is_told(server: ConvexServer, tmp_path: Path) -> None:
    error = OurSide(tmp_path, server.url, key=f"{NAME}|wr0ng-{SECRET}").failure(ConvexFailed)
    assert error.message == "production · sturgeon did not accept our key: it is wrong, revoked or expired."
    assert "CONVEX_PRODUCTION_KEY" in error.remedy


def test_the_key_of_another_deployment_is_told(server: ConvexServer, tmp_path: Path) -> None:
    error = OurSide(tmp_path, server.url, key=f"prod:quick-trout-7|{SECRET}").failure(ConvexFailed)
    assert error.message == "The key for production · sturgeon belongs to another deployment."


@pytest.mark.parametrize("missing", ["deployment:backups:create", "deployment:backups:view", "deployment:backups:download"])
def test_a_permission_that_the_key_lacks_is_named(tmp_path: Path, missing: str) -> None:
    every = {"deployment:backups:create", "deployment:backups:view", "deployment:backups:download"}
    limited = deployment(keys={KEY: every - {missing}})
    try:
        error = OurSide(tmp_path, limited.url).failure(ConvexFailed)
    finally:
        limited.stop()
    assert error.message == f"The key for production · sturgeon may not do this: it lacks the permission `{missing}`."
    assert "deployment:backups:download" in error.remedy


def test_a_deploy_key_that_convex_does_not_know_is_told(server: ConvexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = OurSide(tmp_path, None, key=f"prod:{NAME}|wr0ng-{SECRET}")
    with provision(server.url) as cloud:
        monkeypatch.setenv("CONVEX_PROVISION_HOST", cloud)
        assert "did not accept our key" in ours.failure(ConvexFailed).message
        assert "did not accept our key" in ours.refusal(ConvexFailed).message


def test_a_cloud_that_is_down_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVEX_PROVISION_HOST", f"http://127.0.0.1:{refused_port()}")
    assert "cannot be reached" in OurSide(tmp_path, None, key=DEPLOY_KEY).failure(Unreachable).message


def test_a_cloud_that_answers_nonsense_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with provision("no address") as cloud:
        monkeypatch.setenv("CONVEX_PROVISION_HOST", cloud)
        assert "did not say where" in OurSide(tmp_path, None, key=DEPLOY_KEY).failure(ConvexFailed).message


# ── the settings ──


def test_an_address_without_a_scheme_is_refused(tmp_path: Path) -> None:
    error = OurSide(tmp_path, "127.0.0.1:3210").failure(WrongTarget)
    assert "`[convex.production] url`" in error.remedy


def test_an_environment_that_is_not_set_is_refused(ours: OurSide) -> None:
    with pytest.raises(WrongTarget, match="No deployment is set for staging"):
        ours.convex.instance("staging")


def test_a_cli_that_is_not_there_is_refused(server: ConvexServer, tmp_path: Path) -> None:
    ours = OurSide(tmp_path, server.url, cli=str(tmp_path / "gone.js"))
    with pytest.raises(Refused, match=r"The Convex CLI is not at .*gone\.js"):
        ours.export()


def test_a_machine_without_node_is_told(ours: OurSide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoProgram, match="`node` is not on this machine"):
        ours.export()
