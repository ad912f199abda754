"""B20 where Slack itself is what is wrong: one channel that is closed is a P1 that names it; a Slack that takes nothing is a P0."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.posts import Unposted
from bot.unposted import broken, closed
from ops.alerts import Severity, records
from ops.database import PostRow, open_database
from sandbox.slack import Client
from tests.cards import answer
from tests.scheduling import in_use_since_yesterday, scheduled, titled
from tests.selling import until
from tests.world import ENGINEERING, INCIDENTS, World, running, wait_for, world

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
PLACES = {"#platform", "#incidents"}
NO_CHANNEL = "chat.postMessage: channel_not_found"


def waiting(channel: str, error: str) -> Unposted:
    return Unposted(since=NOW, text="P0 · It failed", channel=channel, error=error)


@pytest.mark.parametrize(
    ("found", "refused", "away"),
    [
        ([waiting("#platform", NO_CHANNEL)], ["#platform channel_not_found"], None),
        ([waiting("#platform", NO_CHANNEL), waiting("#incidents", "")], ["#platform channel_not_found"], "Slack does not take the posts."),
        ([waiting("#platform", "503")], [], "Slack does not take the posts."),
        ([waiting("#platform", "chat.postMessage: invalid_auth")], [], "Slack does not take the posts."),
        (
            [waiting("#platform", NO_CHANNEL), waiting("#incidents", "chat.postMessage: is_archived")],
            [],
            "Slack refuses #platform (`channel_not_found`) and #incidents (`is_archived`).",
        ),
        ([], [], None),
    ],
)
def test_a_channel_that_slack_refuses_is_told_apart_from_a_slack_that_takes_nothing(
    found: list[Unposted], refused: list[str], away: str | None
) -> None:
    slack = broken(found, PLACES)
    assert [f"{each.channel} {each.code}" for each in closed(found, PLACES)] == refused
    assert (slack.error if slack else None) == away


def test_where_alerts_have_one_channel_and_it_is_refused_slack_takes_nothing() -> None:
    found = [waiting("#ops", NO_CHANNEL)]
    assert (closed(found, {"#ops"}), broken(found, {"#ops"}) is not None) == ((), True)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, more=scheduled(timedelta(hours=1))) as found:
        in_use_since_yesterday(found)
        found.production.faults["export"] = "fail"
        yield found


def test_where_one_channel_is_for_everything_each_thing_is_said_there_once_and_calls_whoever_can_act(place: World) -> None:
    slack, place.more = place.slack.client, f'{place.more}[slack]\nincidents = "#engineering"\n'
    with running(place):
        card = until(slack, ENGINEERING, lambda shown: "P0 · The automated backup did not succeed" in shown.all_text)
        assert "<@U0CAROL>" in str(card.blocks)
        assert answer(slack, "/ops post health").text == "Posted in #engineering."
        wait_for(lambda: len(titled(slack, "Backup health")) == 2, "the schedule's own post beside it")
    assert [len(titled(slack, words)) for words in ("P0 · The automated backup", "Backup health")] == [1, 2]


def waited(place: World) -> None:
    """Minutes pass for what Slack does not show yet."""
    engine = open_database(f"sqlite:///{place.backups / '.state' / 'bot.sqlite'}")
    with Session(engine) as session, session.begin():
        session.execute(update(PostRow).where(PostRow.ts.is_(None)).values(wanted_at=datetime.now(UTC) - timedelta(minutes=4)))
    engine.dispose()


def told(slack: Client, words: str) -> bool:
    """Whether a card in either channel says this."""
    return any(titled(slack, words, channel) for channel in (ENGINEERING, INCIDENTS))


def test_a_channel_that_is_not_there_is_a_p1_that_names_it_in_the_other_one_until_it_is_corrected(place: World) -> None:
    slack, more = place.slack.client, place.more
    place.more = f'{more}[slack]\nengineering = "#platform"\n'
    with running(place):
        until(slack, INCIDENTS, lambda shown: "P0 · The automated backup did not succeed" in shown.all_text)
        said = answer(slack, "/ops post health").all_text
        assert said.startswith("Posted in #incidents. ")
        assert "Not in #platform yet: Slack says" in said
        assert "channel_not_found" in said
        waited(place)
        card = until(slack, INCIDENTS, lambda shown: "Slack takes no posts in #platform" in shown.all_text)
        assert "P1" in card.all_text
        for words in ("`channel_not_found`", "Invite Backstop to #platform", "correct `[slack]`"):
            assert words in card.all_text + str(card.blocks)
        waited(place)
    place.more = more
    with running(place):
        until(slack, ENGINEERING, lambda shown: "P0 · The automated backup did not succeed" in shown.all_text)
        wait_for(lambda: told(slack, "Over: Slack takes no posts in #platform"), "its end", limit=120)
    assert not told(slack, "Alerts do not arrive by Slack")
    engine = open_database(f"sqlite:///{place.backups / '.state' / 'bot.sqlite'}")
    alert = records.last(engine, "place:#platform", datetime.now(UTC))
    assert alert is not None
    assert (alert.severity, [each["what"] for each in alert.events]) == (Severity.P1, ["resolved"])
    engine.dispose()
