"""A commit's files in a folder of their own, for the time of a step: never the user's checkout, and nothing left of a crash.

A ``.env`` that the app's commit carries would lead the Convex CLI to another deployment, so it is not written.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from ops import held
from ops.services.git.repository import Repository
from ops.services.git.trouble import GitFailed


@dataclass(frozen=True, kw_only=True)
class Worktree:
    """The files of one commit."""

    path: Path
    removed: tuple[str, ...]  # what was not taken over, from the root of the repository


class Worktrees(Repository):
    """Commits written out as files."""

    @contextmanager
    def worktree(self, commit: str, home: Path, folder: str = ".", *, stop: Event | None = None) -> Iterator[Worktree]:
        """A commit's files below ``home``, gone afterwards; ``folder`` is the app's inside the repository."""
        self._in_clone(lambda: self._need((commit,), stop), stop)
        with ExitStack() as held_by_us:
            try:
                path = held_by_us.enter_context(held.folder(home, f"{commit[:7]}-"))
            except OSError as error:
                raise GitFailed(
                    f"{home} cannot be written: {error.strerror}.", "Make room there, or give the folder to our user."
                ) from None
            files = path / "files"
            files.mkdir()
            self.program.write_files(commit, files, path / "index", stop=stop)
            yield Worktree(path=files, removed=tuple(_without_settings(files, folder)))


def _without_settings(files: Path, folder: str) -> Iterator[str]:
    """Remove what would lead the Convex CLI elsewhere; the names of what was removed."""
    for place in dict.fromkeys((files, files / folder)):
        for found in sorted(place.glob(".env*")) if place.is_dir() else ():
            if found.name == ".env" or found.name.startswith(".env."):
                shutil.rmtree(found) if found.is_dir() and not found.is_symlink() else found.unlink()
                yield str(found.relative_to(files))
