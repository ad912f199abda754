"""Git: what the remote has, the tags that hold our commits there, and a clone that may be lost at any time."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.services.git import Git, GitFailed
from ops.services.git.names import is_branch_name
from tests.remotes import Remote, git
from tests.repositories import QUICK, ours, remote

__all__ = ["ours", "remote"]  # the fixtures


# ── what the remote has ──


def test_the_head_is_what_the_remote_has_now(ours: Git, remote: Remote) -> None:
    assert ours.head("master").message == "First"
    newer = remote.land("Second")
    assert ours.head("master").hash == newer


def test_a_commit_is_told_by_its_first_line_its_author_and_its_time(ours: Git, remote: Remote) -> None:
    hash_ = remote.land("Add salaries\n\nAnd a long story.", GIT_COMMITTER_DATE="2025-01-09T11:00:00+11:00", GIT_AUTHOR_NAME="Bób")
    found = ours.head("master")
    assert (found.hash, found.message, found.author) == (hash_, "Add salaries", "Bób")
    assert found.at == datetime(2025, 1, 9, tzinfo=UTC)


def test_a_commit_message_brings_no_control_characters(ours: Git, remote: Remote) -> None:
    remote.land("Red \x1b[31malert\x07")
    assert ours.head("master").message == "Red [31malert"


def test_a_commit_without_a_message_has_an_empty_one(ours: Git, remote: Remote) -> None:
    git(remote.work, "commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "")
    remote.push()
    assert ours.head("master").message == ""


@pytest.mark.parametrize(
    "name", ["feature/a.b", "-dash", "a;b", "$(touch)", "ünï/✓", "'q'", '"dq"', "HEAD", "@", "a|b&c", "x" * 200, "a=b,c!"]
)
def test_a_branch_may_have_any_name_that_git_allows(ours: Git, remote: Remote, name: str) -> None:
    remote.push(f"HEAD:refs/heads/{name}")
    assert ours.head(name).message == "First"


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a..b", "a:b", "*", "a~1", "a^", "a\\b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.", "a@{1", "a\nb", "a?", "a["],
)
def test_a_name_that_git_forbids_is_no_branch(ours: Git, name: str) -> None:
    assert not is_branch_name(name)
    with pytest.raises(GitFailed, match="has no branch"):
        ours.head(name)


def test_a_force_push_is_followed(ours: Git, remote: Remote) -> None:
    remote.land("Regretted")
    ours.head("master")
    git(remote.work, "reset", "-q", "--hard", "HEAD~1")
    other = remote.commit("Instead")
    remote.push("--force", "master")
    assert ours.head("master").hash == other


def test_a_branch_may_take_the_place_of_a_folder_of_branches(ours: Git, remote: Remote) -> None:
    remote.push("HEAD:refs/heads/release")
    ours.head("release")
    remote.push(":refs/heads/release", "HEAD:refs/heads/release/2")
    assert ours.head("release/2").message == "First"


def test_the_remotes_branches_can_be_named(ours: Git, remote: Remote) -> None:
    remote.push("HEAD:refs/heads/main")
    assert ours.branches() == ["main", "master"]


# ── anchors ──


@pytest.mark.parametrize("wrong", ["", "master", "abc123", "--upload-pack=x", "0" * 39 + "g", "0" * 41])
def test_a_commit_is_named_in_full(ours: Git, wrong: str) -> None:
    with pytest.raises(GitFailed, match="is no commit"):
        ours.schema_hash(wrong)
    assert not ours.at_remote(QUICK, wrong)


def test_a_commit_of_another_repository_is_not_found(ours: Git) -> None:
    with pytest.raises(GitFailed, match="Commit 123412 is not in the repository"):
        ours.count("1234" * 10, ours.head("master").hash)


# ── reading ──


def test_changed_files_are_told_by_folder(ours: Git, remote: Remote) -> None:
    old = ours.head("master").hash
    remote.land("Two", {"convex/schema.ts": "export default 2;\n", "src/ü b.ts": "x"})
    new = ours.head("master").hash
    assert ours.changed(old, new) == ["convex/schema.ts", "src/ü b.ts"]
    assert ours.changed(old, new, ["convex"]) == ["convex/schema.ts"]
    assert ours.changed(old, new, ["./convex", "docs"]) == ["convex/schema.ts"]
    assert ours.changed(old, new, ["*"]) == []
    assert ours.changed(new, new) == []


def test_commits_between_two_are_counted_and_listed_newest_first(ours: Git, remote: Remote) -> None:
    old = ours.head("master").hash
    for number in range(3):
        remote.land(f"Change {number}")
    new = ours.head("master").hash
    assert ours.count(old, new) == 3
    assert ours.count(new, old) == 0
    assert [commit.message for commit in ours.log(old, new, limit=2)] == ["Change 2", "Change 1"]
    assert ours.log(new, new) == []


@pytest.mark.parametrize(
    ("files", "folder", "schema"),
    [
        ({"convex/schema.ts": "one"}, ".", "one"),
        ({"apps/web/convex/schema.ts": "one", "convex/schema.ts": "other"}, "apps/web", "one"),
        ({"convex.json": '{"functions": "backend/"}', "backend/schema.ts": "one"}, ".", "one"),
        ({"web/convex.json": '{"functions": "../shared/convex"}', "shared/convex/schema.ts": "one"}, "web", "one"),
        ({"convex.json": '{"functions": "../../etc"}'}, ".", None),
        ({"convex.json": "no json", "convex/schema.ts": "one"}, ".", "one"),
        ({"convex.json": "[]", "convex/schema.ts": "one"}, ".", "one"),
        ({"convex.json": '{"functions": 7}', "convex/schema.ts": "one"}, ".", "one"),
        ({"convex/schema.js": "one"}, ".", "one"),
        ({"convex/schema.ts/index.ts": "one"}, ".", None),
        ({"convex": "a file"}, ".", None),
        ({"README.md": "hello"}, "nowhere", None),
    ],
)
def test_the_schemas_hash_is_that_of_its_file(tmp_path: Path, files: dict[str, str], folder: str, schema: str | None) -> None:
    remote = Remote(tmp_path)
    commit = remote.land("One", files)
    found = Git(str(remote.path), tmp_path / "state" / "repository.git").schema_hash(commit, folder)
    assert found == (schema and hashlib.sha256(schema.encode()).hexdigest())
