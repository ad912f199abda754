"""X11: what somebody did by hand at Vercel or Convex is noticed, shown, nagged about, and forgotten once it is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import maintenance, outside, standing
from ops.backstop import Backstop
from ops.outside import Seen, differences
from ops.standing import What
from tests.selling import selling
from tests.shipping import Shop, ended
from tests.world import CAROL, ENGINEERING, INCIDENTS, running, wait_for

PRODUCTION = "production"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.close()


@pytest.fixture
def backstop(shop: Shop) -> Iterator[Backstop]:
    with shop.backstop() as backstop:
        yield backstop


def pin(shop: Shop, pinned: bool = True) -> None:
    assert shop.vercel
    shop.vercel.project.auto = not pinned


@pytest.mark.parametrize(
    ("seen", "unknown", "known", "begun", "over"),
    [
        (set(), set(), set(), set(), set()),
        ({What.PINNED}, set(), set(), {What.PINNED}, set()),
        (set(), set(), {What.PINNED}, set(), {What.PINNED}),
        ({What.PINNED}, set(), {What.PINNED}, set(), set()),
        ({What.MAINTENANCE}, set(), {What.PINNED}, {What.MAINTENANCE}, {What.PINNED}),
        (set(), set(), {What.HOLD}, set(), set()),
        (set(), {What.PAUSED}, {What.PAUSED}, set(), set()),
        ({What.PAUSED}, {What.PINNED}, {What.PINNED}, {What.PAUSED}, set()),
    ],
)
def test_only_what_was_seen_there_begins_or_ends_by_a_look(
    seen: set[What], unknown: set[What], known: set[What], begun: set[What], over: set[What]
) -> None:
    found = differences(Seen(there=dict.fromkeys(seen, "why"), unknown=dict.fromkeys(unknown, "")), known)
    assert (set(found.begun), set(found.over)) == (begun, over)


def test_a_site_that_somebody_pinned_stands_until_somebody_unpins_it(shop: Shop, backstop: Backstop) -> None:
    assert not outside.observe(backstop)[0].begun
    pin(shop)
    assert outside.observe(backstop)[0].begun == {What.PINNED}
    stands = standing.current(backstop.engine, What.PINNED, PRODUCTION)
    assert stands
    assert (stands.by, stands.operation_id) == (outside.AT[What.PINNED], None)
    assert not outside.observe(backstop)[0].begun
    pin(shop, pinned=False)
    assert outside.observe(backstop)[0].over == {What.PINNED}
    assert standing.all_of(backstop.engine) == []


def test_a_maintenance_rule_that_our_rows_do_not_know_is_found_with_who_and_why(backstop: Backstop) -> None:
    backstop.services.vercel.maintenance_on("moving the database", "U0CAROL")
    assert outside.observe(backstop)[0].begun == {What.MAINTENANCE}
    stands = standing.current(backstop.engine, What.MAINTENANCE, PRODUCTION)
    assert stands
    assert "moving the database (U0CAROL)" in stands.reason
    asked = maintenance.ask(backstop.services, "over")
    ended(backstop, backstop.journal.start(maintenance.OFF, asked, by="U0CAROL", environment=PRODUCTION))
    assert standing.all_of(backstop.engine) == []
    assert outside.observe(backstop)[0].begun == frozenset()


def test_a_site_that_does_not_answer_changes_nothing_here(shop: Shop, backstop: Backstop) -> None:
    pin(shop)
    outside.observe(backstop)
    assert shop.vercel
    shop.vercel.stop()
    found, unknown = outside.observe(backstop)
    assert (found.begun, found.over) == (frozenset(), frozenset())
    assert any("Vercel" in why for why in unknown)
    assert standing.current(backstop.engine, What.PINNED, PRODUCTION)


def test_a_deployment_that_somebody_paused_is_found_and_one_that_does_not_answer_says_nothing(shop: Shop, backstop: Backstop) -> None:
    backstop.services.convex.pause(PRODUCTION)
    found, _ = outside.observe(backstop)
    assert found.begun == {What.PAUSED}
    assert shop.vercel
    shop.convex.stop()
    found, unknown = outside.observe(backstop)
    assert found.over == frozenset()
    assert any("production · sturgeon" in why for why in unknown)
    assert standing.current(backstop.engine, What.PAUSED, PRODUCTION)


def test_the_bot_says_that_convex_is_paused_and_one_click_lets_it_run(tmp_path: Path) -> None:
    with selling(tmp_path) as (shop, world):
        with shop.backstop() as backstop:
            backstop.services.convex.pause(PRODUCTION)
        with running(world):
            slack = world.slack.client
            card = slack.wait_for_message(INCIDENTS, lambda shown: "Convex is paused" in shown.all_text)
            assert "it is down" in json.dumps(card.blocks)
            slack.click(card, "Let the functions run", user=CAROL)
            slack.wait_for_message(ENGINEERING, lambda shown: "The functions run again" in shown.all_text)
            assert not shop.convex.paused
            slack.open_home(CAROL)
            wait_for(lambda: "Convex is paused" not in str(slack.home(CAROL)), "a Home without it")


def test_the_bot_says_in_incidents_and_home_that_somebody_pinned_the_site(tmp_path: Path) -> None:
    with selling(tmp_path) as (shop, world):
        pin(shop)
        with running(world):
            slack = world.slack.client
            card = slack.wait_for_message(INCIDENTS, lambda shown: "pinned to a former build" in shown.all_text)
            assert "somebody at Vercel" in card.all_text
            assert "the next deploy promotes its own" in json.dumps(card.blocks)
            slack.open_home(CAROL)
            wait_for(lambda: "The site is pinned" in str(slack.home(CAROL)), "the pinned site in Home")
