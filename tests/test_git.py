"""Git: what the remote has, the tags that hold our commits there, and a clone that may be lost at any time."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.errors import UnknownBackup
from ops.services.git import AnchorTaken, Git, GitFailed
from ops.services.git.names import is_branch_name
from ops.services.git.program import ssh_command
from ops.services.process import Stopped
from tests.remotes import Remote, executable, git

QUICK = "quick-1701450000000"
FULL = "full-1701450000001"


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote(tmp_path)
    remote.land("First", {"convex/schema.ts": "export default 1;\n", "README.md": "hello\n"})
    return remote


@pytest.fixture
def ours(tmp_path: Path, remote: Remote) -> Git:
    return Git(str(remote.path), tmp_path / "state" / "repository.git", deadline=30)


def anew(ours: Git) -> Git:
    """Another process's view of the same clone."""
    return Git(ours.address.url, ours.clone.path, deadline=30)


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


# ── the clone ──


def test_the_clone_is_bare_and_follows_branches_only(ours: Git) -> None:
    ours.fetch()
    assert git(ours.clone.path, "rev-parse", "--is-bare-repository") == "true"
    assert git(ours.clone.path, "config", "--get-all", "remote.origin.fetch") == "+refs/heads/*:refs/remotes/origin/*"
    assert "mirror" not in (ours.clone.path / "config").read_text()


def test_a_fetch_brings_branches_and_our_tags_and_forgets_branches_that_are_gone(ours: Git, remote: Remote) -> None:
    remote.push("HEAD:refs/heads/old")
    ours.anchor(QUICK, ours.head("old").hash)
    git(remote.work, "tag", "v1.0.0")
    remote.push(":refs/heads/old", "v1.0.0")
    ours.fetch()
    assert git(ours.clone.path, "for-each-ref", "--format=%(refname)").split() == [
        "refs/remotes/origin/master",
        f"refs/tags/backstop/{QUICK}",
    ]


def test_a_tag_that_somebody_moved_there_stays_here_as_it_was(ours: Git, remote: Remote) -> None:
    commit = ours.head("master").hash
    ours.anchor(QUICK, commit)
    ours.fetch()
    moved = remote.land("Second")
    remote.push("--force", f"HEAD:refs/tags/backstop/{QUICK}")
    ours.fetch()
    assert git(ours.clone.path, "rev-parse", f"backstop/{QUICK}") == commit
    assert ours.anchors() == {QUICK: moved}


def _each_object(clone: Path, damage: Callable[[Path], object]) -> None:
    for path in [path for path in (clone / "objects").rglob("*") if path.is_file()]:
        path.chmod(0o644)
        damage(path)


def _with_a_file_in_its_place(clone: Path) -> None:
    clone.rename(clone.with_name("elsewhere"))
    clone.write_text("no clone")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no HEAD": lambda clone: (clone / "HEAD").unlink(),
    "an empty HEAD": lambda clone: (clone / "HEAD").write_text(""),
    "no refs": lambda clone: (clone / "refs").rename(clone / "elsewhere"),
    "no objects": lambda clone: (clone / "objects").rename(clone / "elsewhere"),
    "settings that are none": lambda clone: (clone / "config").write_text("[[["),
    "empty settings": lambda clone: (clone / "config").write_text(""),
    "a version to come": lambda clone: git(clone, "config", "core.repositoryformatversion", "9"),
    "empty objects": lambda clone: _each_object(clone, lambda path: path.write_bytes(b"")),
    "garbled objects": lambda clone: _each_object(clone, lambda path: path.write_bytes(b"garbled")),
    "objects that are gone": lambda clone: _each_object(clone, Path.unlink),
    "an empty ref": lambda clone: (clone / "refs/remotes/origin/master").write_text(""),
    "a garbled ref": lambda clone: (clone / "refs/remotes/origin/master").write_text("garbled"),
    "a lock that nobody holds": lambda clone: (clone / "refs/remotes/origin/master.lock").touch(),
    "no mark": lambda clone: (clone / "backstop-address").unlink(),
    "a mark that is no text": lambda clone: (clone / "backstop-address").write_bytes(b"\xff"),
    "a file in its place": _with_a_file_in_its_place,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_clone_is_mended_or_made_anew(ours: Git, remote: Remote, damage: Callable[[Path], object]) -> None:
    old = ours.head("master").hash
    damage(ours.clone.path)
    new = remote.land("Second", {"convex/schema.ts": "export default 2;\n"})
    assert ours.head("master").hash == new
    ours.anchor(QUICK, new)
    assert (ours.at_remote(QUICK, new), ours.count(old, new), ours.changed(old, new)) == (True, 1, ["convex/schema.ts"])
    assert ours.schema_hash(new) == hashlib.sha256(b"export default 2;\n").hexdigest()


@pytest.mark.parametrize("packed", ["pack", "idx"])
def test_a_damaged_pack_is_made_anew(ours: Git, remote: Remote, packed: str) -> None:
    old = ours.head("master").hash
    git(ours.clone.path, "repack", "-adq")
    for path in (ours.clone.path / "objects/pack").glob(f"*.{packed}"):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:60])
    new = remote.land("Second")
    assert ours.head("master").hash == new
    assert (ours.count(old, new), ours.schema_hash(old) is None) == (1, False)


def test_a_clone_that_vanishes_is_made_again(ours: Git) -> None:
    ours.head("master")
    ours.clone.path.parent.rename(ours.clone.path.parent.with_name("elsewhere"))
    assert ours.head("master").message == "First"


def test_another_address_means_another_clone(ours: Git, tmp_path: Path) -> None:
    ours.head("master")
    (tmp_path / "b").mkdir()
    other = Remote(tmp_path / "b")
    other.land("Of the other")
    assert Git(str(other.path), ours.clone.path).head("master").message == "Of the other"
    assert "First" not in git(ours.clone.path, "log", "--all", "--format=%s")


def test_making_it_leaves_nothing_beside_it(ours: Git) -> None:
    ours.clone.path.parent.mkdir()
    (ours.clone.path.parent / ".repository.git.half-made").mkdir()
    ours.head("master")
    assert sorted(path.name for path in ours.clone.path.parent.iterdir()) == ["repository.git", "repository.git.lock"]


def test_many_at_once_share_one_clone(ours: Git, remote: Remote) -> None:
    script = f"""if True:
        from pathlib import Path
        from ops.services.git import Git
        print(Git({str(remote.path)!r}, Path({str(ours.clone.path)!r}), deadline=60).head("master").message)
    """
    others = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda _: anew(ours).head("master").message, range(3)))
    assert found + [other.communicate()[0].strip() for other in others] == ["First"] * 5


def test_tidying_loses_nothing(ours: Git, remote: Remote) -> None:
    old = ours.head("master").hash
    ours.tidy()
    new = remote.land("Second")
    ours.head("master")
    assert ours.count(old, new) == 1


# ── the environment ──


def _told_to_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What an ssh that git starts finds in its environment and arguments."""
    told = tmp_path / "told"
    monkeypatch.setenv(
        "GIT_SSH_COMMAND", str(executable(tmp_path / "bin" / "ssh", f'#!/bin/sh\n{{ env; echo "args: $*"; }} > {told}\nexit 255\n'))
    )
    with pytest.raises(GitFailed):
        Git("git@example.invalid:app.git", tmp_path / "state" / "repository.git").head("master")
    return told.read_text()


def test_git_is_told_never_to_ask_and_learns_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVEX_PRODUCTION_KEY", "prod|secret")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    told = _told_to_ssh(tmp_path, monkeypatch)
    assert "secret" not in told
    for line in ("GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=false", "LC_ALL=C", "SSH_AUTH_SOCK=/agent"):
        assert line in told.splitlines()
    assert "-o BatchMode=yes" in told.rpartition("args: ")[2]


@pytest.mark.parametrize(
    ("environ", "configured", "command"),
    [
        ({}, "", "ssh -o BatchMode=yes -o ConnectTimeout=20"),
        ({}, "ssh -i ~/key", "ssh -i ~/key -o BatchMode=yes"),
        ({"GIT_SSH_COMMAND": "/usr/bin/ssh -F none"}, "ssh -i ~/key", "/usr/bin/ssh -F none -o BatchMode=yes"),
        ({"GIT_SSH_COMMAND": "plink -batch"}, "", "plink -batch"),
        ({"GIT_SSH_COMMAND": 'ssh "'}, "", 'ssh "'),
        ({"GIT_SSH": "/opt/ssh"}, "", None),
    ],
)
def test_a_configured_ssh_is_honoured_and_told_not_to_ask(environ: dict[str, str], configured: str, command: str | None) -> None:
    assert ssh_command(environ, configured) == command


def test_a_git_dir_in_our_own_environment_leads_nowhere(ours: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    commit = ours.head("master")
    ours.anchor(QUICK, commit.hash)
    assert ours.schema_hash(commit.hash)
    assert not (tmp_path / "elsewhere").exists()


def test_a_persons_settings_for_their_own_work_do_not_matter(
    ours: Git, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tmp_path / "hooks" / "pre-push", "#!/bin/sh\nexit 1\n")
    person = tmp_path / "gitconfig"
    person.write_text(
        f"[core]\nhooksPath = {tmp_path / 'hooks'}\n[push]\ngpgSign = true\nfollowTags = true\n[fetch]\npruneTags = true\n"
        "[init]\ntemplateDir = /nowhere\n[diff]\nnoprefix = true\nexternal = /bin/false\n[log]\nshowSignature = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(person))
    old = ours.head("master").hash
    new = remote.land("Second", {"a": "b"})
    ours.head("master")
    ours.anchor(QUICK, new)
    assert (ours.at_remote(QUICK, new), ours.changed(old, new)) == (True, ["a"])


def test_a_persons_other_name_for_a_host_works(remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person = tmp_path / "gitconfig"
    person.write_text(f'[url "{tmp_path}/"]\ninsteadOf = work:\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(person))
    assert Git(f"work:{remote.path.name}", tmp_path / "state" / "repository.git").head("master").message == "First"


def test_waiting_for_another_process_ends_when_the_operation_is_cancelled(ours: Git) -> None:
    stop = threading.Event()
    stop.set()
    with ours.clone.held(None), pytest.raises(Stopped):
        anew(ours).fetch(stop=stop)
