"""Git: what the remote has, the tags that hold our commits there, and reading in a bare clone of our own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

from ops.errors import Failed


class GitFailed(Failed):
    """Git could not do it; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit, as far as people need it."""

    hash: str  # 40 hex digits
    message: str  # its first line
    author: str
    at: datetime


class Git:
    """The app's repository."""

    def __init__(self, repository: str, clone: Path, *, deadline: float = 120.0, first_deadline: float = 1800.0) -> None:
        self.repository = repository
        self.clone = clone
        self.deadline = deadline
        self.first_deadline = first_deadline

    def fetch(self, *, stop: Event | None = None) -> None:
        """Bring every branch, and our tags."""
        raise NotImplementedError

    def head(self, branch: str, *, stop: Event | None = None) -> Commit:
        """The newest commit of a branch, as the remote has it."""
        raise NotImplementedError

    def anchor(self, backup_id: str, commit: str, *, stop: Event | None = None) -> None:
        """Tag a commit at the remote; no-op when the tag is there at that commit."""
        raise NotImplementedError

    def drop_anchor(self, backup_id: str, *, stop: Event | None = None) -> None:
        """Remove a tag of ours at the remote; no-op when it is not there."""
        raise NotImplementedError

    def anchors(self, *, stop: Event | None = None) -> dict[str, str]:
        """Our tags at the remote: the commit of each backup."""
        raise NotImplementedError

    def at_remote(self, backup_id: str, commit: str, *, stop: Event | None = None) -> bool:
        """Whether a backup's tag is at the remote, at that commit."""
        raise NotImplementedError

    def changed(self, old: str, new: str, paths: Collection[str] = ()) -> list[str]:
        """Files under these paths that differ between two commits."""
        raise NotImplementedError

    def count(self, old: str, new: str) -> int:
        """How many commits the new one has that the old one has not."""
        raise NotImplementedError

    def log(self, old: str, new: str, limit: int = 50) -> Sequence[Commit]:
        """Those commits, newest first."""
        raise NotImplementedError

    def schema_hash(self, commit: str, folder: str = ".") -> str | None:
        """SHA-256 of the Convex schema in a commit, or None where it has none."""
        raise NotImplementedError
