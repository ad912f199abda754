"""The process that looks: ``python -m ops.spots FOLDER``, which holds asked.json and gets answered.json."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ops.archive.ahead import contents
from ops.archive.counting import lines
from ops.archive.layout import read
from ops.settings import SpotCheck
from ops.spots import Spot, dump

_DAY = 86_400.0  # seconds


@dataclass
class Tally:
    """One check while the rows go by: how many match, and a fair sample of their ids."""

    check: SpotCheck
    at: float
    chance: random.Random
    there: bool  # whether this archive, or another, has its table
    rows: int = 0  # of the table
    found: int = 0
    sample: list[str] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)  # fields that it names, until a row has them

    def see(self, row: Mapping[str, Any]) -> None:
        """One row of its table."""
        self.rows += 1
        self.unseen.difference_update(row if self.unseen else ())
        if not matches(row, self.check, self.at):
            return
        self.found += 1
        if len(self.sample) < self.check.sample:
            self.sample.append(str(row["_id"]))
        elif self.check.sample and (place := self.chance.randrange(self.found)) < self.check.sample:
            self.sample[place] = str(row["_id"])

    def spot(self) -> Spot:
        """What came of it."""
        drawn = tuple(sorted(self.sample))
        return Spot(what=self.check.words, found=self.found, at_least=self.check.at_least, sample=drawn, misnamed=self.misnamed())

    def misnamed(self) -> str:
        """What the settings name and the archive does not have; a table without rows says nothing of its fields."""
        if not self.there:
            return f"the table “{self.check.table}”, which this backup does not have"
        if self.rows and self.unseen:
            return f"the field “{min(self.unseen)}” of “{self.check.table}”, which no row of this backup has"
        return ""


def matches(row: Mapping[str, Any], check: SpotCheck, at: float) -> bool:
    """Whether a row is one of those that are counted. Pure."""
    if any(not _is(row.get(name), wanted) for name, wanted in check.where.items()):
        return False
    return check.within_days is None or float(row.get("_creationTime", 0)) / 1000 >= at - check.within_days * _DAY


def _is(found: object, wanted: object) -> bool:
    """Whether a field holds it; ``true`` is not 1, though Python says so. Pure."""
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def look(path: Path, checks: Sequence[SpotCheck], at: float, seed: int, known: Collection[str] = ()) -> list[Spot]:
    """All checks in one pass over the archive."""
    members = read(path)
    tables = {*known, *(member.table for member in members)}
    tallies = [
        Tally(check, at, random.Random(f"{seed}-{place}"), there=check.table in tables, unseen=set(check.where))  # repeatable, no secret
        for place, check in enumerate(checks)
    ]
    with contents(path, members, busy=False) as opened:
        for member in members:
            mine = [tally for tally in tallies if tally.check.table == member.table]
            for row in _rows(lines(opened.blocks(member), member)) if mine else _passed(opened.blocks(member)):
                for tally in mine:
                    tally.see(row)
    return [tally.spot() for tally in tallies]


def _rows(several: Iterable[list[bytes]]) -> Iterator[Mapping[str, Any]]:
    """Every row of a table."""
    return (orjson.loads(row) for rows in several for row in rows)


def _passed(blocks: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """The members come in the order of the file, and none is left out."""
    for _ in blocks:
        pass
    return iter(())


def main(folder: Path) -> None:
    """Look, and write down what was found."""
    os.nice(19)
    asked = json.loads((folder / "asked.json").read_bytes())
    checks = [SpotCheck.model_validate(each) for each in asked["checks"]]
    found = look(Path(asked["path"]), checks, asked["at"], asked["seed"], asked["known"])
    (folder / "answered.json").write_text(json.dumps(dump(found)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
