"""A9: times in which nothing is deployed, in the team's zone and over both changes of its clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ops.errors import WrongSetting
from ops.freezes import frozen
from ops.settings import Freeze, Settings, parse

MELBOURNE = "Australia/Melbourne"
WEEKEND = Freeze.model_validate({"from": "fri 16:00", "until": "mon 08:00", "why": "weekend"})
NIGHT = Freeze.model_validate({"from": "sun 01:30", "until": "sun 03:30"})
HOLIDAYS = Freeze.model_validate({"from": "2026-12-24 00:00", "until": "2026-12-27 00:00", "why": "holidays"})


def at(text: str, zone: str = MELBOURNE) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("when", "on"),
    [
        ("2026-03-06T15:59", False),
        ("2026-03-06T16:00", True),
        ("2026-03-08T12:00", True),
        ("2026-03-09T07:59", True),
        ("2026-03-09T08:00", False),
        ("2026-03-11T12:00", False),
    ],
)
def test_a_weekly_freeze_goes_over_the_end_of_the_week(when: str, on: bool) -> None:
    assert (frozen([WEEKEND], MELBOURNE, at(when)) is not None) is on


def test_a_dated_freeze_is_on_between_its_dates_and_says_until_when_and_why() -> None:
    assert frozen([HOLIDAYS], MELBOURNE, at("2026-12-23T23:59")) is None
    found = frozen([HOLIDAYS], MELBOURNE, at("2026-12-25T10:00"))
    assert found
    assert found.sentence == "Deploys are frozen until 2026-12-27 00:00 (Australia/Melbourne): holidays."
    assert frozen([HOLIDAYS], MELBOURNE, at("2026-12-27T00:00")) is None


@pytest.mark.parametrize(
    ("utc", "on"),
    [
        ("2026-04-04T14:29", False),  # the clock goes back on 5 April at 03:00: 02:30 comes twice
        ("2026-04-04T14:30", True),
        ("2026-04-04T15:45", True),
        ("2026-04-04T16:45", True),
        ("2026-04-04T17:30", False),
        ("2026-10-03T15:30", True),  # it goes forward on 4 October at 02:00: 02:30 never comes
        ("2026-10-03T16:15", True),
        ("2026-10-03T16:30", False),
    ],
)
def test_both_changes_of_the_clock_lie_in_it_as_the_wall_clock_reads(utc: str, on: bool) -> None:
    assert (frozen([NIGHT], MELBOURNE, datetime.fromisoformat(utc).replace(tzinfo=UTC)) is not None) is on


def test_a_freeze_may_have_a_zone_of_its_own() -> None:
    elsewhere = Freeze.model_validate({"from": "fri 16:00", "until": "fri 17:00", "zone": "America/New_York"})
    assert frozen([elsewhere], MELBOURNE, at("2026-03-06T16:30")) is None
    assert frozen([elsewhere], MELBOURNE, at("2026-03-06T16:30", "America/New_York"))


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ({"from": "freitag 16:00", "until": "mon 08:00"}, "a day and time such as"),
        ({"from": "fri 25:00", "until": "mon 08:00"}, "a day and time such as"),
        ({"from": "fri 16:00", "until": "2026-12-27 00:00"}, "both ends are days of the week, or both are dates"),
        ({"from": "2026-12-27 00:00", "until": "2026-12-24 00:00"}, "a freeze ends after it begins"),
        ({"from": "fri 16:00", "until": "mon 08:00", "zone": "Mars"}, "a zone such as"),
    ],
)
def test_a_wrong_freeze_stops_the_start_with_one_line(tmp_path: Path, window: dict[str, str], said: str) -> None:
    values = {"app": {"repository": "x"}, "convex": {"production": {"name": "s"}}, "gate": {"freeze": [window]}}
    with pytest.raises(WrongSetting) as wrong:
        parse(Settings, values, tmp_path)
    assert said.lower() in str(wrong.value).lower()
    assert "gate.freeze.0" in str(wrong.value)
