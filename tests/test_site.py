"""X11: what somebody did to the site by hand at Vercel is noticed, shown, nagged about, and forgotten once it is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import maintenance, site, standing
from ops.backstop import Backstop
from ops.services.vercel import VercelFailed
from ops.site import differences
from ops.standing import What
from tests.selling import selling
from tests.shipping import Shop, ended
from tests.world import CAROL, INCIDENTS, running, wait_for

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
    ("seen", "known", "begun", "over"),
    [
        (set(), set(), set(), set()),
        ({What.PINNED}, set(), {What.PINNED}, set()),
        (set(), {What.PINNED}, set(), {What.PINNED}),
        ({What.PINNED}, {What.PINNED}, set(), set()),
        ({What.MAINTENANCE}, {What.PINNED}, {What.MAINTENANCE}, {What.PINNED}),
        (set(), {What.HOLD}, set(), set()),
    ],
)
def test_only_what_the_site_shows_begins_or_ends_by_a_look(seen: set[What], known: set[What], begun: set[What], over: set[What]) -> None:
    found = differences(seen, known)
    assert (set(found.begun), set(found.over)) == (begun, over)


def test_a_site_that_somebody_pinned_stands_until_somebody_unpins_it(shop: Shop, backstop: Backstop) -> None:
    assert not site.observe(backstop).begun
    pin(shop)
    assert site.observe(backstop).begun == {What.PINNED}
    stands = standing.current(backstop.engine, What.PINNED, PRODUCTION)
    assert stands
    assert (stands.by, stands.operation_id) == (site.BY, None)
    assert not site.observe(backstop).begun
    pin(shop, pinned=False)
    assert site.observe(backstop).over == {What.PINNED}
    assert standing.all_of(backstop.engine) == []


def test_a_maintenance_rule_that_our_rows_do_not_know_is_found_with_who_and_why(backstop: Backstop) -> None:
    backstop.services.vercel.maintenance_on("moving the database", "U0CAROL")
    assert site.observe(backstop).begun == {What.MAINTENANCE}
    stands = standing.current(backstop.engine, What.MAINTENANCE, PRODUCTION)
    assert stands
    assert "moving the database (U0CAROL)" in stands.reason
    asked = maintenance.ask(backstop.services, "over")
    ended(backstop, backstop.journal.start(maintenance.OFF, asked, by="U0CAROL", environment=PRODUCTION))
    assert standing.all_of(backstop.engine) == []
    assert site.observe(backstop).begun == frozenset()


def test_a_site_that_does_not_answer_changes_nothing_here(shop: Shop, backstop: Backstop) -> None:
    pin(shop)
    site.observe(backstop)
    assert shop.vercel
    shop.vercel.stop()
    with pytest.raises(VercelFailed):
        site.observe(backstop)
    assert standing.current(backstop.engine, What.PINNED, PRODUCTION)


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
