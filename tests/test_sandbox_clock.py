"""The demo's clock: moved from the page, and the real bot, production and what stands around it live by it."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest

from sandbox.clock import MOVES, NEEDED, Clock, target
from sandbox.outside import MailServer, PagingServer
from tests.browser import require
from tests.test_demo import Demo, start, wait

__all__ = ["start"]  # a fixture

MELBOURNE, AUCKLAND = ZoneInfo("Australia/Melbourne"), ZoneInfo("Pacific/Auckland")
FAILED = "[P0] The automated backup did not succeed"
PAGED = ("The automated backup did not succeed", "the weekly test of the alerts")
SATURDAY = datetime(2026, 11, 28, 8, 30, tzinfo=UTC)


def in_melbourne(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MELBOURNE)


@pytest.mark.parametrize(
    ("move", "now", "then"),
    [
        ("hour", "2026-11-28 23:30", "2026-11-29 00:30"),
        ("tomorrow", "2026-10-03 23:30", "2026-10-04 09:01"),  # a night of 23 hours
        ("monday", "2026-11-28 08:30", "2026-11-30 09:01"),
        ("monday", "2026-11-30 09:00", "2026-11-30 09:01"),
        ("monday", "2026-11-30 09:01", "2026-12-07 09:01"),
        ("first monday", "2026-12-02 12:00", "2026-12-07 09:01"),
        ("first monday", "2026-12-07 12:00", "2027-01-04 09:01"),
        ("first monday", "2026-06-01 09:01", "2026-07-06 09:01"),  # 35 days, the longest way
    ],
)
def test_a_move_leads_to_the_next_such_time_in_the_teams_zone(move: str, now: str, then: str) -> None:
    assert target(in_melbourne(now), move) == in_melbourne(then)


@pytest.mark.parametrize("zone", [UTC, MELBOURNE, AUCKLAND])
def test_every_move_leads_forwards_at_whatever_hour_of_the_year(zone: Any) -> None:
    for hours in range(0, 366 * 24, 31):
        now = (SATURDAY + timedelta(hours=hours)).astimezone(zone)
        for move in MOVES:
            assert now.timestamp() < target(now, move).timestamp() <= now.timestamp() + 36 * 86_400


def moving(folder: Path) -> Clock:
    clock = Clock(folder, MELBOURNE)
    return clock if clock.can_move else require("faketime is not on this machine (apt-get install faketime)")


def test_the_clock_is_kept_and_a_file_that_was_cut_off_begins_anew(tmp_path: Path) -> None:
    clock = moving(tmp_path)
    assert (clock.ahead, clock.environ, clock.lost) == (0, {}, "")
    assert clock.move("monday").strftime("%a %H:%M") == "Mon 09:01"
    assert Clock(tmp_path, MELBOURNE).ahead == clock.ahead > 0
    (tmp_path / "clock.json").write_text('{"ahe')
    assert Clock(tmp_path, MELBOURNE).ahead == 0


def test_a_machine_without_faketime_is_told_what_is_needed_and_offers_no_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clock.json").write_text('{"ahead": 86400}')
    monkeypatch.setenv("PATH", str(tmp_path))
    clock = Clock(tmp_path, MELBOURNE)
    assert (clock.shown["needs"], clock.shown["moves"], clock.ahead, clock.environ) == (NEEDED, [], 0, {})
    assert "1 day, 0:00:00 ahead" in clock.lost
    with pytest.raises(RuntimeError, match="apt-get install faketime"):
        clock.check("monday")
    with pytest.raises(KeyError):
        clock.check("yesterday")


@pytest.fixture
def demo(start: Callable[[], Demo]) -> Demo:
    begun = start()
    begun.until_open()
    if begun.get("/production")["clock"]["needs"]:
        require("faketime is not on this machine (apt-get install faketime)")
    return begun


def command(demo: Demo, text: str) -> None:
    """Typed once the bot listens: one that was started anew posts before that."""
    wait(lambda: demo.state()["connected"])
    assert demo.post("/client/command", {"user": "U0ALICE", "channel": "C0ENGINEERING", "text": text}) == {"ok": True}


def told(demo: Demo, words: str, channel: str = "C0ENGINEERING") -> dict[str, Any]:
    """A message that says this, once it is there."""
    found: dict[str, Any] = wait(lambda: next((each for each in demo.state()["messages"][channel] if words in each["text"]), None))
    return found


def refusal(demo: Demo, body: dict[str, Any]) -> Any:
    with pytest.raises(urllib.error.HTTPError) as refused:
        demo.post("/production/clock", body)
    assert refused.value.code == 400
    return json.load(refused.value)


def next_monday(demo: Demo) -> datetime:
    return next(datetime.fromisoformat(each["at"]) for each in demo.get("/production")["clock"]["moves"] if each["move"] == "monday")


def has_heard(outside: dict[str, Any]) -> bool:
    """Whether the mail of what failed is there, and PagerDuty has that and the test of the alerts."""
    paged = " ".join(each["summary"] for each in outside["incidents"])  # what was due on the days that were left out is there too
    return any(each["subject"] == FAILED for each in outside["mails"]) and all(words in paged for words in PAGED)


def is_on(when: str, day: datetime) -> bool:
    return timedelta() <= datetime.fromisoformat(when) - day < timedelta(minutes=30)


def test_on_a_monday_that_was_moved_to_the_real_bot_posts_what_is_due_and_what_is_wrong_is_mailed_and_paged(
    demo: Demo, tmp_path: Path
) -> None:
    if next_monday(demo) - datetime.now(UTC) < timedelta(hours=10):  # of what was due before a first use nothing comes
        demo.post("/production/clock", {"move": "monday"})
    command(demo, "/backup quick")
    told(demo, "Quick backup created")
    demo.post("/production/fault", {"place": "export", "fault": "fail"})
    monday = next_monday(demo)
    assert f"{monday:%A %d %B}, 09:01" in demo.post("/production/clock", {"move": "monday"})["said"]

    assert is_on(datetime.fromtimestamp(float(told(demo, "Weekly checklist")["ts"]), UTC).isoformat(), monday)
    told(demo, "Backup health of production")
    told(demo, "The automated backup did not succeed", "C0INCIDENTS")
    shown = wait(lambda: next((each for each in [demo.get("/production")["outside"]] if has_heard(each)), None))
    mail = next(each for each in shown["mails"] if each["subject"] == FAILED)
    assert (mail["to"], is_on(mail["at"], monday)) == ("oncall@harbour.example", True)
    assert "What to do" in mail["text"]
    page = next(each for each in shown["incidents"] if "The automated backup did not succeed" in each["summary"])
    assert (page["status"], page["severity"], is_on(page["at"], monday)) == ("triggered", "critical", True)
    wait(lambda: {"heartbeat", "backups/start", "backups/fail"} <= {each["name"] for each in demo.get("/production")["outside"]["pings"]})

    demo.post("/production/fault", {"place": "export", "fault": None})
    demo.post("/production/commit", {"kind": "fix"})
    command(demo, "/backup full")
    told(demo, "Full backup created")
    assert is_on(demo.get("/production")["commit"]["at"], monday)
    made = json.loads(next((tmp_path / "sandbox/backups/full").glob("full-backup-*[0-9].json")).read_text())
    assert is_on(made["snapshotTimestamp"], monday)
    wait(lambda: "resolved" in {each["status"] for each in demo.get("/production")["outside"]["incidents"]})

    everything = json.dumps(demo.get("/production")) + str([each.cmdline() for each in psutil.Process(demo.process.pid).children(True)])
    for secret in (MailServer.password, PagingServer.key, "/ping/"):
        assert secret not in everything


def test_the_clock_goes_forwards_only_and_a_sandbox_that_is_started_again_goes_on_from_it(
    demo: Demo,
    start: Callable[[], Demo],
) -> None:
    demo.post("/production/clock", {"move": "tomorrow"})
    clock = demo.get("/production")["clock"]
    for move in ("yesterday", "", None, -1, ["hour"]):
        assert "cannot do that" in refusal(demo, {"move": move})["error"]
    refusal(demo, {})
    assert demo.get("/production")["clock"]["ahead"] == clock["ahead"] > 0
    demo.post("/production/clock", {"move": "hour"})
    wait(lambda: demo.state()["connected"])
    assert demo.end() == 0

    again = start()
    again.until_open()
    assert timedelta(hours=1) <= datetime.fromisoformat(again.get("/production")["clock"]["at"]) - datetime.fromisoformat(clock["at"])
    command(again, "/backup quick")
    made = told(again, "Quick backup created")
    assert float(made["ts"]) > datetime.fromisoformat(clock["at"]).timestamp() + 3600
