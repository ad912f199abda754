"""What may be asked of git by name: nothing that somebody typed becomes an option, a path or another ref. Pure."""

from __future__ import annotations

import re

from ops.errors import UnknownBackup
from ops.services.git.trouble import GitFailed

TAGS = "refs/tags/backstop/"
HEADS = "refs/heads/"
_ID = re.compile(r"(quick|full)-\d{13}")
_HASH = re.compile(r"[0-9a-f]{40}")
# Source: https://git-scm.com/docs/git-check-ref-format
_IMPOSSIBLE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^/|/$|\.$|(^|/)\.|\.lock(/|$)|^$")


def is_branch_name(name: str) -> bool:
    """Whether git could have a branch of this name."""
    return not _IMPOSSIBLE.search(name)


def is_ref(name: str) -> bool:
    """Whether this could name a branch, a tag or a commit: nothing that git would read as an option, a range or a step back."""
    return is_branch_name(name) and not name.startswith("-") and name not in {"HEAD", "@"}


def is_abbreviation(name: str) -> bool:
    """Whether this could be a commit's hash, in full or in part."""
    return bool(re.fullmatch(r"[0-9a-f]{7,40}", name))


def is_backup_id(name: str) -> bool:
    """Whether this is the id of a backup."""
    return bool(_ID.fullmatch(name))


def tag(backup_id: str) -> str:
    """The tag that holds a backup's commit.

    Raises:
        UnknownBackup: it is no backup id.
    """
    if not is_backup_id(backup_id):
        raise UnknownBackup(f"“{shown(backup_id)}” is no backup id.", "An id looks like `full-1701450000000`.")
    return f"{TAGS}{backup_id}"


def require_hash(commit: str) -> None:
    """Take a commit by its full hash only.

    Raises:
        GitFailed: it is none.
    """
    if not _HASH.fullmatch(commit):
        raise GitFailed(f"“{shown(commit)}” is no commit.", "A commit is written in full, as 40 digits and letters a to f.")


def shown(name: str) -> str:
    """A name that somebody typed, fit for a sentence."""
    return "".join(c for c in name[:60] if c.isprintable())
