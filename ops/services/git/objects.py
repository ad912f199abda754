"""Read refs, commits and files of the clone through GitPython: a git process or two a question, and little parsing of ours.

GitPython hands them our whole environment; they read our own files, run nothing of anybody's, and talk to nobody.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ops.services.git.trouble import Broken, GitFailed

if TYPE_CHECKING:
    import git

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 120.0  # seconds for a walk through history
_SCHEMAS = ("schema.ts", "schema.js")


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit, as far as people need it."""

    hash: str  # 40 hex digits
    message: str  # its first line
    author: str
    at: datetime  # when it was committed; aware


def head(clone: Path, branch: str) -> Commit:
    """The commit of a branch as it was last fetched."""
    from git import SymbolicReference

    with _opened(clone) as repo:
        found = SymbolicReference.dereference_recursive(repo, f"refs/remotes/origin/{branch}")
        return _commit(repo, str(found))


def missing(clone: Path, hashes: Iterable[str]) -> list[str]:
    """Which of these are not commits in the clone."""
    with _opened(clone) as repo:
        return [wanted for wanted in hashes if not _is_commit(repo, wanted)]


def changed(clone: Path, old: str, new: str, paths: Collection[str]) -> list[str]:
    """Files that differ between two commits, under these paths (all if none)."""
    command = ["git", "diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new, "--", *paths]
    return [name for name in _answer(clone, command).split("\0") if name]


def count(clone: Path, old: str, new: str) -> int:
    """How many commits the new one has that the old one has not."""
    return int(_answer(clone, ["git", "rev-list", "--count", f"{old}..{new}"]))


def log(clone: Path, old: str, new: str, limit: int) -> list[Commit]:
    """Those commits, newest first."""
    hashes = _answer(clone, ["git", "rev-list", f"--max-count={limit}", f"{old}..{new}"]).split()
    with _opened(clone) as repo:
        return [_commit(repo, found) for found in hashes]


def is_ancestor(clone: Path, old: str, new: str) -> bool:
    """Whether the new commit has the old one in its history, or is it."""
    return not _answer(clone, ["git", "rev-list", "--max-count=1", old, f"^{new}"]).strip()


def merged_at(clone: Path, tip: str, into: str) -> datetime | None:
    """When a commit was merged into a branch: when the first commit of its main line after it was made.

    None if it is not in there, or is itself a commit of the main line: that was never merged, and what points there may be new.
    """
    if not is_ancestor(clone, tip, into):
        return None
    line = _answer(clone, ["git", "log", "--first-parent", "--ancestry-path", "--format=%ct %P", f"{tip}..{into}"]).splitlines()
    if not line:
        return None
    at, before, *_ = line[-1].split()
    return None if before == tip else datetime.fromtimestamp(int(at), UTC)


def authors(clone: Path, old: str, new: str) -> list[tuple[str, int]]:
    """Who wrote the commits that the new one has and the old one has not, most first."""
    names = _answer(clone, ["git", "log", "--format=%an", f"{old}..{new}"]).splitlines()
    return Counter(_printable(name) for name in names).most_common()


def uses(clone: Path, commit: str, pattern: str, folder: str) -> list[str]:
    """What an extended regular expression finds in the text files of a commit, each once."""
    command = ["git", "grep", "-I", "-h", "-o", "-E", pattern, commit, "--", *([] if folder in {"", "."} else [folder])]
    with _opened(clone) as repo:
        _, found, _ = repo.git.execute(command, with_extended_output=True, with_exceptions=False, kill_after_timeout=_LONGEST)
    return sorted(set(str(found).splitlines()))


def candidates(clone: Path, abbreviation: str) -> list[str]:
    """The commits whose hash begins so."""
    found = _answer(clone, ["git", "rev-parse", f"--disambiguate={abbreviation}"]).split()
    with _opened(clone) as repo:
        return [each for each in found if _is_commit(repo, each)]


def commit(clone: Path, found: str) -> Commit:
    """A commit by its full hash."""
    with _opened(clone) as repo:
        return _commit(repo, found)


def schema(clone: Path, commit: str, folder: str) -> bytes | None:
    """The Convex schema's file in a commit, or None where it has none."""
    with _opened(clone) as repo:
        return _schema(_commit_object(repo, commit).tree, folder)


def functions_folder(clone: Path, commit: str, folder: str) -> str:
    """Where the Convex functions lie in a commit, from the repository's root."""
    with _opened(clone) as repo:
        tree = _commit_object(repo, commit).tree
        return posixpath.normpath(posixpath.join(folder, _functions(_file(tree, folder, "convex.json"))))


def manifests(clone: Path, commit: str, names: Collection[str]) -> str:
    """What git says of every file of these names in a commit: their modes, ids and paths."""
    listed = _answer(clone, ["git", "ls-tree", "-r", "-z", "--full-tree", commit]).split("\0")
    return "\n".join(line for line in listed if posixpath.basename(line.partition("\t")[2]) in names)


def schema_hash(clone: Path, commit: str, folder: str) -> str | None:
    """SHA-256 of the Convex schema's file, or None where that commit has none."""
    found = schema(clone, commit, folder)
    return None if found is None else hashlib.sha256(found).hexdigest()


@contextmanager
def _opened(clone: Path) -> Iterator[git.Repo]:
    """The clone, open; whatever GitPython stumbles over in it is damage."""
    try:
        from git import Repo
    except ImportError:
        raise GitFailed("There is no git on this machine.", "Install it: `apt install git`.") from None
    try:
        with Repo(clone, expand_vars=False) as repo:
            repo.git.update_environment(GIT_DIR=str(clone), GIT_LITERAL_PATHSPECS="1")  # whatever stands in our own environment
            yield repo
    except Exception as error:  # a damaged object makes GitPython raise nearly anything
        raise Broken(f"The clone at {clone} cannot be read.", "Remove it; it is made anew at the next backup.") from error


def _answer(clone: Path, command: list[str]) -> str:
    """What a command that walks history says; it is never cut short, however long."""
    with _opened(clone) as repo:
        return str(repo.git.execute(command, kill_after_timeout=_LONGEST))


def _is_commit(repo: git.Repo, wanted: str) -> bool:
    """Whether an object is there and is a commit."""
    try:
        return bool(repo.odb.stream(bytes.fromhex(wanted)).type == b"commit")
    except ValueError:  # GitPython's word for an object that git does not find
        return False


def _commit_object(repo: git.Repo, found: str) -> git.Commit:
    """GitPython's commit of a full hash."""
    from git import Commit as GitCommit

    return GitCommit(repo, bytes.fromhex(found))


def _commit(repo: git.Repo, found: str) -> Commit:
    """What people need of a commit."""
    commit = _commit_object(repo, found)
    message = commit.message if isinstance(commit.message, str) else commit.message.decode("utf-8", "replace")
    first = next(iter(message.strip().splitlines()), "")
    author = commit.author.name or commit.author.email or ""
    return Commit(hash=found, message=_printable(first), author=_printable(author), at=_time(commit.committed_date))


def _printable(text: str) -> str:
    """A text of somebody else's, without control characters."""
    return "".join(c for c in text if c.isprintable()).strip()


def _time(seconds: int) -> datetime:
    """A commit's time; one that no calendar has is the epoch."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return _EPOCH


def _schema(tree: git.Tree, folder: str) -> bytes | None:
    """The schema's file in a tree."""
    functions = _functions(_file(tree, folder, "convex.json"))
    found = (_file(tree, folder, functions, name) for name in _SCHEMAS)
    return next((content for content in found if content is not None), None)


def _functions(convex_json: bytes | None) -> str:
    """The folder of the Convex functions, by default ``convex``."""
    try:  # Source: https://docs.convex.dev/production/project-configuration
        named = json.loads(convex_json or b"{}").get("functions")
    except (ValueError, AttributeError):
        named = None
    return named if isinstance(named, str) and named else "convex"


def _file(tree: git.Tree, *parts: str) -> bytes | None:
    """A file's bytes, or None where there is none at that path."""
    path = posixpath.normpath(posixpath.join(*parts))
    try:
        found = tree.join(path)
    except KeyError:
        return None
    return bytes(found.data_stream.read()) if found.type == "blob" else None
