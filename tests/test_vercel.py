"""A3: the site is built, promoted, rolled back and put into maintenance over Vercel's REST API, against a Vercel on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.errors import Refused
from ops.services.process import Stopped
from ops.services.vercel import PlanForbids, Vercel, VercelFailed
from ops.services.vercel.maintenance import COOKIE
from ops.settings import Settings, parse
from sandbox.vercel import VercelServer
from tests.remotes import Remote, git
from tests.world import wait_for


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote(tmp_path)
    remote.land("First", {"README.md": "hello\n"})
    return remote


@pytest.fixture
def server(remote: Remote) -> Iterator[VercelServer]:
    server = VercelServer(remote.path, build=0.3).start()
    yield server
    server.stop()


def client(server: VercelServer, folder: Path, **more: Any) -> Vercel:
    values = {
        "app": {"repository": str(folder)},
        "convex": {"production": {"name": "sturgeon"}},
        "vercel": {"project": server.name, "site": server.site_url, **more},
        "secrets": {"vercel_token": more.pop("token", server.token)},
        "vercel_api_url": server.url,
    }
    values["vercel"].pop("token", None)  # type: ignore[attr-defined] # a mapping
    return Vercel(parse(Settings, values, folder))


@pytest.fixture
def ours(server: VercelServer, tmp_path: Path) -> Vercel:
    return client(server, tmp_path)


NEVER = threading.Event()


def silent(_line: str) -> None:
    """Nobody listens."""


def released(ours: Vercel, remote: Remote, message: str = "Second") -> str:
    """A commit that was pushed and is served."""
    commit = remote.land(message, {f"{message}.txt": message})
    built = ours.follow(commit, deadline=30, stop=NEVER, said=silent)
    ours.serve(built, deadline=30, stop=NEVER)
    return commit


def head(remote: Remote) -> str:
    return git(remote.work, "rev-parse", "HEAD")


# ── builds ──


def test_a_push_is_followed_until_the_site_serves_it(ours: Vercel, remote: Remote, server: VercelServer) -> None:
    said: list[str] = []
    server.faults["build"] = "slow:1.5"
    commit = remote.land("Second")
    built = ours.follow(commit, deadline=30, stop=NEVER, said=said.append)
    ours.serve(built, deadline=30, stop=NEVER)
    assert (built.commit, server.live and server.live.commit) == (commit, commit)
    assert "site: building" in said
    assert httpx.get(server.site_url).headers["x-commit"] == commit


def test_a_build_that_fails_says_vercels_own_reason_and_where_its_log_is(ours: Vercel, remote: Remote, server: VercelServer) -> None:
    server.faults["build"] = "fail"
    commit = remote.land("Broken")
    with pytest.raises(VercelFailed, match='ended as error: Command "npm run build" exited with 1') as failed:
        ours.follow(commit, deadline=30, stop=NEVER, said=silent)
    assert "https://vercel.com/" in failed.value.remedy
    assert server.live
    assert server.live.commit != commit


def test_a_build_that_hangs_ends_with_the_deadline_or_a_stop(ours: Vercel, remote: Remote, server: VercelServer) -> None:
    server.faults["build"] = "hang"
    commit = remote.land("Hangs")
    with pytest.raises(VercelFailed, match="did not end within 1 seconds"):
        ours.follow(commit, deadline=1, stop=NEVER, said=silent)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        ours.follow(commit, deadline=30, stop=stop, said=silent)


# ── back, and forward again ──


def test_an_instant_rollback_serves_the_former_build_and_pins_the_project(ours: Vercel, remote: Remote, server: VercelServer) -> None:
    first = head(remote)
    released(ours, remote)
    old = ours.of_commit(first)
    assert old is not None
    ours.back_to(old, "why", deadline=30, stop=NEVER)
    assert server.live
    assert server.live.commit == first
    assert ours.project().pinned


def test_while_it_is_pinned_a_new_build_goes_live_only_by_promotion_which_unpins_it(
    ours: Vercel, remote: Remote, server: VercelServer
) -> None:
    first = head(remote)
    released(ours, remote)
    old = ours.of_commit(first)
    assert old is not None
    ours.back_to(old, "why", deadline=30, stop=NEVER)
    third = remote.land("Third")
    built = ours.follow(third, deadline=30, stop=NEVER, said=silent)
    assert server.live
    assert server.live.commit == first
    ours.serve(built, deadline=30, stop=NEVER)
    assert server.live.commit == third
    assert not ours.project().pinned


def test_doing_it_again_sends_nothing(ours: Vercel, remote: Remote, server: VercelServer) -> None:
    first = head(remote)
    released(ours, remote)
    old = ours.of_commit(first)
    assert old is not None
    for _ in range(3):
        ours.back_to(old, "why", deadline=30, stop=NEVER)
    assert sum(count for call, count in server.calls.items() if "/rollback/" in call) == 1


@pytest.mark.parametrize("kind", ["rollback", "promote"])
def test_an_answer_that_is_lost_never_leads_to_a_second_one(ours: Vercel, remote: Remote, server: VercelServer, kind: str) -> None:
    first = head(remote)
    second = released(ours, remote)
    old, new = ours.of_commit(first), ours.of_commit(second)
    assert old
    assert new
    if kind == "promote":
        ours.back_to(old, "why", deadline=30, stop=NEVER)
    server.faults[kind] = "lost"
    if kind == "rollback":
        ours.back_to(old, "why", deadline=30, stop=NEVER)
    else:
        ours.promote(new, deadline=30, stop=NEVER)
    assert sum(count for call, count in server.calls.items() if f"/{kind}/" in call) == 1
    assert server.live
    assert server.live.commit == (first if kind == "rollback" else second)


def test_a_plan_without_it_is_told_so_that_the_build_can_be_followed_instead(ours: Vercel, remote: Remote, server: VercelServer) -> None:
    first = head(remote)
    released(ours, remote)
    server.faults["rollback"] = "plan"
    old = ours.of_commit(first)
    assert old
    with pytest.raises(PlanForbids, match="needs the Pro plan"):
        ours.back_to(old, "why", deadline=30, stop=NEVER)
    assert not ours.project().pinned


def test_a_job_that_fails_at_vercel_is_told(ours: Vercel, remote: Remote, server: VercelServer) -> None:
    first = head(remote)
    released(ours, remote)
    server.faults["rollback"] = "fail"
    old = ours.of_commit(first)
    assert old
    with pytest.raises(VercelFailed, match=r"rollback to \w+ failed"):
        ours.back_to(old, "why", deadline=30, stop=NEVER)


# ── its API ──


@pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"status": 503, "times": 2}, {"status": 429}, {"cut": True}],
    ids=["an error", "two errors", "too many", "a cut"],
)
def test_a_moments_trouble_is_sat_out(ours: Vercel, server: VercelServer, fault: dict[str, Any]) -> None:
    server.faults["http"] = [{"path": "/v9/projects", **fault}]
    assert ours.project().name == "harbour"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"token": "quite-wrong-token"}, "token may not do this"),
        ({"project": "nobody"}, "does not know it"),
    ],
)
def test_what_vercel_refuses_is_told_without_the_token(server: VercelServer, tmp_path: Path, more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(VercelFailed, match=sentence) as failed:
        client(server, tmp_path, **more).project()
    assert "quite-wrong-token" not in str(failed.value)


def test_every_call_names_the_team(remote: Remote, tmp_path: Path) -> None:
    server = VercelServer(remote.path, team="acme").start()
    try:
        assert client(server, tmp_path, team="acme").project().name == "harbour"
        with pytest.raises(VercelFailed):
            client(server, tmp_path, team="other").project()
    finally:
        server.stop()


def test_nobody_at_the_address_is_told(server: VercelServer, tmp_path: Path) -> None:
    ours = client(server, tmp_path)
    server._api.stop()
    with pytest.raises(VercelFailed, match="Vercel does not answer"):
        ours.project()
    server._api.start()


# ── maintenance ──


def visit(server: VercelServer, path: str = "/", **cookies: str) -> httpx.Response:
    with httpx.Client(cookies=cookies) as visitor:
        return visitor.get(f"{server.site_url}{path}")


def test_maintenance_sends_visitors_to_the_page_and_lets_webhooks_and_the_team_through(ours: Vercel, server: VercelServer) -> None:
    ours.require_page()
    ours.maintenance_on("certificate", "U0DAVE")
    sent = visit(server)
    assert (sent.status_code, sent.headers["location"], sent.headers["cache-control"]) == (307, "/maintenance.html", "no-store")
    assert visit(server, "/maintenance.html").status_code == 200
    assert visit(server, "/api/webhooks/stripe").status_code == 200
    assert visit(server, **ours.bypass).status_code == 200
    assert visit(server, **{COOKIE: "guessed"}).status_code == 307
    found = ours.maintenance()
    assert found
    assert found.description == "certificate (U0DAVE)"
    ours.maintenance_off()
    assert visit(server).status_code == 200
    assert ours.maintenance() is None


def test_switching_it_again_changes_nothing(ours: Vercel, server: VercelServer) -> None:
    for _ in range(2):
        ours.maintenance_on("x", "U0DAVE")
    assert len(server.routing.live) == 1
    for _ in range(2):
        ours.maintenance_off()
    assert server.routing.live == []


def test_somebody_elses_draft_is_not_published(ours: Vercel, server: VercelServer) -> None:
    server.draft("U-nadia")
    with pytest.raises(VercelFailed, match="U-nadia") as failed:
        ours.maintenance_on("x", "U0DAVE")
    assert "unpublished changes" in failed.value.message
    assert visit(server).status_code == 200


def test_a_draft_begun_during_maintenance_keeps_it_on_and_says_why(ours: Vercel, server: VercelServer) -> None:
    ours.maintenance_on("x", "U0DAVE")
    server.draft("U-nadia")
    with pytest.raises(VercelFailed, match="U-nadia"):
        ours.maintenance_off()
    assert server.maintenance
    (draft,) = (each for each in server.routing.versions if each["staging"])
    server.routing.act(draft["id"], "promote")
    ours.maintenance_off()
    assert [each["name"] for each in server.routing.live] == ["theirs"]  # what they published meanwhile stays


def test_a_draft_of_ours_that_a_crash_left_is_gone_on_with(ours: Vercel, server: VercelServer) -> None:
    server.faults["routes"] = "conflict"
    with pytest.raises(VercelFailed, match="at the same time"):
        ours.maintenance_on("x", "U0DAVE")
    server.faults["routes"] = None
    ours.maintenance_on("x", "U0DAVE")
    assert len(server.routing.live) == 1
    assert server.maintenance


def test_an_answer_that_is_lost_leaves_one_rule(ours: Vercel, server: VercelServer) -> None:
    server.faults["routes"] = "lost"
    ours.maintenance_on("x", "U0DAVE")
    assert [each["name"] for each in server.routing.live] == ["backstop maintenance"]


def test_without_the_page_maintenance_is_refused_before_anything_changes(ours: Vercel, server: VercelServer) -> None:
    server.site.has_page = False
    with pytest.raises(Refused, match="answers 404"):
        ours.require_page()
    assert server.routing.live == []


def test_without_a_project_the_site_is_not_there(tmp_path: Path) -> None:
    values = {"app": {"repository": "x"}, "convex": {"production": {"name": "sturgeon"}}}
    ours = Vercel(parse(Settings, values, tmp_path))
    assert not ours.configured
    with pytest.raises(Refused, match="No site is set"):
        ours.project()


def test_a_site_whose_token_is_missing_is_not_said_to_be_missing_from_the_settings(tmp_path: Path) -> None:
    values = {"app": {"repository": "x"}, "convex": {"production": {"name": "sturgeon"}}, "vercel": {"project": "shop"}}
    missing, mend = Vercel(parse(Settings, values, tmp_path)).missing
    assert missing == "VERCEL_TOKEN is not set"
    assert "[vercel]" not in mend


def test_a_restarted_vercel_knows_what_it_served(remote: Remote, tmp_path: Path) -> None:
    server = VercelServer(remote.path, tmp_path / "vercel").start()
    commit = remote.land("Second")
    wait_for(lambda: (server.live and server.live.commit == commit) or None, "the build")
    server.stop()
    again = VercelServer(remote.path, tmp_path / "vercel").start()
    try:
        assert again.live
        assert again.live.commit == commit
    finally:
        again.stop()
