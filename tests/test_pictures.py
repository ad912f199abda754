"""What a picture says to those who do not see it, and that it is one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import pictures
from ops.drill import Drilled

PHASES = ("detect", "decide", "restore", "verify")
FIRST = datetime(2026, 1, 5, tzinfo=UTC)


def drilled(number: int, seconds: float) -> Drilled:
    return Drilled(
        operation_id=str(number), scenario="AB"[number % 2], at=FIRST + timedelta(days=30 * number), seconds=dict.fromkeys(PHASES, seconds),
        total=4 * seconds, rto=1800, loss=60, rpo=86400, backup="full-1", seen="orders", table="", by=("U1", "U2"), blockers=(),
    )  # fmt: skip


@pytest.mark.parametrize("seconds", [0.0, 0.2, 20.0, 7200.0])
def test_one_drill_alone_is_drawn_however_long_it_took(tmp_path: Path, seconds: float) -> None:
    picture = pictures.drills([drilled(0, seconds)], tmp_path)
    assert picture.content.startswith(b"\x89PNG")
    assert int.from_bytes(picture.content[16:20], "big") == 1080


def test_the_words_name_the_last_drills_and_what_is_promised(tmp_path: Path) -> None:
    said = pictures.drills([drilled(number, 60.0 * number) for number in range(20)], tmp_path).alt
    assert "2026-01-05" not in said
    assert "2027-07-29 B 1 h 16 m" in said
    assert said.endswith("Promised: 30 m 00 s.")
    assert said.count(",") == 7
