"""Have the remote prove that it holds a commit.

A remote names a tag whose commit it has lost, and a fetch into our clone asks for nothing that is there already. So this
fetches into an empty repository: one commit without its history, and where the host can (the large ones do) without its files.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from threading import Event

from ops.services.git.program import Program
from ops.services.git.trouble import Trouble, trouble

_FOUND = "refs/found"
_LOST = frozenset({Trouble.NO_BRANCH, Trouble.LOST, Trouble.BROKEN})


def given_out(program: Program, tag: str, stop: Event | None) -> str | None:
    """The commit that the remote gives out for a tag, or None if it cannot."""
    with tempfile.TemporaryDirectory(prefix="backstop-proof-") as made:
        place = _empty(Path(made))
        remote = ("-c", f"remote.origin.url={program.address.url}")
        words = ("fetch", "--no-tags", "--no-write-fetch-head", "--depth=1", "--filter=tree:0", "origin", f"{tag}:{_FOUND}")
        fetched = program.at(place, *remote, *words, stop=stop)
        if fetched.code and trouble(fetched.err) in _LOST:
            return None
        program.require(fetched)
        return (place / _FOUND).read_text("ascii").strip()


def _empty(place: Path) -> Path:
    """The least that git takes for a repository."""
    (place / "objects").mkdir()
    (place / "refs").mkdir()
    (place / "HEAD").write_text("ref: refs/heads/none\n", "ascii")
    return place
