"""The scenarios of the document, and the archives that make them: everything gone, or one table corrupted."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ops import damages
from ops.archive import Table
from ops.archive.layout import ROWS, TABLES
from ops.archive.words import STORAGE
from ops.errors import Refused


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One of them."""

    letter: str
    title: str
    what: str  # what people are told before they look
    missing: str = ""  # what Backstop does not have yet to drill it


SCENARIOS: Mapping[str, Scenario] = {
    each.letter: each
    for each in (
        Scenario(letter="A", title="Complete database loss", what="Something has happened to the database of staging. Find out what."),
        Scenario(letter="B", title="Corrupted data in a critical table", what="People report wrong data in staging. Find out which table."),
        Scenario(letter="C", title="Lost environment variables", what="", missing="the backup of variables"),
        Scenario(letter="D", title="Lost third-party configuration", what="", missing="the backup of third-party configuration"),
    )
}


def find(letter: str) -> Scenario:
    """A scenario by its letter.

    Raises:
        Refused: there is none, or it cannot be drilled yet.
    """
    found = SCENARIOS.get(letter.strip().upper())
    if found is None:
        raise Refused(f"There is no scenario “{letter[:20]}”.", "`/drill start A` (complete loss) or `/drill start B` (a corrupted table).")
    if found.missing:
        raise Refused(f"Scenario {found.letter} ({found.title.lower()}) needs {found.missing}, which is not there yet.", "Drill A or B.")
    return found


def struck(tables: Mapping[str, Table], seed: int) -> str:
    """The table that scenario B corrupts: one with rows, by the seed. Pure."""
    full = sorted(name for name, table in tables.items() if table.rows > 1 and not name.startswith("_"))
    if not full:
        raise Refused("No table of that backup has two rows, so none can be corrupted.", "Drill A, or choose another backup.")
    return random.Random(seed).choice(full)  # a choice that can be repeated, not a secret


def make(letter: str, source: Path, target: Path, table: str) -> None:
    """Write the archive of the disaster: every table empty, or one without half of its rows."""
    folder = "/".join(f"_components/{part}" for part in table.split("/")[:-1])
    meant = f"{folder}/{table.rsplit('/', maxsplit=1)[-1]}/{ROWS}".lstrip("/")

    def left(member: str) -> damages.Edit | None:
        if not member.endswith(f"/{ROWS}") or f"{TABLES}/" in member or member.endswith(f"{STORAGE}/{ROWS}"):
            return None  # stored files stay where they are: their list too, or what is imported would be files without one
        if letter == "A":
            return lambda _rows: ()
        return (lambda rows: islice(rows, 0, None, 2)) if member == meant else None

    damages.again(source, target, left)
