"""A backup's commit is anchored at the remote by a tag: no force-push and no clean-up loses it."""

from __future__ import annotations

import pytest

from ops.errors import UnknownBackup
from ops.services.git import AnchorTaken, Git
from tests.remotes import Remote, git
from tests.repositories import FULL, QUICK, ours, remote

__all__ = ["ours", "remote"]  # the fixtures


def test_an_anchored_commit_survives_a_force_push_and_a_clean_up_at_the_remote(ours: Git, remote: Remote) -> None:
    anchored = remote.land("Anchored", {"price.ts": "41"})
    ours.anchor(QUICK, ours.head("master").hash)
    remote.land("Not anchored")
    lost = git(remote.work, "rev-parse", "HEAD")
    git(remote.work, "reset", "-q", "--hard", "HEAD~2")
    remote.push("--force", "master")
    remote.clean_up()
    assert not remote.has(lost)
    assert remote.has(anchored)
    assert ours.at_remote(QUICK, anchored)


def test_anchoring_twice_changes_nothing(ours: Git) -> None:
    commit = ours.head("master").hash
    ours.anchor(QUICK, commit)
    ours.anchor(QUICK, commit)
    assert ours.anchors() == {QUICK: commit}


def test_an_anchor_is_a_lightweight_tag_and_nothing_else_is_pushed(ours: Git, remote: Remote) -> None:
    ours.anchor(QUICK, ours.head("master").hash)
    assert git(remote.path, "for-each-ref", "--format=%(refname) %(objecttype)").splitlines() == [
        "refs/heads/master commit",
        f"refs/tags/backstop/{QUICK} commit",
    ]


def test_a_tag_that_stands_at_another_commit_is_not_moved(ours: Git, remote: Remote) -> None:
    first = ours.head("master").hash
    ours.anchor(QUICK, first)
    second = remote.land("Second")
    ours.head("master")
    with pytest.raises(AnchorTaken, match=f"backstop/{QUICK} is already at .*, not at commit {second[:6]}"):
        ours.anchor(QUICK, second)
    assert ours.anchors() == {QUICK: first}


def test_a_dropped_anchor_is_gone_and_may_be_dropped_again(ours: Git) -> None:
    commit = ours.head("master").hash
    ours.anchor(QUICK, commit)
    ours.anchor(FULL, commit)
    ours.fetch()
    ours.drop_anchor(QUICK)
    ours.drop_anchor(QUICK)
    assert ours.anchors() == {FULL: commit}
    assert not ours.at_remote(QUICK, commit)
    assert git(ours.clone.path, "tag") == f"backstop/{FULL}"


def test_only_tags_of_backups_are_anchors(ours: Git, remote: Remote) -> None:
    commit = ours.head("master").hash
    ours.anchor(QUICK, commit)
    git(remote.work, "tag", "-m", "by hand", f"backstop/{FULL}")
    git(remote.work, "tag", "backstop/notes")
    git(remote.work, "tag", "v1.0.0")
    remote.push("--tags")
    assert ours.anchors() == {QUICK: commit, FULL: commit}


def test_an_anchor_that_somebody_moved_no_longer_counts(ours: Git, remote: Remote) -> None:
    commit = ours.head("master").hash
    ours.anchor(QUICK, commit)
    remote.land("Second")
    remote.push("--force", f"HEAD:refs/tags/backstop/{QUICK}")
    assert not ours.at_remote(QUICK, commit)


def test_an_anchor_whose_commit_the_remote_lost_no_longer_counts(ours: Git, remote: Remote) -> None:
    commit = ours.head("master").hash
    ours.anchor(QUICK, commit)
    (remote.path / "objects" / commit[:2] / commit[2:]).unlink()
    assert not ours.at_remote(QUICK, commit)


def test_a_commit_is_anchored_even_if_no_branch_holds_it_any_more_and_the_clone_is_new(ours: Git, remote: Remote) -> None:
    gone = remote.land("Regretted")
    git(remote.work, "reset", "-q", "--hard", "HEAD~1")
    remote.push("--force", "master")
    ours.anchor(QUICK, gone)
    assert ours.at_remote(QUICK, gone)


@pytest.mark.parametrize("wrong", ["../../etc/passwd", "quick-1", "", "full-1701450000001\n", "--force"])
def test_only_a_backups_id_becomes_a_tag(ours: Git, wrong: str) -> None:
    with pytest.raises(UnknownBackup):
        ours.anchor(wrong, "0" * 40)
