"""The sample app's git remote: a bare repository, and a checkout from which its people push."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.now import Now

PRODUCTION, SOURCE = "master", "main"

_NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_FIELDS = "%H%x00%s%x00%an%x00%aI"


@dataclass(frozen=True, kw_only=True)
class Author:
    """Somebody who works on the app."""

    name: str
    email: str


NADIA = Author(name="Nadia Rahman", email="nadia@harbour.example")
TOMAS = Author(name="Tomás Ferreira", email="tomas@harbour.example")
WEI = Author(name="Wei Chen", email="wei@harbour.example")
PRIYA = Author(name="Priya Nair", email="priya@harbour.example")


class Repository:
    """The remote as its people see it.

    Args:
        folder: holds the bare repository and the checkout; made when missing.
        now: what its people's commits are dated by.
    """

    def __init__(self, folder: Path, now: Now | None = None) -> None:
        self.now = now or Now()
        self.remote, self.work = folder / "remote.git", folder / "checkout"
        self._away = folder / "remote.git.away"
        self._lock = threading.Lock()

    @property
    def is_made(self) -> bool:
        """Whether production has a commit."""
        return (self.remote if not self.gone else self._away).joinpath("refs/heads", PRODUCTION).exists()

    def create(self) -> None:
        """An empty remote with a checkout of it, in place of what an interrupted start left."""
        shutil.rmtree(self.remote.parent, ignore_errors=True)
        self.remote.parent.mkdir(parents=True)
        _git(self.remote.parent, "init", "--quiet", "--bare", "--initial-branch", PRODUCTION, str(self.remote))
        _git(self.remote.parent, "init", "--quiet", "--initial-branch", SOURCE, str(self.work))
        self.git("remote", "add", "origin", str(self.remote))

    def git(self, *words: str, **environ: str) -> str:
        """Run git in the checkout."""
        return _git(self.work, *words, **environ)

    def commit(self, author: Author, message: str, at: datetime | None = None) -> None:
        """Commit everything in the checkout."""
        date = (at or self.now.moment()).isoformat(timespec="seconds")
        who = {"NAME": author.name, "EMAIL": author.email, "DATE": date}
        self.git("add", "--all")
        self.git(
            "commit", "--quiet", "--message", message, **{f"GIT_{part}_{key}": who[key] for part in ("AUTHOR", "COMMITTER") for key in who}
        )

    def land(self, author: Author, message: str, files: dict[str, str], *, ships: bool = True) -> None:
        """Commit these files to the source branch, and bring it to production at once unless it waits for a deploy."""
        with self._lock:
            self.git("checkout", "--quiet", SOURCE)
            for name, text in files.items():
                (self.work / name).write_text(text, "utf-8")
            self.commit(author, message)
            self.git("push", "--quiet", "origin", SOURCE, *([f"+{SOURCE}:{PRODUCTION}"] if ships else []))

    def read(self, name: str) -> str:
        """A file as it stands on the source branch."""
        return (self.work / name).read_text("utf-8")

    def live(self) -> dict[str, Any]:
        """The commit that production is at; its hash is empty while the remote is gone."""
        if self.gone:
            return {"hash": "", "message": "the remote is gone", "author": "", "at": ""}
        found = _git(self.remote, "log", "-1", f"--format={_FIELDS}", PRODUCTION).split("\0")
        return dict(zip(("hash", "message", "author", "at"), found, strict=True))

    def waiting(self) -> int:
        """How many commits the source branch has that production has not."""
        return 0 if self.gone else int(_git(self.remote, "rev-list", "--count", f"{PRODUCTION}..{SOURCE}"))

    @property
    def gone(self) -> bool:
        """Whether nobody finds the remote where it should be."""
        return self._away.exists()

    @gone.setter
    def gone(self, gone: bool) -> None:
        if gone != self.gone:
            (self.remote if gone else self._away).rename(self._away if gone else self.remote)


def _git(folder: Path, *words: str, **environ: str) -> str:
    """Run git with nobody's settings."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder)} | _NOBODY | environ
    done = subprocess.run(["git", "-C", str(folder), *words], env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"git {words[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()
