"""Posts that wait for a channel of Slack's which is closed to us: what becomes of them, and of all the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.posts import Posts
from ops.database import PostRow, open_database
from ops.journal.runners import Runner
from sandbox.slack.people import Channel
from tests.cards import cards, taken
from tests.journals import Bots
from tests.world import ENGINEERING, RANDOM, World, running, wait_for

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
