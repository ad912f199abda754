"""The clone itself: bare, shared, mended or made anew when it is damaged, and nothing in it depends on a person's own git."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ops.services.git import Git, GitFailed
from ops.services.git.program import ssh_command
from ops.services.process import Stopped
from tests.remotes import Remote, executable, git
from tests.repositories import QUICK, anew, ours, remote

__all__ = ["ours", "remote"]  # the fixtures


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
