"""A clock that steps while the real bot runs: what runs goes on, nothing is posted twice, and what is dated ahead is not called fresh."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.posts import Posts
from ops.alerts import outgoing, senders
from ops.database import DeliveryRow, PostRow
from ops.journal.runners import Runner
from ops.services.trusted import certificates
from sandbox.slack import Client
from tests.cards import answer, cards, ended_card, taken
from tests.journals import Bots
from tests.selling import until
from tests.test_sandbox_clock import moving
from tests.world import ENGINEERING, LIMIT, ROOT, World, plain, wait_for, world


def test_what_was_to_be_posted_before_the_clock_stepped_back_is_posted_and_a_rest_between_two_tries_is_kept(bots: Bots) -> None:
    posts = Posts(bots.engine, Runner(None))
    posts.say("card", ENGINEERING, {"text": "It is done."})

    def ahead(span: timedelta) -> bool:
        with Session(bots.engine) as session, session.begin():
            session.execute(update(PostRow).values(until=datetime.now(UTC) + span))
        return bool(posts.due())

    assert [ahead(timedelta()), ahead(timedelta(seconds=45)), ahead(timedelta(hours=3))] == [True, False, True]
    assert posts.claim(posts.due()[0])
    assert not posts.due()


def test_a_mail_that_waits_for_the_morning_does_so_and_one_from_before_the_clock_stepped_back_does_not(bots: Bots) -> None:
    outgoing.want_ping(bots.engine, "backup-1", "start", "")

    def ahead(span: timedelta) -> bool:
        now = datetime.now(UTC)
        with Session(bots.engine) as session, session.begin():
            session.execute(update(DeliveryRow).values(until=now + span))
        return outgoing.waiting(bots.engine, now) == {senders.PING}

    assert [ahead(timedelta()), ahead(timedelta(hours=9)), ahead(timedelta(days=3))] == [True, False, True]


class Stepping:
    """The real bot under a clock of its own, which can be set while it runs."""

    def __init__(self, place: World) -> None:
        self.slack: Client = place.slack.client
        self._offset, self._log = place.folder / "offset", place.folder / "bot.log"
        self.step(timedelta())
        clock = moving(place.folder)
        clock.move("hour")
        how = {name: value for name, value in clock.environ.items() if name != "FAKETIME"}
        how |= {"FAKETIME_TIMESTAMP_FILE": str(self._offset), "FAKETIME_NO_CACHE": "1"}
        with self._log.open("ab") as out:
            words = [sys.executable, "-m", "bot"]
            self.child = subprocess.Popen(words, cwd=ROOT, env={**plain(), **place.environ, **how}, stdout=out, stderr=out)
        wait_for(lambda: "connected" in self._log.read_text("utf-8") or self.child.poll() is not None, "the connection")

    def step(self, ahead: timedelta) -> None:
        """Set its clock so far ahead of the real one, or behind it."""
        unfinished = self._offset.with_suffix(".new")
        unfinished.write_text(f"{ahead.total_seconds():+.0f}\n", "utf-8")
        unfinished.replace(self._offset)

    def looked(self) -> float:
        """Seconds since the schedule looked, as the bot tells a host that asks."""
        found = re.search(r"health on port (\d+)", self._log.read_text("utf-8"))
        assert found is not None
        asked = f"http://127.0.0.1:{found[1]}/healthz"
        return float(httpx.get(asked, timeout=30, verify=certificates()).json()["schedule"]["last_look_seconds"] or 0)

    def turns(self) -> None:
        """Wait for a look of the schedule."""
        before = self.looked()

        def has_looked() -> bool:
            nonlocal before
            last, before = before, self.looked()
            return before < last

        wait_for(has_looked, "a look of the schedule")

    def posts(self, words: str) -> int:
        return sum(words in each.all_text for each in self.slack.messages(ENGINEERING))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    now = datetime.now(UTC)
    quiet, soon = f"{now - timedelta(hours=12):%H:%M} UTC", f"{now + timedelta(hours=2):%H:%M} UTC"
    more = f'[schedule]\nbackup = "{quiet}"\nhealth = "{soon}"\nretention = "{quiet}"\n'
    with world(tmp_path, more=more, PORT="0", HOST="127.0.0.1") as around:
        yield around


@pytest.fixture
def bot(place: World) -> Iterator[Stepping]:
    begun = Stepping(place)
    try:
        yield begun
    finally:
        begun.child.terminate()
        assert begun.child.wait(LIMIT) == 0


def test_a_clock_that_steps_ahead_and_back_under_the_bot_loses_nothing_and_says_nothing_twice(place: World, bot: Stepping) -> None:
    taken(bot.slack, "/backup quick")
    place.production.faults["export"] = "slow:6"
    before = len(cards(bot.slack))
    assert bot.slack.command("/backup full").acked
    wait_for(lambda: cards(bot.slack)[before:], "the card")
    bot.step(timedelta(hours=3))
    until(bot.slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
    assert "L2: every table whole and counted" in ended_card(bot.slack, before).all_text
    place.production.faults["export"] = None

    bot.step(timedelta())
    answer(bot.slack, "/ops post retention")
    assert bot.posts("Backup health") == 1
    bot.step(timedelta(hours=3))
    assert "Quick backup created" in taken(bot.slack, "/backup quick").all_text
    assert bot.posts("Backup health") == 1

    bot.step(-timedelta(hours=3))
    status = str(answer(bot.slack, "/ops status").blocks)
    assert "nobody knows how much would be lost" in status
    assert "ahead of this machine's clock" in status
    assert "Full backup created" in taken(bot.slack, "/backup full").all_text


def test_a_clock_that_is_set_back_under_the_bot_does_not_hold_up_its_schedule(bot: Stepping) -> None:
    bot.step(-timedelta(hours=2))
    for _ in range(3):
        bot.turns()


def test_a_clock_that_leaps_ahead_calls_no_backup_missed_of_days_that_nobody_lived_through(place: World, bot: Stepping) -> None:
    bot.step(timedelta(days=5))
    until(bot.slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
    until(bot.slack, ENGINEERING, lambda shown: "automated" in shown.all_text and "Full backup created" in shown.all_text)
    bot.turns()
    bot.turns()
    assert "No alert is open" in answer(bot.slack, "/ops alerts").all_text
    bot.step(timedelta())
    bot.turns()
    assert "No alert is open" in answer(bot.slack, "/ops alerts").all_text
    assert "did not come" not in place.terminal("log").stdout
