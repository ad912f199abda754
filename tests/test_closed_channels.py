"""Posts that wait for a channel of Slack's which is closed to us: what becomes of them, and of all the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.posts import Posts
from ops.database import PostRow, open_database
from ops.journal.runners import Runner
from sandbox.slack.people import Channel
from tests.cards import answer, cards, taken
from tests.journals import Bots
from tests.scheduling import titled
from tests.selling import until
from tests.world import CAROL, DAVE, ENGINEERING, INCIDENTS, RANDOM, SETTINGS, World, running, wait_for, world

THREAD = 30  # more than a round takes


def test_replies_to_what_slack_has_not_taken_keep_nothing_from_being_posted_elsewhere(bots: Bots) -> None:
    posts = Posts(bots.engine, Runner(None))
    posts.say("card", "#engineering", {"text": "P1"})
    for turn in range(THREAD):
        posts.say(f"card-{turn}", "#engineering", {"text": f"Again, {turn}"}, thread_of="card")
    (card,) = [each for each in posts.due() if each.key == "card"]
    assert posts.claim(card)
    posts.say("urgent", "#incidents", {"text": "P0"})
    assert [each.key for each in posts.due()] == ["urgent"]
    posts.given_up(card, "invalid_blocks")
    assert [each.key for each in posts.due()] == ["urgent"]
    posts.say("card", "#engineering", {"text": "P1, once more"})
    assert posts.claim(card)
    posts.posted(card, "1.000001", "C0ENGINEERING")
    assert "card-0" in [each.key for each in posts.due()]


def test_however_much_waits_for_one_channel_the_others_have_their_turn(bots: Bots) -> None:
    posts = Posts(bots.engine, Runner(None))
    for number in range(THREAD):
        posts.say(f"card-{number}", "#engineering", {"text": f"P1, {number}"})
    posts.say("urgent", "#incidents", {"text": "P0"})
    assert [each.key for each in posts.due()][-1] == "urgent"


def test_a_channel_that_is_made_anew_under_its_old_name_gets_what_waits_for_it(alone: World) -> None:
    slack, channels = alone.slack.client, alone.slack._workspace.channels
    with running(alone):
        taken(slack, "/backup quick")
        old = channels[ENGINEERING]
        old.name, old.is_archived = "engineering-old", True
        channels["C0ANEW"] = Channel("C0ANEW", "engineering", set(old.members))
        assert slack.command("/backup quick", channel=RANDOM).acked
        wait_for(lambda: tried_again(alone), "the refusal", limit=150)
        wait_for(lambda: cards(slack, "C0ANEW"), "the card in the new channel", limit=20)


def tried_again(place: World) -> bool:
    """Whether something was refused; it is then due at once."""
    engine = open_database(f"sqlite:///{place.backups / '.state' / 'bot.sqlite'}")
    with Session(engine) as session, session.begin():
        refused = update(PostRow).where(PostRow.error.contains("is_archived"), PostRow.ts.is_(None))
        found: Any = session.execute(refused.values(until=datetime.now(UTC) - timedelta(seconds=1)))
    engine.dispose()
    return bool(found.rowcount)


def test_a_channel_that_is_not_there_is_said_once_to_somebody_who_can_mend_it_and_its_posts_follow_to_the_right_one(tmp_path: Path) -> None:
    with world(tmp_path, more='[slack]\nengineering = "#platform"\n') as place:
        slack = place.slack.client
        with running(place):
            answer(slack, "/ops post health")
            told = wait_for(lambda: next((each for each in slack.direct(CAROL) if "#platform" in each.all_text), None), "a word to the CTO")
            assert "I cannot post in #platform (`channel_not_found`). What belongs there is kept" in told.all_text
            answer(slack, "/ops post retention")
        with running(place):
            answer(slack, "/ops status")
            assert len([each for each in slack.direct(CAROL) if "#platform" in each.all_text]) == 1
        place.more = ""
        with running(place):
            until(slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
            until(slack, ENGINEERING, lambda shown: "Retention" in shown.all_text)


def test_what_waited_for_the_channel_of_incidents_goes_there_once_it_is_named_rightly(tmp_path: Path) -> None:
    with world(tmp_path, more='[slack]\nincidents = "#incidnts"\n') as place:
        slack = place.slack.client
        with running(place):
            answer(slack, "/ops post health")
            wait_for(lambda: [each for each in slack.direct(CAROL) if "#incidnts" in each.all_text], "a word to the CTO")
        place.more = ""
        with running(place):
            until(slack, INCIDENTS, lambda shown: "Backup health" in shown.all_text)
            answer(slack, "/ops status")
        assert len(titled(slack, "Backup health")) == 1


@pytest.mark.parametrize(("wrong", "named"), [("platform", "#platform"), ("C0NOSUCHPLACE", "C0NOSUCHPLACE")])
def test_a_channel_without_its_sign_or_by_its_id_is_said_to_somebody_of_a_user_group_and_its_posts_follow_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, named: str
) -> None:
    monkeypatch.setattr("tests.world.SETTINGS", SETTINGS.replace('["U0BOB"]', "[]").replace('["U0CAROL"]', "[]"))
    with world(tmp_path, more=f'[slack]\nengineering = "{wrong}"\n') as place:
        slack = place.slack.client
        with running(place):
            answer(slack, "/ops post health", user=DAVE)
            wait_for(lambda: [each for each in slack.direct(DAVE) if f"I cannot post in {named}" in each.all_text], "a word to DevOps")
        place.more = '[slack]\nengineering = "engineering"\n'
        with running(place):
            until(slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
