"""Run the git program: never a prompt, never a hook of somebody's, never longer than its deadline, never a secret in its arguments.

Why not GitPython's own way to run it: that hands over the whole environment (our Convex keys, a stray GIT_DIR), can end a
hanging fetch by a timer only, and leaves its ssh running when we are killed. So what talks to a remote, writes, or walks
history runs here, through ``ops.services.process``; what reads single objects goes through GitPython: see ``objects``.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from threading import Event

from ops.services import process
from ops.services.git.address import Address
from ops.services.git.trouble import GitFailed, explain

# What git, ssh and the person's credential helpers need of our environment.
_PASSED = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|XDG_[A-Z_]+|DBUS_SESSION_BUS_ADDRESS|SSH_AUTH_SOCK|GIT_SSH(_COMMAND|_VARIANT)?|GIT_EXEC_PATH"
    r"|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)|GIT_SSL_[A-Z_]+|SSL_CERT_(FILE|DIR)|GH_TOKEN|GITHUB_TOKEN|(?i:(http|https|all|no)_proxy)"
)

_NEVER_ASK = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}

# What a person may have configured for their own work and would surprise here. Addresses, proxies and credential helpers stay.
_OUR_CONFIG = {
    "core.hooksPath": os.devnull,
    "fetch.prune": "false",
    "fetch.pruneTags": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.writeCommitGraph": "false",
    "gc.auto": "0",
    "gc.autoDetach": "false",
    "push.followTags": "false",
    "push.gpgSign": "false",
    "push.recurseSubmodules": "no",
    "submodule.recurse": "false",
}

_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=20"


class Program:
    """The git program, at work in our clone."""

    def __init__(self, address: Address, clone: Path, deadline: float) -> None:
        self.address = address
        self.clone = clone
        self.deadline = deadline  # seconds for one command

    def run(self, *words: str, stop: Event | None = None, deadline: float | None = None) -> str:
        """Run a command and return what it wrote.

        Raises:
            GitFailed: with what was wrong.
        """
        finished = self.attempt(*words, stop=stop, deadline=deadline)
        self.require(finished)
        return finished.out

    def attempt(self, *words: str, stop: Event | None = None, deadline: float | None = None) -> process.Finished:
        """Run a command, however it ends.

        Raises:
            GitFailed: it did not end in time.
        """
        return self.at(self.clone, *words, stop=stop, deadline=deadline)

    def at(self, place: Path, *words: str, stop: Event | None = None, deadline: float | None = None) -> process.Finished:
        """Run a command in another bare repository than the clone, however it ends."""
        return self._start(("git", *words), {**self._environ, "GIT_DIR": str(place)}, stop, deadline or self.deadline)

    def write_files(self, commit: str, folder: Path, index: Path, *, stop: Event | None = None) -> None:
        """Write a commit's files into an empty folder: by an index of their own, and without anybody's filters (LFS would fetch)."""
        environ = {**self._environ, "GIT_DIR": str(self.clone), "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(index)}
        plain = ("-c", "core.bare=false", "-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false")
        for words in (("read-tree", commit), ("checkout-index", "--all", "--force")):
            self.require(self._start(("git", *plain, *words), environ, stop, self.deadline, folder))

    def make(self, place: Path, stop: Event | None) -> None:
        """Make an empty clone at a place of its own."""
        for words in (
            ("init", "--quiet", "--bare", "--template=", "--object-format=sha1"),
            ("config", "remote.origin.url", self.address.url),
            ("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
        ):
            self.require(self.at(place, *words, stop=stop))

    def require(self, finished: process.Finished) -> None:
        """Raise what a failed command means."""
        if finished.code:
            raise explain(finished.err, self.address.url)

    def _start(
        self, command: tuple[str, ...], environ: Mapping[str, str], stop: Event | None, deadline: float, folder: Path | None = None
    ) -> process.Finished:
        """Run it through the one door."""
        place = folder or Path(self.clone.anchor)
        try:
            return process.run(command, cwd=place, environ=environ, deadline=deadline, stop=stop, secrets=self.address.secrets)
        except process.TimedOut:
            raise GitFailed(
                f"{self.address.url} did not answer git within {deadline:g} seconds.",
                "Look whether the host is up and the network fast enough, then try again.",
            ) from None

    @cached_property
    def _environ(self) -> dict[str, str]:
        """The environment of every command but for the clone's place."""
        config = {**_OUR_CONFIG, **self.address.config}
        environ = {name: value for name, value in os.environ.items() if _PASSED.fullmatch(name)}
        return environ | _NEVER_ASK | as_environ(config) | dict(self.address.environ) | self._ssh(environ)

    def _ssh(self, environ: Mapping[str, str]) -> dict[str, str]:
        """How ssh is started, where ssh is what opens the address."""
        if not self.address.by_ssh:
            return {}
        configured = self._start(("git", "config", "--get", "core.sshCommand"), {**environ, **_NEVER_ASK}, None, self.deadline)
        command = ssh_command(environ, configured.out.strip())
        return {"GIT_SSH_COMMAND": command} if command else {}


def ssh_command(environ: Mapping[str, str], configured: str) -> str | None:
    """The ssh to run: the person's own if they have set one, told not to ask; None leaves GIT_SSH to git. Pure."""
    own = environ.get("GIT_SSH_COMMAND") or configured
    if own:
        return f"{own} -o BatchMode=yes" if _is_openssh(own) else own
    return None if environ.get("GIT_SSH") else _SSH


def _is_openssh(command: str) -> bool:
    """Whether a command line starts OpenSSH, whose options we know."""
    try:
        return Path(shlex.split(command)[0]).name == "ssh"
    except (ValueError, IndexError):
        return False


def as_environ(config: Mapping[str, str]) -> dict[str, str]:
    """Settings as git reads them from the environment, where no argument list shows them. Pure."""
    environ = {"GIT_CONFIG_COUNT": str(len(config))}
    for number, (key, value) in enumerate(config.items()):
        environ |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environ
