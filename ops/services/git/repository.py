"""The app's repository: what its remote has, and the tags that hold the commits of our backups there."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from threading import Event
from typing import TypeVar

from ops.services import process
from ops.services.git import address, names, objects, proof
from ops.services.git.clone import Clone
from ops.services.git.objects import Commit
from ops.services.git.program import Program
from ops.services.git.trouble import Broken, GitFailed, Trouble, keeps_ours, trouble

_SHOWN = 10  # branches in a remedy

T = TypeVar("T")


class NoSuchBranch(GitFailed):
    """The remote has no branch of that name."""


class AnchorTaken(GitFailed):
    """The backup's tag is at the remote, at another commit."""


class Repository:
    """The app's repository.

    Args:
        repository: an address or a path; credentials in it are never shown and never become an argument.
        clone: where our bare clone lies, or will.
        deadline: seconds for one git command.
        first_deadline: seconds for the fetch that brings the whole history.
    """

    def __init__(self, repository: str, clone: Path, *, deadline: float = 120.0, first_deadline: float = 1800.0) -> None:
        self.address = address.parse(repository)
        self.program = Program(self.address, clone, deadline)
        self.clone = Clone(clone, self.program)
        self.first_deadline = first_deadline

    def fetch(self, *, stop: Event | None = None) -> None:
        """Bring every branch, and our tags; a tag that somebody moved there stays here as it was."""
        self._in_clone(lambda: self._fetch_all(stop), stop)

    def head(self, branch: str, *, stop: Event | None = None) -> Commit:
        """The newest commit of a branch, as the remote has it.

        Raises:
            NoSuchBranch: with those there are.
        """
        found = self._in_clone(lambda: self._head(branch, stop), stop) if names.is_branch_name(branch) else None
        if found is None:
            raise self._no_such_branch(branch, stop)
        return found

    def branches(self, *, stop: Event | None = None) -> list[str]:
        """The names of the remote's branches."""
        listed = self._in_clone(lambda: self._listed(f"{names.HEADS}*", stop), stop)
        return sorted(ref.removeprefix(names.HEADS) for ref in listed)

    def anchor(self, backup_id: str, commit: str, *, stop: Event | None = None) -> None:
        """Tag a commit at the remote, so that a force-push and a clean-up there cannot lose it; no-op when it is done.

        Raises:
            AnchorTaken: the tag is there, at another commit.
        """
        tag = names.tag(backup_id)
        self._in_clone(lambda: self._push(tag, commit, stop), stop)

    def drop_anchor(self, backup_id: str, *, stop: Event | None = None) -> None:
        """Remove a backup's tag, there and here; no-op when it is gone."""
        tag = names.tag(backup_id)
        self._in_clone(lambda: self.program.run("push", "origin", f":{tag}", stop=stop), stop)
        self.program.attempt("update-ref", "-d", tag, stop=stop)

    def anchors(self, *, stop: Event | None = None) -> dict[str, str]:
        """Our tags at the remote: the commit of each backup."""
        listed = self._in_clone(lambda: self._listed(f"{names.TAGS}*", stop), stop)
        found = {ref.removeprefix(names.TAGS): commit for ref, commit in listed.items()}
        return {backup_id: commit for backup_id, commit in found.items() if names.is_backup_id(backup_id)}

    def at_remote(self, backup_id: str, commit: str, *, stop: Event | None = None) -> bool:
        """Whether a backup's tag is at the remote, at that commit, and the remote can still give that commit out."""
        return proof.given_out(self.program, names.tag(backup_id), stop) == commit

    def changed(self, old: str, new: str, paths: Collection[str] = (), *, stop: Event | None = None) -> list[str]:
        """Files that differ between two commits, under these paths (all if none)."""
        return self._read(lambda: objects.changed(self.clone.path, old, new, paths), (old, new), stop)

    def count(self, old: str, new: str, *, stop: Event | None = None) -> int:
        """How many commits the new one has that the old one has not."""
        return self._read(lambda: objects.count(self.clone.path, old, new), (old, new), stop)

    def log(self, old: str, new: str, limit: int = 50, *, stop: Event | None = None) -> list[Commit]:
        """Those commits, newest first."""
        return self._read(lambda: objects.log(self.clone.path, old, new, limit), (old, new), stop)

    def schema_hash(self, commit: str, folder: str = ".", *, stop: Event | None = None) -> str | None:
        """SHA-256 of the app's Convex schema in a commit, or None where it has none."""
        return self._read(lambda: objects.schema_hash(self.clone.path, commit, folder), (commit,), stop)

    def tidy(self, *, stop: Event | None = None) -> None:
        """Pack what many fetches left loose, if it is much; never part of a backup, which must be quick."""

        def pack() -> None:
            with self.clone.held(stop):
                self.program.run("-c", "gc.auto=6700", "gc", "--auto", "--quiet", stop=stop, deadline=self.first_deadline)

        self._in_clone(pack, stop)

    def _in_clone(self, work: Callable[[], T], stop: Event | None) -> T:
        """Do something with the clone; when it turns out broken, once more with a new one."""
        seen = self.clone.ensure(stop)
        try:
            return work()
        except Broken:
            self.clone.renew(seen, stop)
            return work()

    def _head(self, branch: str, stop: Event | None) -> Commit | None:
        """Fetch one branch and read it; None if there is none."""
        with self.clone.held(stop):
            fetched = self._bring(
                (
                    "origin",
                    f"+{names.HEADS}{branch}:refs/remotes/origin/{branch}",
                ),
                stop,
            )
            if fetched.code and trouble(fetched.err) is Trouble.NO_BRANCH:
                return None
            self.program.require(fetched)
            return objects.head(self.clone.path, branch)

    def _fetch_all(self, stop: Event | None) -> None:
        """Branches with those gone there gone here; tags without."""
        with self.clone.held(stop):
            self.program.require(self._bring(("--prune", "origin", f"+{names.HEADS}*:refs/remotes/origin/*"), stop))
            tags = self._bring(("origin", f"{names.TAGS}*:{names.TAGS}*"), stop)
            if not keeps_ours(tags.err):
                self.program.require(tags)

    def _bring(self, words: tuple[str, ...], stop: Event | None) -> process.Finished:
        """Fetch; the first time it may take long, so the remote has to answer something small before."""
        deadline = None
        if not self.clone.filled:
            self.program.run("ls-remote", "origin", "HEAD", stop=stop)
            deadline = self.first_deadline
        fetched = self.program.attempt("fetch", "--no-tags", "--no-write-fetch-head", *words, stop=stop, deadline=deadline)
        if not fetched.code:
            self.clone.fill()
        return fetched

    def _listed(self, pattern: str, stop: Event | None) -> dict[str, str]:
        """The remote's refs, each with the commit that it stands for in the end."""
        lines = (line.split("\t", 1) for line in self.program.run("ls-remote", "origin", pattern, stop=stop).splitlines())
        listed = sorted((ref, found) for found, ref in lines)  # a tag object comes before what it points to, "…^{}"
        return {ref.removesuffix("^{}"): found for ref, found in listed}

    def _push(self, tag: str, commit: str, stop: Event | None) -> None:
        """Push a commit as a tag; git itself refuses to move one."""
        self._need((commit,), stop)
        pushed = self.program.attempt("push", "origin", f"{commit}:{tag}", stop=stop)
        if pushed.code and trouble(pushed.err) is Trouble.TAKEN:
            raise AnchorTaken(
                f"The tag {tag.removeprefix('refs/tags/')} is already at {self.address.url}, not at commit {commit[:6]}.",
                "Another Backstop may use the same repository. Look at what the tag stands for before you remove it.",
            )
        self.program.require(pushed)

    def _read(self, reading: Callable[[], T], commits: tuple[str, ...], stop: Event | None) -> T:
        """Read in commits, which are fetched if they are not here."""

        def read() -> T:
            self._need(commits, stop)
            return reading()

        return self._in_clone(read, stop)

    def _need(self, commits: tuple[str, ...], stop: Event | None) -> None:
        """Have these commits here: by every branch and tag, then by name, which brings even what no branch holds any more."""
        for commit in commits:
            names.require_hash(commit)
        if not objects.missing(self.clone.path, commits):
            return
        self._fetch_all(stop)
        for commit in objects.missing(self.clone.path, commits):
            self._fetch_one(commit, stop)

    def _fetch_one(self, commit: str, stop: Event | None) -> None:
        """Fetch a commit by its name, and say where it is not."""
        with self.clone.held(stop):
            self._bring(("origin", commit), stop)
        if not objects.missing(self.clone.path, (commit,)):
            return
        self._require_undamaged(commit, stop)
        raise GitFailed(
            f"Commit {commit[:6]} is not in the repository at {self.address.url}.",
            "It was removed there after a force-push, or it belongs to another repository.",
        )

    def _require_undamaged(self, commit: str, stop: Event | None) -> None:
        """Tell a commit that is damaged here from one that is not here."""
        looked = self.program.attempt("cat-file", "-t", commit, stop=stop)
        if trouble(looked.err) is Trouble.BROKEN:
            self.program.require(looked)

    def _no_such_branch(self, branch: str, stop: Event | None) -> NoSuchBranch:
        """Say which branches there are."""
        there = self.branches(stop=stop)
        if not there:
            return NoSuchBranch(f"The repository at {self.address.url} has no commits yet.", "Push the app there, then try again.")
        more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        return NoSuchBranch(
            f"The repository at {self.address.url} has no branch “{names.shown(branch)}”.",
            f"It has {', '.join(there[:_SHOWN])}{more}. Correct `[app] production_branch`, or `source_branch`.",
        )
