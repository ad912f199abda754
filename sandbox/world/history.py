"""How the sample app came to be: its commits, by several people, over some weeks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.world.repository import NADIA, PRIYA, PRODUCTION, SOURCE, TOMAS, WEI, Author, Repository

APP = Path(__file__).resolve().parent.parent / "app"
"""The sample app as it is now."""


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One commit: the files that it brought, and how they read before a later one mended them."""

    author: Author
    hours: float  # before the sandbox was first started
    message: str
    files: tuple[str, ...] = ()
    was: tuple[tuple[str, str], ...] = ()  # (as it is now, as it was)


_ROUNDED = "return Math.round(cents - deposit * 100) / 100;"
_CENTS = "/** Cents, rounded once at the end: rounding each line loses a cent now and then. */\n"
_DEPOSIT = ", deposit = 0): number"
_PHONE = "    phone: v.optional(v.string()),\n"
_NOTED = "- Take the deposit off the invoice's total\n"

HISTORY = (
    Commit(author=NADIA, hours=1510, message="Begin", files=("README.md", ".gitignore", ".npmrc", "package.json", "package-lock.json")),
    Commit(
        author=NADIA,
        hours=1502,
        message="Describe the data",
        files=("convex/schema.ts", "convex/tsconfig.json", "convex/_generated"),
        was=((_PHONE, ""),),
    ),
    Commit(author=TOMAS, hours=1340, message="Read settings from the database", files=("convex/settings.ts",)),
    Commit(
        author=TOMAS,
        hours=1171,
        message="Take orders",
        files=("convex/orders.ts", "convex/money.ts"),
        was=((_ROUNDED, "return cents / 100;"), (_CENTS, ""), (_DEPOSIT, "): number")),
    ),
    Commit(author=WEI, hours=1003, message="Book rooms, and refuse one that is taken", files=("convex/bookings.ts",)),
    Commit(author=PRIYA, hours=862, message="Write invoices", files=("convex/invoices.ts",)),
    Commit(author=WEI, hours=531, message="Purge sessions that are over", files=("convex/sessions.ts",)),
    Commit(author=NADIA, hours=340, message="Keep a phone number with each user", files=("convex/schema.ts",)),
    Commit(
        author=PRIYA,
        hours=171,
        message="Say which room a booking is for in the confirmation",
        files=("CHANGES.md",),
        was=((_NOTED, ""),),
    ),
    Commit(
        author=TOMAS,
        hours=26,
        message="Round an invoice's total once, at the end",
        files=("convex/money.ts",),
        was=((_DEPOSIT, "): number"),),
    ),
    Commit(author=WEI, hours=5.2, message="Take the deposit off the invoice's total", files=("convex/money.ts", "CHANGES.md")),
)


def write(repository: Repository) -> None:
    """Make the remote, with ``master`` a merge behind what ``main`` will bring."""
    began = datetime.now(UTC)
    repository.create()
    for commit in HISTORY:
        for name in commit.files:
            _bring(name, commit, repository.work)
        repository.commit(commit.author, commit.message, began - timedelta(hours=commit.hours))
    repository.git("push", "--quiet", "origin", SOURCE, f"{SOURCE}:{PRODUCTION}")
    _ahead(repository, began)


def _ahead(repository: Repository, began: datetime) -> None:
    """What waits on ``main``."""
    note = repository.work / "CHANGES.md"
    note.write_text(note.read_text("utf-8").replace("production\n\n", "production\n\n- Show how many places a lesson has left\n"), "utf-8")
    repository.commit(PRIYA, "Show how many places a lesson has left", began - timedelta(hours=1.4))
    repository.git("push", "--quiet", "origin", SOURCE)


def _bring(name: str, commit: Commit, work: Path) -> None:
    """Put a file, or a folder of them, into the checkout as it read then."""
    for path in _files(APP / name):
        target = work / path.relative_to(APP)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        text = target.read_text("utf-8")
        for now, before in commit.was:
            text = text.replace(now, before)
        target.write_text(text, "utf-8")


def _files(path: Path) -> Iterator[Path]:
    """The files of a folder, or the file itself."""
    yield from (found for found in sorted(path.rglob("*")) if found.is_file()) if path.is_dir() else (path,)
