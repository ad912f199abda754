"""Staging proves that it is staging before anything is written there, and no setting gets round that."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops import staging, verification
from ops.backstop import Backstop
from ops.errors import Failed, Refused
from sandbox.convex import ConvexServer
from tests.shipping import Shop
from tests.staging import STAGING, STAGING_KEY, backstop, names, shop, shop_with, trout, verified

__all__ = ["backstop", "shop", "trout"]  # the fixtures


def test_without_its_mark_nothing_is_written_there(backstop: Backstop, trout: ConvexServer) -> None:
    rows = trout.fingerprint("users")
    view = verified(backstop)
    assert (view.status, names(view)) == ("failed", ["staging"])
    assert "does not prove that it is staging" in str(view.error)
    assert "mark-staging" in str(view.remedy)
    assert trout.fingerprint("users") == rows


def test_the_mark_is_set_once_and_production_must_lack_it(shop: Shop, backstop: Backstop, trout: ConvexServer) -> None:
    assert staging.mark(backstop.services) == STAGING
    mark = trout.variables[staging.MARK]
    assert len(mark) >= 16
    assert staging.mark(backstop.services) == STAGING
    assert trout.variables[staging.MARK] == mark
    backstop.services.convex.set_variable("production", staging.MARK, mark)
    with pytest.raises(Failed, match="has the variable BACKSTOP_STAGING too"):
        staging.prove(backstop.services)
    assert verified(backstop).status == "failed"
    assert shop.convex.variables[staging.MARK] == mark


def test_where_the_two_are_exchanged_in_the_settings_production_gets_no_mark(shop: Shop, backstop: Backstop) -> None:
    staging.mark(backstop.services)
    production, secret = shop.values["convex"]["production"], shop.more["secrets"]
    shop.more["convex"] = {"production": shop.more["convex"]["staging"], "staging": production}
    keys = {"convex_production_key": STAGING_KEY, "convex_staging_key": secret["convex_production_key"]}
    shop.more["secrets"] = {**secret, **keys}
    with shop.backstop(adopts=False) as exchanged:
        with pytest.raises(Failed, match="has the variable BACKSTOP_STAGING too") as failed:
            staging.mark(exchanged.services)
        assert "are exchanged, correct them" in str(failed.value.remedy)
    assert staging.MARK not in shop.convex.variables


def test_two_names_for_one_deployment_are_no_staging(tmp_path: Path, template: Path, trout: ConvexServer) -> None:
    shop = shop_with(tmp_path, template, trout)
    shop.more["convex"]["staging"] = {"name": "sturgeon", "url": shop.convex.url}
    shop.more["secrets"]["convex_staging_key"] = shop.values["secrets"]["convex_production_key"]
    try:
        with shop.backstop() as backstop, pytest.raises(Failed, match="are one deployment"):
            staging.prove(backstop.services)
    finally:
        shop.close()


def test_without_a_staging_it_is_refused_with_what_to_set(tmp_path: Path, template: Path) -> None:
    shop = Shop(tmp_path / "alone", template=template)
    try:
        with shop.backstop() as backstop, pytest.raises(Refused, match="No staging deployment is set"):
            verification.start(backstop.journal, backstop.services, "", "U0BOB", id="x", now=datetime.now(UTC))
    finally:
        shop.close()
