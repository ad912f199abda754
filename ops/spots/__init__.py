"""Spot checks: rows of the tables that the settings name are counted and some are looked at, in an archive, in a niced process.

An archive whose bytes are sound can still hold nothing that anybody needs: no active membership, no order of this week.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ops.errors import Failed
from ops.services import process
from ops.settings import SpotCheck

__all__ = ["Spot", "look", "tried"]

log = logging.getLogger(__name__)

DEADLINE = 1800.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Spot:
    """What one check found."""

    what: str  # in words
    found: int
    at_least: int
    sample: tuple[str, ...] = ()  # the ids that were drawn
    unknown: str = ""  # why nobody could look
    misnamed: str = ""  # what the settings name that the archive does not have: it says nothing of the rows

    @property
    def good(self) -> bool:
        """Whether there were enough."""
        return self._told and self.found >= self.at_least

    @property
    def wanting(self) -> bool:
        """Whether it was looked at, and there were too few."""
        return self._told and self.found < self.at_least

    @property
    def _told(self) -> bool:
        """Whether the look says anything of the rows."""
        return not self.unknown and not self.misnamed

    @property
    def sentence(self) -> str:
        """For a report."""
        if self.unknown:
            return f"{self.what} could not be looked at: {self.unknown}"
        if self.misnamed:
            return f"[[spot_check]] names {self.misnamed}: look whether the name is right"
        drawn = f"; drawn: {', '.join(self.sample)}" if self.sample else ""
        return f"{self.what}: {self.found}{'' if self.good else f', and {self.at_least} are wanted'}{drawn}"


def look(  # noqa: PLR0913 # the facts of one look, all named
    path: Path, checks: Sequence[SpotCheck], *, at: datetime, seed: int, stop: threading.Event, known: Collection[str] = ()
) -> list[Spot]:
    """Look at an archive as the settings say.

    Args:
        path: the archive.
        checks: of the settings.
        at: the moment of which its rows are; "recent" counts from there.
        seed: which rows are drawn.
        stop: ends the look.
        known: tables that there were in some backup: where this one lacks them rows are missing, and no name is wrong.

    Raises:
        Failed: the look itself could not be taken.
    """
    if not checks:
        return []
    with tempfile.TemporaryDirectory(prefix="backstop-") as folder:
        asked: dict[str, Any] = {"path": str(path.absolute()), "at": at.timestamp(), "seed": seed, "known": sorted(known)}
        asked["checks"] = [each.model_dump(mode="json") for each in checks]
        (Path(folder) / "asked.json").write_text(json.dumps(asked))
        try:
            finished = process.run(
                [sys.executable, "-m", "ops.spots", folder],
                cwd=Path(__file__).parents[2],
                environ={},
                deadline=DEADLINE,
                stop=stop,
            )
        except process.TimedOut:
            raise Failed(f"The spot checks took longer than {DEADLINE:g} seconds.", "Look at the machine's memory and disk.") from None
        answered = Path(folder) / "answered.json"
        if finished.code or not answered.exists():
            log.error("spot checks ended with code %s: %s", finished.code, finished.err)
            raise Failed(f"The spot checks ended early (code {finished.code}).", "Look at the machine's memory and disk.")
        return [load(each) for each in json.loads(answered.read_bytes())]


def tried(  # noqa: PLR0913 # as above
    path: Path, checks: Sequence[SpotCheck], *, at: datetime, seed: int, stop: threading.Event, known: Collection[str] = ()
) -> list[Spot]:
    """The same; where nobody could look each check says so, and why: that keeps nobody from going back.

    Raises:
        Stopped: the look was ended.
    """
    try:
        return look(path, checks, at=at, seed=seed, stop=stop, known=known)
    except process.Stopped:
        raise
    except Failed as error:
        why = error.message
    except OSError as error:
        why = f"{error.strerror}."
    return [Spot(what=each.words, found=0, at_least=each.at_least, unknown=why) for each in checks]


def load(kept: Mapping[str, Any]) -> Spot:
    """From JSON."""
    return Spot(**{**kept, "sample": tuple(kept["sample"])})


def misnamed(result: Mapping[str, Any]) -> list[str]:
    """What the settings name that the backup does not have, as the proof in an operation's result has it. Pure."""
    found = [load(each) for each in (result.get("proof") or {}).get("spots", ())]
    return list(dict.fromkeys(each.sentence for each in found if each.misnamed))


def dump(spots: Sequence[Spot]) -> list[dict[str, Any]]:
    """As JSON."""
    return [{**asdict(each), "sample": list(each.sample)} for each in spots]
