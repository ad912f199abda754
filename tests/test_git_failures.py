"""Each way in which git can fail is a sentence with a remedy, ends in time, and shows no credentials."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ops.services.git import Git, GitFailed, NoSuchBranch
from ops.services.git.address import parse
from ops.services.git.trouble import Trouble, explain, keeps_ours, trouble
from ops.services.process import Stopped
from tests.remotes import Remote, executable, git, listener, refused_port, web

QUICK = "quick-1701450000000"


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote(tmp_path)
    remote.land("First")
    return remote


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return tmp_path / "state" / "repository.git"


def failure(ours: Git, branch: str = "master") -> GitFailed:
    """What a person is told when the head cannot be had; it always has a remedy."""
    with pytest.raises(GitFailed) as caught:
        ours.head(branch)
    assert caught.value.remedy
    return caught.value


def ssh_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a stand-in for ssh in git's way."""
    monkeypatch.setenv("GIT_SSH_COMMAND", str(executable(tmp_path / "bin" / "ssh", f"#!/bin/sh\n{script}\n")))


# ── the remote ──


def test_a_path_without_a_repository_is_named(tmp_path: Path, clone: Path) -> None:
    error = failure(Git(str(tmp_path / "gone.git"), clone))
    assert error.message == f"There is no git repository at {tmp_path}/gone.git, or we may not see it."
    assert "[app] repository" in error.remedy


def test_a_folder_that_is_no_repository_is_named(tmp_path: Path, clone: Path) -> None:
    assert "There is no git repository at" in failure(Git(str(tmp_path), clone)).message


def test_a_remote_that_goes_away_after_the_first_backup_is_named(remote: Remote, clone: Path) -> None:
    ours = Git(str(remote.path), clone)
    commit = ours.head("master").hash
    remote.path.rename(remote.path.with_name("elsewhere"))
    assert "There is no git repository at" in failure(ours).message
    for asked in (lambda: ours.anchor(QUICK, commit), lambda: ours.at_remote(QUICK, commit), ours.anchors, ours.fetch):
        with pytest.raises(GitFailed, match="There is no git repository at"):
            asked()
    assert ours.count(commit, commit) == 0


def test_a_remote_that_comes_back_is_used_again(remote: Remote, clone: Path) -> None:
    ours = Git(str(remote.path), clone)
    away = remote.path.rename(remote.path.with_name("elsewhere"))
    failure(ours)
    away.rename(remote.path)
    assert ours.head("master").message == "First"


@pytest.mark.parametrize("scheme", ["http", "https", "git"])
def test_a_refused_connection_is_told(clone: Path, scheme: str) -> None:
    address = f"{scheme}://127.0.0.1:{refused_port()}/app.git"
    assert failure(Git(address, clone)).message.startswith(f"{address} cannot be reached: ")


def test_a_host_that_nobody_knows_is_told(clone: Path) -> None:
    assert "cannot be reached: " in failure(Git("https://nowhere.invalid/app.git", clone)).message


@pytest.mark.parametrize("address", ["foo://host/app.git", "ext::sh -c true"])
def test_an_address_that_git_does_not_understand_is_told(clone: Path, address: str) -> None:
    assert failure(Git(address, clone)).message.startswith(f"{address} is no address that git understands: ")


def test_an_empty_repository_has_no_commits_yet(tmp_path: Path, clone: Path) -> None:
    error = failure(Git(str(Remote(tmp_path).path), clone))
    assert error.message.endswith("has no commits yet.")


def test_a_branch_that_does_not_exist_is_told_with_those_there_are(remote: Remote, clone: Path) -> None:
    remote.push("HEAD:refs/heads/main")
    error = failure(Git(str(remote.path), clone), "production")
    assert isinstance(error, NoSuchBranch)
    assert error.message.endswith("has no branch “production”.")
    assert error.remedy == "It has main, master. Correct `[app] production_branch`, or `source_branch`."


def test_of_many_branches_ten_are_named(remote: Remote, clone: Path) -> None:
    remote.push(*(f"HEAD:refs/heads/b{number:02}" for number in range(14)))
    assert "b09 and 5 more." in failure(Git(str(remote.path), clone), "nope").remedy


def test_a_long_or_odd_branch_name_does_not_flood_the_message(remote: Remote, clone: Path) -> None:
    message = failure(Git(str(remote.path), clone), "\x1b[31m" + "x" * 40_000).message
    assert "\x1b" not in message
    assert len(message) < 300


def test_a_commit_that_the_remote_lost_is_told(remote: Remote, clone: Path) -> None:
    commit = git(remote.work, "rev-parse", "HEAD")
    (remote.path / "objects" / commit[:2] / commit[2:]).unlink()
    assert "names a commit that it does not have" in failure(Git(str(remote.path), clone)).message


def test_a_damaged_remote_is_told_apart_from_a_damaged_clone(remote: Remote, clone: Path) -> None:
    commit = git(remote.work, "rev-parse", "HEAD")
    damaged = remote.path / "objects" / commit[:2] / commit[2:]
    damaged.chmod(0o644)
    damaged.write_bytes(b"")
    error = failure(Git(str(remote.path), clone))
    assert error.message.startswith(f"The repository at {remote.path} is damaged: ")


# ── passwords and keys ──


def test_a_remote_that_asks_for_a_password_is_not_waited_for(remote: Remote, clone: Path) -> None:
    with web(remote.path.parent, "alice:open sesame") as host:
        error = failure(Git(f"http://{host}/remote.git", clone))
    assert error.message == f"http://{host}/remote.git asks for a password, and none is set up here."


def test_a_wrong_password_is_told_and_not_shown(remote: Remote, clone: Path) -> None:
    with web(remote.path.parent, "alice:open sesame") as host:
        error = failure(Git(f"http://alice:wrong-word@{host}/remote.git", clone))
    assert error.message.startswith(f"http://{host}/remote.git does not let us in: ")
    assert "wrong-word" not in str(error)


def test_a_forbidden_repository_is_told(remote: Remote, clone: Path) -> None:
    with web(remote.path.parent, "alice:open sesame", status=403) as host:
        assert "does not let us in: " in failure(Git(f"http://{host}/remote.git", clone)).message


@pytest.mark.parametrize(("status", "sentence"), [(404, "There is no git repository at"), (503, "answered with an error: ")])
def test_a_web_server_without_the_repository_is_told(remote: Remote, clone: Path, status: int, sentence: str) -> None:
    with web(remote.path.parent, "alice:open sesame", status=status) as host:
        assert sentence in failure(Git(f"http://{host}/remote.git", clone)).message


def command_lines() -> Iterator[str]:
    """The arguments of every process of this machine, which any of its users may read."""
    for process in psutil.process_iter():
        try:
            yield "\0".join(process.cmdline())
        except psutil.Error:
            continue


def test_credentials_in_the_address_open_it_and_are_nobodys_to_read(
    remote: Remote, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = tmp_path / "gitconfig"
    person.write_text(f"[credential]\nhelper = store --file={tmp_path}/stored\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(person))
    git(remote.path, "update-server-info")
    running: list[str] = []
    with web(remote.path.parent, "alice:open/sesame", seen=lambda: running.extend(command_lines())) as host:
        ours = Git(f"http://alice:open%2Fsesame@{host}/remote.git", clone)
        assert ours.head("master").message == "First"
    assert any("remote-http" in line for line in running)
    assert not [line for line in running if "sesame" in line and "git" in line]
    written = [path for path in tmp_path.rglob("*") if path.is_file() and b"sesame" in path.read_bytes()]
    assert written == []
    assert "sesame" not in repr(vars(ours))


def test_a_persons_own_credential_helper_is_asked(remote: Remote, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = executable(tmp_path / "helper", "#!/bin/sh\necho username=alice\necho password=sesame\n")
    person = tmp_path / "gitconfig"
    person.write_text(f"[credential]\nhelper = {helper}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(person))
    git(remote.path, "update-server-info")
    with web(remote.path.parent, "alice:sesame") as host:
        assert Git(f"http://{host}/remote.git", clone).head("master").message == "First"
        assert Git(f"http://alice@{host}/remote.git", clone).head("master").message == "First"


@pytest.mark.parametrize(
    ("repository", "url", "user", "password"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b.git", None, None),
        ("https://alice@github.com/a/b.git", "https://github.com/a/b.git", "alice", None),
        ("https://alice:p%40ss@github.com:8443/a/b.git", "https://github.com:8443/a/b.git", "alice", "p@ss"),
        ("HTTPS://token:@github.com/a", "https://github.com/a", "token", ""),
        ("https://a:b@c:d@github.com/a", "https://github.com/a", "a", "b@c:d"),
        ("ssh://git:word@host:22/a/b", "ssh://git@host:22/a/b", None, None),
        ("ssh://git@host/a", "ssh://git@host/a", None, None),
        ("git@github.com:a/b.git", "git@github.com:a/b.git", None, None),
        ("/srv/a@b:c.git", "/srv/a@b:c.git", None, None),
    ],
)
def test_an_address_is_shown_without_what_opens_it(repository: str, url: str, user: str | None, password: str | None) -> None:
    address = parse(repository)
    assert (address.url, address.user, address.password) == (url, user, password)
    assert not password or password not in repr(address)


@pytest.mark.parametrize(
    ("address", "ssh"), [("git@host:a", True), ("host:a", True), ("ssh://h/a", True), ("https://h/a", False), ("/a:b", False)]
)
def test_an_address_that_ssh_opens_is_recognised(address: str, ssh: bool) -> None:
    assert parse(address).by_ssh is ssh


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("git@example.invalid: Permission denied (publickey).", "does not know our ssh key."),
        ("Host key verification failed.", "The ssh host key of git@example.invalid:app.git is unknown here, or has changed."),
        ("ssh: connect to host example.invalid port 22: Connection refused", "cannot be reached: connect to host example.invalid port 22"),
        ("ssh: Could not resolve hostname example.invalid: Name or service not known", "cannot be reached: Could not resolve hostname"),
        ("kex_exchange_identification: Connection closed by remote host", "cannot be reached: kex_exchange_identification"),
        ("ERROR: Repository not found.", "There is no git repository at"),
        ("ERROR: Permission to a/app.git denied to deploy key", "does not let us in: Permission to a/app.git denied"),
        ("something odd", "ssh to git@example.invalid:app.git failed: something odd."),
        ("", "ssh to git@example.invalid:app.git failed: git gave no reason."),
    ],
)
def test_ssh_that_fails_says_why(tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch, said: str, sentence: str) -> None:
    ssh_that(tmp_path, monkeypatch, f"echo '{said}' >&2; exit 255")
    assert sentence in failure(Git("git@example.invalid:app.git", clone)).message


# ── pushes ──


def test_a_hook_that_refuses_the_tag_is_quoted(remote: Remote, clone: Path) -> None:
    remote.hook("echo 'Tags are closed until Monday.' >&2; exit 1")
    ours = Git(str(remote.path), clone)
    with pytest.raises(GitFailed, match=r"did not take our change of a tag: Tags are closed until Monday\.") as caught:
        ours.anchor(QUICK, ours.head("master").hash)
    assert "backstop/*" in caught.value.remedy
    assert ours.anchors() == {}


def test_a_remote_that_forbids_deleting_keeps_the_tag_and_says_so(remote: Remote, clone: Path) -> None:
    ours = Git(str(remote.path), clone)
    ours.anchor(QUICK, ours.head("master").hash)
    remote.hook("echo 'Tags stay.' >&2; exit 1")
    with pytest.raises(GitFailed, match=r"did not take our change of a tag: Tags stay\."):
        ours.drop_anchor(QUICK)
    assert list(ours.anchors()) == [QUICK]


# ── time ──


def left_running(word: str) -> list[str]:
    """Programs still at work on what a test asked for; one that was killed needs a moment to be gone."""
    end = time.monotonic() + 20
    while (left := [line for line in command_lines() if word in line and "pytest" not in line]) and time.monotonic() < end:
        time.sleep(0.02)
    return left


@pytest.mark.parametrize("scheme", ["http", "git"])
def test_a_remote_that_never_answers_is_given_up(clone: Path, scheme: str) -> None:
    with listener(None) as port:
        address = f"{scheme}://127.0.0.1:{port}/app.git"
        error = failure(Git(address, clone, deadline=0.5))
        assert error.message == f"{address} did not answer git within 0.5 seconds."
        assert left_running(f":{port}/") == []


def test_an_ssh_that_never_answers_is_ended_with_what_it_started(tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ssh_that(tmp_path, monkeypatch, f"sh -c 'sleep 600; : {tmp_path}'")
    assert "did not answer git within" in failure(Git("git@example.invalid:app.git", clone, deadline=0.5)).message
    assert left_running(str(tmp_path)) == []


def test_a_cancelled_operation_ends_a_hanging_fetch(clone: Path) -> None:
    stop = threading.Event()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    with listener(None) as port, pytest.raises(Stopped):
        Git(f"http://127.0.0.1:{port}/app.git", clone).head("master", stop=stop)
    timer.join()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n001e"])
def test_a_connection_that_breaks_off_is_told(clone: Path, answer: bytes) -> None:
    with listener(answer) as port:
        assert "broke off: " in failure(Git(f"http://127.0.0.1:{port}/app.git", clone)).message


def test_another_process_that_never_lets_go_of_the_clone_is_told(remote: Remote, clone: Path) -> None:
    ours = Git(str(remote.path), clone, deadline=0.3)
    with ours.clone.held(None):
        error = failure(Git(str(remote.path), clone, deadline=0.3))
    assert "Another process has been fetching" in error.message


def test_a_folder_that_cannot_be_written_is_told(remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "cannot be written" in failure(Git(str(remote.path), tmp_path / "file" / "repository.git")).message


# ── what git's words mean ──

HOSTS = [
    ("remote: Repository not found.\nfatal: repository 'https://github.com/a/b.git/' not found", Trouble.GONE),
    ("remote: Invalid username or password.\nfatal: Authentication failed for 'https://github.com/a/b.git/'", Trouble.DENIED),
    ("remote: Write access to repository not granted.\nfatal: unable to access 'x': The requested URL returned error: 403", Trouble.DENIED),
    (
        "ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote repository.",
        Trouble.DENIED,
    ),
    ("fatal: unable to access 'x': SSL certificate problem: certificate has expired", Trouble.CERTIFICATE),
    ("fatal: unable to access 'x': server certificate verification failed. CAfile: none CRLfile: none", Trouble.CERTIFICATE),
    ("error: RPC failed; curl 92 HTTP/2 stream 5 was not closed cleanly\nfatal: early EOF", Trouble.CUT),
    ("fatal: fetch-pack: unexpected disconnect while reading sideband packet", Trouble.CUT),
    ("fatal: write error: No space left on device\nfatal: index-pack failed", Trouble.NO_ROOM),
    ("remote: fatal: write error: No space left on device\n ! [remote rejected] x (unpacker error)", Trouble.NO_ROOM),
    ("fatal: detected dubious ownership in repository at '/srv/app.git'", Trouble.OWNERSHIP),
    ("fatal: mismatched algorithms: client sha1; server sha256", Trouble.FORMAT),
    (
        "remote: error: GH013: Repository rule violations\n ! [remote rejected] a -> b (push declined due to repository rule violations)",
        Trouble.REFUSED,
    ),
    ("fatal: the remote end hung up unexpectedly", Trouble.CUT),
    ("", Trouble.UNKNOWN),
    ("fatal: something new", Trouble.UNKNOWN),
]


@pytest.mark.parametrize(("stderr", "kind"), HOSTS)
def test_what_hosts_say_is_understood(stderr: str, kind: Trouble) -> None:
    assert trouble(stderr) is kind


@pytest.mark.parametrize("kind", Trouble)
def test_every_trouble_has_a_sentence_and_a_remedy(kind: Trouble) -> None:
    from ops.services.git.trouble import _SENTENCES

    message, remedy = (text.format(where="/srv/app.git", words="no") for text in _SENTENCES[kind])
    assert message[-1] == remedy[-1] == "."


def test_gits_words_are_quoted_short_without_control_characters_and_credentials() -> None:
    error = explain("fatal: unable to access 'https://token@host/x/': \x1b[31m" + "y" * 9000, "https://host/x")
    assert "token" not in str(error)
    assert "\x1b" not in str(error)
    assert len(str(error)) < 500


def test_a_reason_that_git_does_not_give_is_not_invented() -> None:
    assert explain("", "/srv/app.git").message == "git failed at /srv/app.git: git gave no reason."


def test_only_moved_tags_leave_a_fetch_of_tags_in_order() -> None:
    moved = " ! [rejected]        backstop/a -> backstop/a  (would clobber existing tag)"
    assert keeps_ours(f"From x\n{moved}")
    assert not keeps_ours(f"From x\n{moved}\nfatal: early EOF")
    assert not keeps_ours("")
