"""A commit ready to be pushed: its files without anybody's settings, with its own packages."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from ops.errors import Refused
from ops.services import packages
from ops.services.git import Git
from ops.settings import App, Settings


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A commit's files with its packages."""

    path: Path  # the root of the repository
    app: Path  # the app's folder in it
    removed: tuple[str, ...]  # settings files that were not taken over
    installed: bool  # False: the packages were kept from a commit with the same lock file


@contextmanager
def workspace(
    git: Git, settings: Settings, commit: str, *, stop: Event | None, said: Callable[[str], None] = lambda _line: None
) -> Iterator[Workspace]:
    """A commit's files and packages, for the time of the block.

    Raises:
        Refused: without a lock file nobody knows what would be installed.
        Failed: the packages could not be installed.
    """
    app, state = settings.app, settings.state.absolute()
    manifests = git.manifests(commit, packages.DECIDING, stop=stop)
    require_lock(app, commit, manifests)
    with (
        git.worktree(commit, state / "worktrees", app.folder, stop=stop) as tree,
        packages.installed(
            tree.path,
            app.folder,
            command=app.install,
            digest=packages.key(app.install, manifests),
            home=state / "packages",
            deadline=float(settings.convex.deadline),
            stop=stop,
            said=said,
        ) as fresh,
    ):
        yield Workspace(path=tree.path, app=tree.path / app.folder, removed=tree.removed, installed=fresh)


def require_lock(app: App, commit: str, manifests: str) -> None:
    """Refuse a commit without a lock file, where the command is the usual one that needs it.

    Raises:
        Refused: what it is installed by is not written down anywhere.
    """
    names = [posixpath.basename(line.partition("\t")[2]) for line in manifests.splitlines()]
    if app.install.startswith("npm ci") and not packages.has_lock(names):
        raise Refused(
            f"Commit {commit[:6]} has no lock file, so nobody can say which packages it was tested with.",
            "Commit package-lock.json, or set `[app] install` to the command that installs them.",
        )
