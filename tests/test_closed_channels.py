"""Posts that wait for a channel of Slack's which is closed to us: what becomes of them, and of all the others."""

from __future__ import annotations

from bot.posts import Posts
from ops.journal.runners import Runner
from tests.journals import Bots

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
