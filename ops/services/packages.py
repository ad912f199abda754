"""Install an app's packages by the team's own command, and keep what was installed for the next commit with the same lock file.

The app's own convex CLI comes with them, and its functions import from them, so both a deploy and a rollback need the packages
of their very commit. What npm made is moved aside under the digest of everything that decides it, and linked to: node follows
the link, and so does the CLI's bundler.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from uuid import uuid4

from ops.errors import Failed, Refused
from ops.services import process

DECIDING = ("package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", ".npmrc")
"""Files by which a package manager decides what to install."""
LOCKS = frozenset(DECIDING) - {"package.json", ".npmrc"}

_KEPT = 5  # trees of packages
_MADE = "made"  # the file that says a tree is whole
_MODULES = "node_modules"
_QUIET = {"CI": "1", "NO_COLOR": "1", "npm_config_update_notifier": "false", "npm_config_fund": "false", "npm_config_audit": "false"}
_LAST = 6  # lines of a failed installation


def key(command: str, manifests: str) -> str:
    """The digest of everything that decides what is installed: the command, the files as git names them, and the machine. Pure."""
    parts = (command, manifests, platform.system(), platform.machine(), _node())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _node() -> str:
    """The place of node: another version lies elsewhere, or is newer there."""
    found = shutil.which("node")
    return f"{found}:{Path(found).resolve().stat().st_mtime_ns}" if found else ""


@contextmanager
def installed(  # noqa: PLR0913 # what an installation hangs on, all named
    files: Path, folder: str, *, command: str, digest: str, home: Path, deadline: float, stop: Event | None, said: Callable[[str], None]
) -> Iterator[bool]:
    """The packages in a commit's files, for the time of the block; whether they had to be installed.

    Raises:
        Refused: the command cannot be run.
        Failed: it failed, with its last lines.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = home / digest
    with (home / f"{digest}.lock").open("w") as lock:
        _wait(lock.fileno(), fcntl.LOCK_EX, stop)
        made = not (kept / _MADE).exists()
        if made:
            shutil.rmtree(kept, ignore_errors=True)
            install(files / folder, command, deadline=deadline, stop=stop, said=said)
            made_whole(files, kept)
        fcntl.flock(lock, fcntl.LOCK_SH)
        if (kept / _MADE).exists():
            os.utime(kept)
            _link(files, kept)
        prune(home)
        yield made


def install(folder: Path, command: str, *, deadline: float, stop: Event | None, said: Callable[[str], None]) -> None:
    """Run the team's command in the app's folder."""
    words = shlex.split(command)
    if not words:
        return
    said(f"installing packages: {command}")
    try:
        finished = process.run(words, cwd=folder, environ=_QUIET, deadline=deadline, stop=stop)
    except process.NoProgram as missing:
        raise Refused(f"`{words[0]}` is not on this machine, and `[app] install` needs it.", missing.remedy) from None
    except process.TimedOut:
        raise Failed(f"`{command}` did not end within {deadline:g} seconds.", "Look at the package registry, then try again.") from None
    if finished.code:
        raise Failed(
            f"The commit's packages could not be installed: `{command}` ended with {finished.code}: {_last(finished)}",
            "Run it in a clean checkout of that commit; production is as before.",
        )


def _last(finished: process.Finished) -> str:
    """The last lines that say something."""
    lines = [line.strip() for line in (finished.err or finished.out).splitlines() if line.strip()]
    return " / ".join(lines[-_LAST:])[:600] or "it said nothing"


def made_whole(files: Path, kept: Path) -> None:
    """Move what was installed aside, as a whole or not at all; what links out of itself stays where it is."""
    found = list(modules(files))
    if any(_leads_out(each) for each in found):
        return
    fresh = kept.with_name(f".{kept.name}.{uuid4().hex[:8]}")
    for each in found:
        place = fresh / each.relative_to(files)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not each.is_symlink():
            each.rename(place)
        else:
            place.symlink_to(each.resolve())
            each.unlink()
    fresh.mkdir(parents=True, exist_ok=True)
    (fresh / _MADE).touch()
    fresh.rename(kept)


def modules(files: Path) -> Iterator[Path]:
    """Every ``node_modules`` that lies in no other one."""
    for place, folders, _ in os.walk(files):
        if _MODULES in folders:
            folders.remove(_MODULES)
            yield Path(place, _MODULES)


def _leads_out(found: Path) -> bool:
    """Whether a package of it is a link to the app's own files, as workspaces have them."""
    if found.is_symlink():
        return False
    for place, folders, _ in os.walk(found):
        depth = len(Path(place).relative_to(found).parts)
        for name in folders:
            link = Path(place, name)
            if link.is_symlink() and not link.resolve().is_relative_to(found.resolve()):
                return True
        if depth >= 1:
            folders.clear()  # packages lie at most one scope deep
    return False


def _link(files: Path, kept: Path) -> None:
    """Have the kept packages in a commit's files."""
    for each in modules(kept):
        place = files / each.relative_to(kept)
        if not place.exists() and not place.is_symlink() and place.parent.is_dir():
            place.symlink_to(each.resolve())


def prune(home: Path) -> None:
    """Keep the latest trees; one that somebody works with is left alone, and so is what another process makes."""
    whole = sorted((each for each in home.iterdir() if (each / _MADE).exists()), key=lambda each: each.stat().st_mtime, reverse=True)
    for each in whole[_KEPT:]:
        with suppress(BlockingIOError, OSError), (home / f"{each.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(each, ignore_errors=True)


def _wait(lock: int, kind: int, stop: Event | None) -> None:
    """Take the lock, which ends with the process that holds it."""
    while True:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if (stop or Event()).wait(0.1):
                raise process.Stopped("Waiting for the packages was stopped.") from None
        else:
            return


def has_lock(names: Sequence[str]) -> bool:
    """Whether there is a lock file among these. Pure."""
    return bool(LOCKS & set(names))
