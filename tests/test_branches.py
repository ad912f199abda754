"""B16, B7 and the digest from Slack: old branches are listed and deleted only when asked, a backup is offered where it is called for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.views import branches
from ops.errors import Refused
from ops.services.git import Git, PushRefused
from sandbox.slack import Client
from tests.cards import answer, backup_id, clicked, is_over, manifest
from tests.remotes import Remote, git
from tests.scheduling import in_use_for, titled
from tests.selling import until
from tests.test_checklists_from_slack import HOUR, weekly
from tests.world import ALICE, BOB, DAVE, ENGINEERING, World, running, wait_for, world

NOW = datetime.now(UTC)


def at(days: float) -> dict[str, str]:
    """So many days ago, as git is told."""
    when = f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%S+00:00}"
    return {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}


def branch(remote: Remote, name: str, written: float, merged: float | None, *, into: str = "main") -> str:
    """A branch with one commit, merged so many days ago or not at all; its tip."""
    git(remote.work, "checkout", "-q", "-b", name, into)
    tip = remote.commit(name, {f"{name.replace('/', '-')}.txt": name}, **at(written))
    git(remote.work, "push", "-q", "origin", name)
    git(remote.work, "checkout", "-q", into)
    if merged is not None:
        git(remote.work, "merge", "-q", "--no-ff", "-m", f"Merge {name}", name, **at(merged))
        git(remote.work, "push", "-q", "origin", into)
    return tip


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    made = Remote(tmp_path)
    made.land("Begin", None, **at(400))
    git(made.work, "checkout", "-q", "-b", "main")
    git(made.work, "push", "-q", "origin", "main")
    branch(made, "fix/old", 200, 150)
    branch(made, "fix/late", 200, 30)
    branch(made, "fix/open", 300, None)
    branch(made, "fix/older", 390, 380)
    git(made.work, "push", "-q", "origin", "main:release")
    return made


def test_a_branch_is_old_when_it_was_merged_long_ago_however_old_its_commits_are(remote: Remote, tmp_path: Path) -> None:
    repository = Git(str(remote.path), tmp_path / "clone.git")
    found = repository.merged("main", NOW - timedelta(days=90), {"master", "release"})
    assert [each.name for each in found] == ["fix/older", "fix/old"]
    assert [round((NOW - each.at) / timedelta(days=1)) for each in found] == [380, 150]


def test_a_branch_without_commits_of_its_own_may_be_new_and_is_not_listed(remote: Remote, tmp_path: Path) -> None:
    for name, there in (("fix/new", "main~2"), ("fix/begin", "master"), ("fix/head", "main")):
        git(remote.work, "push", "-q", "origin", f"{there}^{{commit}}:refs/heads/{name}")
    found = Git(str(remote.path), tmp_path / "clone.git").merged("main", NOW, {"master", "release"})
    assert [each.name for each in found] == ["fix/older", "fix/old", "fix/late"]
    assert all("is not seen" in str(branches.listing(each, "main")["blocks"]) for each in (found, []))


def test_a_branch_that_moved_or_has_something_new_is_left_alone_and_one_that_is_gone_is_gone(remote: Remote, tmp_path: Path) -> None:
    repository = Git(str(remote.path), tmp_path / "clone.git")
    old, older = (next(each for each in repository.merged("main", NOW, set()) if each.name == name) for name in ("fix/old", "fix/older"))
    assert repository.drop("fix/older", older.tip, "main") is True
    assert repository.drop("fix/older", older.tip, "main") is False
    git(remote.work, "checkout", "-q", "fix/old")
    moved = remote.commit("More")
    git(remote.work, "push", "-q", "origin", "fix/old")
    with pytest.raises(Refused, match="moved since it was listed"):
        repository.drop("fix/old", old.tip, "main")
    with pytest.raises(Refused, match="commits that main has not"):
        repository.drop("fix/old", moved, "main")
    assert repository.branches() == ["fix/late", "fix/old", "fix/open", "main", "master", "release"]


def test_a_branch_that_the_remote_protects_is_said_to_be_protected(remote: Remote, tmp_path: Path) -> None:
    repository = Git(str(remote.path), tmp_path / "clone.git")
    old = next(each for each in repository.merged("main", NOW, set()) if each.name == "fix/old")
    git(remote.path, "config", "receive.denyDeletes", "true")
    with pytest.raises(PushRefused, match=r"did not let the branch go.*The branch fix/old is there as before") as refused:
        repository.drop("fix/old", old.tip, "main")
    assert "branch protection" in str(refused.value.remedy)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, more=weekly(HOUR)) as around:
        git(around.remote.work, "checkout", "-q", "-b", "main")
        git(around.remote.work, "push", "-q", "origin", "main")
        branch(around.remote, "fix/old", 200, 150)
        branch(around.remote, "fix/older", 390, 380)
        yield around


def test_old_branches_are_listed_each_week_and_deleted_by_who_writes_code_and_nobody_else(place: World) -> None:
    in_use_for(place, 23)
    slack = place.slack.client
    with running(place):
        post = until(slack, ENGINEERING, lambda shown: "2 branches* merged" in shown.all_text or "2 branches merged" in shown.all_text)
        assert "`fix/older`" in str(post.blocks)
        button = next(each["accessory"]["action_id"] for each in post.blocks if "fix/older" in str(each) and "accessory" in each)
        assert "You may not delete branches" in clicked(slack, post, button, user=DAVE).all_text
        assert "is deleted" in clicked(slack, post, button, user=ALICE).all_text
        assert "was gone already" in clicked(slack, post, button, user=BOB).all_text
        wait_for(lambda: "fix/older" not in str(titled(slack, "merged into")[0].blocks), "the post without it")
        assert "`fix/old`" in str(answer(slack, "/ops branches").blocks)
        assert git(place.remote.path, "branch", "--list", "fix/*").split() == ["fix/old"]
    assert place.terminal("log").stdout.count("Branch fix/older deleted at the remote") == 1


def test_the_week_in_figures_comes_on_monday_beside_the_week_before(place: World) -> None:
    in_use_for(place, 23)
    slack: Client = place.slack.client
    with running(place):
        post = until(slack, ENGINEERING, lambda shown: "The week in figures" in shown.all_text)
        for words in ("late: it was due", "Full backups", "This week", "Last week", "P0 alerts", "No alert of the week is open."):
            assert words in str(post.blocks)
        slack.command("/backup full", user=ALICE, channel=ENGINEERING)
        until(slack, ENGINEERING, lambda shown: is_over(shown) and backup_id(shown).startswith("full-"))
        answer(slack, "/ops post digest")
        wait_for(
            lambda: [each for each in titled(slack, "The week in figures") if "1 of 1" in str(each.blocks)], "the digest with the backup"
        )


def test_a_lifted_hold_offers_a_backup_with_its_purpose_and_one_click_takes_it(place: World) -> None:
    slack = place.slack.client
    with running(place):
        answer(slack, "/ops hold double charges", user=BOB)
        answer(slack, "/ops resume found it", user=BOB)
        told = until(slack, ENGINEERING, lambda shown: "lifted the hold" in shown.all_text)
        assert "started" in clicked(slack, told, "backup_take_for:post-incident", user=ALICE).all_text
        card = until(slack, ENGINEERING, lambda shown: is_over(shown) and "full-" in shown.all_text)
        made = manifest(place, backup_id(card))
        assert (made["purpose"], "double charges" in made["label"]) == ("post-incident", True)
