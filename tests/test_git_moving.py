"""A3, X4: production's branch is moved by git over a real remote: forwards, back, and never over somebody else's push."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ops.services.git import Git, GitFailed, Moved, NoSuchRef, PushRefused, TagTaken
from tests.remotes import Remote, executable, git

BACKUP = "quick-1701450000000"


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote(tmp_path)
    remote.land("First", {"convex/schema.ts": "export default 1;\n", "README.md": "hello\n"})
    return remote


@pytest.fixture
def ours(tmp_path: Path, remote: Remote) -> Git:
    return Git(str(remote.path), tmp_path / "state" / "repository.git", deadline=30)


def ahead(remote: Remote, message: str = "Second") -> tuple[str, str]:
    """A commit on main that production does not have: the live one and the new one."""
    live = git(remote.work, "rev-parse", "HEAD")
    git(remote.work, "checkout", "-q", "-B", "main")
    new = remote.commit(message, {f"{message}.txt": message})
    remote.push("+main")
    return live, new


def at(remote: Remote, ref: str = "refs/heads/master") -> str:
    return git(remote.path, "rev-parse", ref)


# ── what is named ──


def test_a_branch_a_tag_a_hash_and_its_beginning_name_a_commit(ours: Git, remote: Remote) -> None:
    live, new = ahead(remote)
    git(remote.work, "tag", "-a", "v1", "-m", "one", live)
    remote.push("v1")
    assert [ours.resolve(name).hash for name in ("main", "master", "v1", new, new[:7])] == [new, live, live, new, new]


def test_a_branch_that_was_just_pushed_is_found(ours: Git, remote: Remote) -> None:
    ahead(remote)
    ours.resolve("main")
    _, newer = ahead(remote, "Third")
    assert ours.resolve("main").hash == newer


@pytest.mark.parametrize(
    "ref", ["--upload-pack=touch /tmp/x", "-d", "two words", "a..b", "main~1", "HEAD", "@{u}", "", "x\x00y", "^main", ":main"]
)
def test_what_git_would_read_as_something_else_names_nothing(ours: Git, ref: str) -> None:
    with pytest.raises(NoSuchRef, match="cannot be a branch"):
        ours.resolve(ref)


def test_an_unknown_name_is_answered_with_the_branches_there_are(ours: Git, remote: Remote) -> None:
    ahead(remote)
    with pytest.raises(NoSuchRef) as refused:
        ours.resolve("mian")
    assert "no branch or tag “mian”" in refused.value.message
    assert refused.value.remedy == "Its branches: main, master."
    with pytest.raises(NoSuchRef, match="begins with 0123456"):
        ours.resolve("0123456")


def test_authors_files_and_uses_are_read_from_the_commits(ours: Git, remote: Remote) -> None:
    live = at(remote)
    remote.land("Two", {"convex/pay.ts": "const key = process.env.STRIPE_KEY;\n"}, GIT_AUTHOR_NAME="Bob")
    remote.land("Three", {"convex/pay.ts": 'const key = process.env["STRIPE_KEY"];\n'}, GIT_AUTHOR_NAME="Bob")
    new = remote.land("Four", {"x.txt": "x"})
    assert ours.authors(live, new) == [("Bob", 2), ("Alice", 1)]
    assert ours.uses(new, r"process\.env(\.[A-Z_]+|\[\"[A-Z_]+\"\])", "convex") == ['process.env["STRIPE_KEY"]']
    assert ours.uses(live, r"process\.env", ".") == []
    assert ours.is_ancestor(live, new)
    assert not ours.is_ancestor(new, live)


# ── forwards ──


def test_a_deploy_moves_the_branch_forward_and_tags_the_version_with_it(ours: Git, remote: Remote) -> None:
    live, new = ahead(remote)
    ours.advance("master", new, expected=live, version="v2.0.0")
    assert (at(remote), at(remote, "refs/tags/v2.0.0")) == (new, new)
    assert ours.remote_head("master") == new


def test_doing_it_again_pushes_nothing(ours: Git, remote: Remote, tmp_path: Path) -> None:
    live, new = ahead(remote)
    remote.hook(f"cat >> {tmp_path}/pushed")
    for _ in range(2):
        ours.advance("master", new, expected=live, version="v2.0.0")
    assert len((tmp_path / "pushed").read_text().splitlines()) == 2  # the tag and the branch, once


def test_a_version_is_never_moved_and_then_the_branch_stays_too(ours: Git, remote: Remote) -> None:
    live, new = ahead(remote)
    git(remote.work, "tag", "v2", live)
    remote.push("v2")
    with pytest.raises(TagTaken, match=f"names commit {live[:6]}"):
        ours.advance("master", new, expected=live, version="v2")
    assert at(remote) == live


@pytest.mark.parametrize("version", ["-d", "a b", "backstop/quick-1701450000000", "x~1"])
def test_what_cannot_be_a_tag_is_no_version(ours: Git, remote: Remote, version: str) -> None:
    live, new = ahead(remote)
    with pytest.raises(NoSuchRef, match="cannot be a version"):
        ours.advance("master", new, expected=live, version=version)
    assert at(remote) == live


def test_what_is_no_fast_forward_is_never_pushed_by_a_deploy(ours: Git, remote: Remote) -> None:
    live, new = ahead(remote)
    git(remote.work, "checkout", "-q", "master")
    other = remote.land("A hotfix")
    with pytest.raises(PushRefused, match="no fast-forward"):
        ours.advance("master", new, expected=other)
    assert at(remote) == other
    assert live != other


def test_a_push_of_somebody_else_in_the_meantime_is_told_and_left_alone(ours: Git, remote: Remote) -> None:
    live, new = ahead(remote)
    git(remote.work, "checkout", "-q", "master")
    other = remote.land("A hotfix", GIT_AUTHOR_NAME="Bob")
    with pytest.raises(Moved) as moved:
        ours.advance("master", new, expected=live)
    assert f"moved from {live[:6]} to {other[:6]} (“A hotfix” by Bob)" in moved.value.message
    assert at(remote) == other


def test_the_lease_holds_against_a_push_between_our_look_and_ours(ours: Git, remote: Remote) -> None:
    """The remote's own hook is the other person: it moves the branch while our push is under way."""
    live, new = ahead(remote)
    git(remote.work, "checkout", "-q", "master")
    other = remote.commit("A hotfix")
    remote.push("master:refs/heads/aside")
    remote.hook(f"env -u GIT_QUARANTINE_PATH git -C {remote.path} update-ref refs/heads/master {other} || exit 1")
    with pytest.raises(Moved, match="A hotfix"):
        ours.force("master", new, expected=live)
    assert at(remote) == other


# ── back ──


def test_a_rollback_moves_the_branch_back(ours: Git, remote: Remote) -> None:
    old = at(remote)
    live = remote.land("Second")
    ours.force("master", old, expected=live)
    assert at(remote) == old
    ours.force("master", old, expected=live)  # done already
    assert at(remote) == old


def test_a_protected_branch_that_takes_no_force_push_is_told_with_the_remotes_words(ours: Git, remote: Remote) -> None:
    old = at(remote)
    live = remote.land("Second")
    git(remote.path, "config", "receive.denyNonFastForwards", "true")
    with pytest.raises(PushRefused) as refused:
        ours.force("master", old, expected=live)
    assert f"It is at {live[:6]} as before" in refused.value.message
    assert "by force" in refused.value.remedy
    remote.hook("echo 'GH006: Protected branch update failed for master.' >&2; exit 1")
    with pytest.raises(PushRefused, match="GH006: Protected branch update failed for master"):
        ours.force("master", old, expected=live)
    assert at(remote) == live


def test_a_commit_that_only_the_anchor_holds_can_be_rolled_back_to(ours: Git, remote: Remote, tmp_path: Path) -> None:
    lost = remote.land("Lost")
    ours.anchor(BACKUP, lost)
    git(remote.work, "reset", "-q", "--hard", "HEAD~1")
    remote.commit("Other", {"y.txt": "y"})
    remote.push("+master")
    remote.clean_up()
    live = at(remote)
    fresh = Git(str(remote.path), tmp_path / "fresh" / "repository.git", deadline=30)
    fresh.commit_of_anchor(BACKUP, lost)
    fresh.force("master", lost, expected=live)
    assert at(remote) == lost


def test_a_remote_that_dies_between_the_tag_and_the_branch_is_looked_at_before_anything_is_said(ours: Git, remote: Remote) -> None:
    """The hook kills the server's side once the refs were taken: the branch may have moved although the push failed."""
    live, new = ahead(remote)
    executable(remote.path / "hooks" / "post-receive", "#!/bin/sh\nkill -9 $PPID\n")
    ours.advance("master", new, expected=live, version="v3")
    assert (at(remote), at(remote, "refs/tags/v3")) == (new, new)


def test_a_remote_without_atomic_pushes_gets_the_tag_first_and_a_repeat_finishes(ours: Git, remote: Remote) -> None:
    live, new = ahead(remote)
    git(remote.path, "config", "receive.advertiseAtomic", "false")
    executable(remote.path / "hooks" / "update", "#!/bin/sh\ncase $1 in refs/heads/*) exit 1;; esac\n")
    with pytest.raises(PushRefused, match="as before"):
        ours.advance("master", new, expected=live, version="v3")
    assert (at(remote), at(remote, "refs/tags/v3")) == (live, new)
    (remote.path / "hooks" / "update").unlink()
    ours.advance("master", new, expected=live, version="v3")
    assert at(remote) == new


def test_a_remote_that_is_gone_is_told(ours: Git, remote: Remote) -> None:
    live, new = ahead(remote)
    ours.resolve("main")
    remote.path.rename(remote.path.with_name("away.git"))
    with pytest.raises(GitFailed, match="no git repository at"):
        ours.advance("master", new, expected=live)


# ── files ──


def test_a_worktree_holds_the_commits_files_without_the_settings_that_would_lead_the_cli_elsewhere(
    ours: Git, remote: Remote, tmp_path: Path
) -> None:
    commit = remote.land("Env", {"app/.env.local": "CONVEX_DEPLOYMENT=dev:other", ".env": "A=1", "app/src/x.ts": "1", "app/.envrc": "x"})
    with ours.worktree(commit, tmp_path / "trees", "app") as tree:
        assert (tree.path / "app/src/x.ts").read_text() == "1"
        assert tree.removed == (".env", "app/.env.local")
        assert not (tree.path / "app/.env.local").exists()
        assert (tree.path / "app/.envrc").exists()
    assert list((tmp_path / "trees").iterdir()) == []


def test_two_worktrees_of_one_commit_do_not_meet_and_the_clone_stays_bare(ours: Git, remote: Remote, tmp_path: Path) -> None:
    commit = at(remote)
    with ours.worktree(commit, tmp_path / "trees") as one, ours.worktree(commit, tmp_path / "trees") as two:
        assert one.path != two.path
        assert (one.path / "README.md").read_text() == (two.path / "README.md").read_text() == "hello\n"
    assert not (ours.clone.path / "index").exists()


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_works_in_is_not(ours: Git, remote: Remote, tmp_path: Path) -> None:
    commit, trees = at(remote), tmp_path / "trees"
    dead = (
        "import os, sys, pathlib; from ops.services.git import Git\n"
        "with Git(sys.argv[1], pathlib.Path(sys.argv[2])).worktree(sys.argv[3], pathlib.Path(sys.argv[4])): os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", dead, str(remote.path), str(ours.clone.path), commit, str(trees)], check=False)
    assert len(list(trees.iterdir())) == 2  # the files and their lock
    with ours.worktree(commit, trees) as living:
        assert len(list(trees.iterdir())) == 2
        with ours.worktree(commit, trees):
            assert (living.path / "README.md").exists()


def test_a_filter_of_the_apps_repository_fetches_nothing(ours: Git, remote: Remote, tmp_path: Path) -> None:
    commit = remote.land("LFS", {".gitattributes": "*.bin filter=lfs\n", "a.bin": "version https://git-lfs.github.com/spec/v1\n"})
    with ours.worktree(commit, tmp_path / "trees") as tree:
        assert (tree.path / "a.bin").read_text().startswith("version https://git-lfs")
