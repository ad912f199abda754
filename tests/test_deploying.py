"""A9, A12, X6: a deploy goes through the gate to production, step by step, with the real git, the real CLI, Convex and Vercel."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops import asking, deploy, holds, releases
from ops.asking import Asked
from ops.backstop import Backstop
from ops.database import LockRow, OperationRow
from ops.deploy import Choice
from ops.errors import Refused
from ops.gate import Code, Colour
from ops.journal import OperationView
from ops.people import Person, Role
from sandbox.convex import ConvexServer
from tests.remotes import git
from tests.shipping import NEW_ORDERS, USERS, Shop, ended, schema, taken

STAGING = "0123456789abcdef"
ALICE = Person(id="U0ALICE", roles=frozenset({Role.DEVELOPER}))
BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))
DAVE = Person(id="U0DAVE", roles=frozenset({Role.DEVOPS}))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.close()


@pytest.fixture
def backstop(shop: Shop) -> Iterator[Backstop]:
    with shop.backstop() as backstop:
        yield backstop


def asked(backstop: Backstop, person: Person = ALICE, ref: str = "", version: str = "", **choice: Any) -> Asked:
    proposal = deploy.look(backstop.services, ref, version)
    plan = deploy.plan(backstop.settings, proposal, Choice(**choice), person)
    return asking.ask(backstop, person, plan, id=uuid.uuid4().hex[:12])


def deployed(backstop: Backstop, **more: Any) -> OperationView:
    return ended(backstop, asked(backstop, **more).operation_id)


def names(view: OperationView) -> list[str]:
    return [step.name for step in view.steps]


def test_a_deploy_with_a_fresh_backup_brings_the_commit_to_branch_functions_and_site(shop: Shop, backstop: Backstop) -> None:
    taken(backstop, "quick")
    commit = shop.commit("Add a page", {"convex/users.ts": shop.remote.work.joinpath("convex/users.ts").read_text() + "// more\n"})
    view = deployed(backstop, version="v1.0.0")
    assert view.status == "succeeded", view
    assert names(view) == ["nothing moved", "target", "gate", "packages", "check", "push", "functions", "site", "smoke tests", "release"]
    assert shop.live == commit == git(shop.remote.path, "rev-parse", "v1.0.0")
    assert shop.convex.deployed.pushes == 1
    assert shop.vercel
    assert shop.vercel.live
    assert shop.vercel.live.commit == commit
    last = releases.last(backstop.engine, "production")
    assert last
    assert (last.commit, last.previous, last.version, last.by) == (commit, shop.first, "v1.0.0", "U0ALICE")


def test_without_a_backup_the_gate_is_closed_and_the_deploy_takes_one_within_itself(shop: Shop, backstop: Backstop) -> None:
    shop.commit("Add a page")
    proposal = deploy.look(backstop.services)
    assert (proposal.verdict.colour, proposal.verdict.only_backup_missing) == (Colour.CLOSED, True)
    with pytest.raises(Refused, match="There is no backup yet"):
        asked(backstop)
    view = deployed(backstop, backup="quick", version="v2")
    assert view.status == "succeeded", view
    (made,) = backstop.catalogue.all()
    assert (made.type, made.operation_id, made.commit_hash) == ("quick", view.id, shop.first)
    assert made.label
    assert made.label.startswith("Pre-release backup - v2 - ")
    assert view.result["backup_id"] == made.id


def test_a_backup_from_before_the_last_deploy_does_not_open_the_gate_for_the_next(shop: Shop, backstop: Backstop) -> None:
    taken(backstop, "quick")
    shop.commit("One")
    assert deployed(backstop).status == "succeeded"
    shop.commit("Two")
    (reason,) = deploy.look(backstop.services).verdict.reasons
    assert "does not count: it is of" in reason.sentence


def test_a_changed_schema_asks_for_a_full_backup_and_says_what_changes(shop: Shop, backstop: Backstop) -> None:
    taken(backstop, "quick")
    shop.commit(
        "Paid orders",
        {"convex/schema.ts": schema(USERS, "orders: defineTable({ total: v.number(), user: v.string(), paid: v.optional(v.boolean()) })")},
    )
    proposal = deploy.look(backstop.services)
    assert proposal.shipment.schema_changed
    assert any("paid: v.optional" in line for line in proposal.shipment.schema_lines)
    assert (proposal.verdict.colour, proposal.verdict.needs) == (Colour.CLOSED, "full")
    with pytest.raises(Refused, match="A quick backup would not cover this deploy"):
        asked(backstop, backup="quick")
    view = deployed(backstop, backup="full")
    assert view.status == "succeeded", view
    assert backstop.catalogue.all()[0].label.startswith("Pre-migration backup - ")  # type: ignore[union-attr] # ours have one


def test_rows_that_do_not_fit_the_new_schema_end_the_deploy_before_production_is_touched(shop: Shop, backstop: Backstop) -> None:
    shop.commit("Paid orders", {"convex/schema.ts": schema(USERS, NEW_ORDERS)})
    view = deployed(backstop, backup="full")
    assert (view.status, names(view)[-1]) == ("failed", "check")
    assert "do not fit the schema: table orders" in str(view.error)
    assert shop.live == shop.first
    assert backstop.journal.holder("production") is None
    assert view.result["where"]["commit"] == shop.first


def test_what_is_no_fast_forward_is_refused_with_the_commits_that_would_go(shop: Shop, backstop: Backstop) -> None:
    shop.commit("On main")
    git(shop.remote.work, "checkout", "-q", "master")
    shop.remote.land("A hotfix", {"hot.txt": "1"})
    with pytest.raises(Refused, match=r"no fast-forward of master: master has 1 commit that it has not: .* “A hotfix” by Alice"):
        deploy.look(backstop.services, "main")
    with pytest.raises(Refused, match="is behind master"):
        deploy.look(backstop.services, shop.first)


def test_a_ref_that_is_there_already_deploys_nothing(backstop: Backstop) -> None:
    with pytest.raises(Refused, match="there is nothing to deploy"):
        asked(backstop, ref="master", backup="quick")


def test_variables_that_the_new_code_asks_for_and_convex_lacks_are_named(shop: Shop, backstop: Backstop) -> None:
    shop.commit(
        "Pay", {"convex/pay.ts": "export const key = process.env.STRIPE_KEY;\n", "src/a.ts": "console.log(process.env.SENTRY_DSN);\n"}
    )
    ships = deploy.look(backstop.services).shipment
    assert (ships.variables, ships.unset) == (("SENTRY_DSN", "STRIPE_KEY"), ("STRIPE_KEY",))
    assert (ships.count, ships.authors) == (1, (("Alice", 1),))
    assert dict(ships.areas) == {"Convex functions": ("convex/pay.ts",), "app": ("src/a.ts",)}


def test_a_hold_closes_the_gate_until_it_is_lifted_and_an_override_needs_role_and_reason(shop: Shop, backstop: Backstop) -> None:
    taken(backstop, "quick")
    shop.commit("One")
    holds.hold(backstop, BOB, "checkout double-charges")
    with pytest.raises(Refused, match=r"held since .* by U0BOB: “checkout double-charges”"):
        asked(backstop)
    with pytest.raises(Refused, match="You may not pass a closed gate"):
        asked(backstop, override=True, reason="hotfix")
    with pytest.raises(Refused, match="needs a reason"):
        asked(backstop, person=BOB, override=True)
    view = deployed(backstop, person=BOB, override=True, reason="the hotfix for it")
    assert view.status == "succeeded", view
    holds.resume(backstop, BOB)
    assert not deploy.look(backstop.services, "main").verdict.has(Code.HELD)


def test_a_hold_that_comes_while_the_backup_runs_stops_the_deploy_before_the_push(shop: Shop, backstop: Backstop) -> None:
    shop.convex.faults["export"] = "slow:2"
    shop.commit("One")
    begun = asked(backstop, backup="full")
    holds.hold(backstop, BOB, "wait")
    view = ended(backstop, begun.operation_id)
    assert (view.status, names(view)[-1]) == ("failed", "gate")
    assert shop.live == shop.first


def test_devops_needs_an_eng_leads_signature(shop: Shop, backstop: Backstop) -> None:
    taken(backstop, "quick")
    commit = shop.commit("One")
    waiting = asked(backstop, person=DAVE)
    assert not waiting.started
    assert backstop.journal.get(waiting.operation_id) is None
    with pytest.raises(Refused, match="Only the Eng Lead can sign a deploy of production"):
        asking.approve(backstop, ALICE, waiting.approval.id)
    signed = asking.approve(backstop, BOB, waiting.approval.id)
    assert ended(backstop, signed.operation_id).status == "succeeded"
    assert shop.live == commit


def test_a_push_by_hand_after_it_was_planned_makes_the_approval_void(shop: Shop, backstop: Backstop) -> None:
    taken(backstop, "quick")
    shop.commit("One")
    waiting = asked(backstop, person=DAVE)
    git(shop.remote.work, "checkout", "-q", "master")
    other = shop.remote.land("By hand", {"x.txt": "1"})
    with pytest.raises(Refused, match=f"production moved from `{shop.first[:6]}` to `{other[:6]}` after this was planned"):
        asking.approve(backstop, BOB, waiting.approval.id)
    with pytest.raises(Refused, match="It is void"):
        asking.approve(backstop, BOB, waiting.approval.id)


def test_a_protected_branch_fails_the_deploy_with_production_as_before_and_no_halt(shop: Shop, backstop: Backstop) -> None:
    taken(backstop, "quick")
    shop.commit("One")
    shop.remote.hook("while read old new ref; do case $ref in refs/heads/master) echo 'GH006: protected branch' >&2; exit 1;; esac; done")
    view = deployed(backstop)
    assert (view.status, names(view)[-1]) == ("failed", "push")
    assert "GH006: protected branch" in str(view.error)
    assert backstop.journal.holder("production") is None


def test_a_build_that_fails_halts_with_what_is_where_now_and_a_retry_goes_on(shop: Shop, backstop: Backstop) -> None:
    taken(backstop, "quick")
    commit = shop.commit("One")
    assert shop.vercel
    shop.vercel.faults["build"] = "fail"
    view = deployed(backstop)
    assert (view.status, names(view)[-1]) == ("halted", "site")
    assert "npm run build" in str(view.error)
    where = view.result["where"]
    assert (where["commit"], where["site"]["commit"]) == (commit, shop.first)
    assert backstop.journal.holder("production")
    shop.vercel.faults["build"] = None
    shop.vercel.project.deployments[0].failure = ""
    backstop.journal.settle(view.id, "site", by="U0BOB")
    again = ended(backstop, view.id)
    assert again.status == "succeeded", again
    assert shop.convex.deployed.pushes == 1


def test_a_second_deploy_is_refused_with_what_runs(shop: Shop, backstop: Backstop) -> None:
    shop.convex.faults["export"] = "slow:3"
    shop.commit("One")
    first = asked(backstop, backup="full")
    with pytest.raises(Refused, match=r"a deploy .* is under way on production, asked by U0ALICE"):
        asked(backstop, backup="full")
    assert ended(backstop, first.operation_id).status == "succeeded"


def test_a_deploy_can_be_cancelled_before_its_push_and_leaves_production_as_it_was(shop: Shop, backstop: Backstop) -> None:
    shop.convex.faults["export"] = "slow:30"
    shop.commit("One")
    begun = asked(backstop, backup="full")
    backstop.journal.cancel(begun.operation_id, by="U0ALICE")
    assert ended(backstop, begun.operation_id).status == "cancelled"
    assert shop.live == shop.first
    assert not backstop.catalogue.all()


def test_where_vercels_build_pushes_the_functions_the_bot_does_not(tmp_path: Path) -> None:
    shop = Shop(tmp_path, app={"functions": "vercel"})
    try:
        with shop.backstop() as backstop:
            commit = shop.commit("One")
            view = deployed(backstop, backup="quick")
            assert view.status == "succeeded", view
            assert "functions" not in names(view)
            assert shop.live == commit
            assert shop.convex.deployed.pushes == 0
    finally:
        shop.close()


def hold(engine: Engine, environment: str) -> None:
    """Something is at work there."""
    now = datetime.now(UTC)
    facts = {"version": 1, "params": {}, "requested_by": "U0BOB", "status": "halted", "created_at": now, "changed_at": now}
    with Session(engine) as session, session.begin():
        session.add(OperationRow(id="drilling", kind="drill", environment=environment, progress={}, result={}, **facts))
        session.flush()
        session.add(LockRow(environment=environment, operation_id="drilling"))


def test_with_staging_first_the_functions_go_there_before_production_and_stop_there_if_they_fail(tmp_path: Path) -> None:
    staging = ConvexServer("calm-trout-7", [f"calm-trout-7|{STAGING}"], step=0.01).start()
    values = {"staging": {"name": "trout", "url": staging.url}, "deadline": 90}
    secrets = {"convex_staging_key": f"calm-trout-7|{STAGING}"}
    shop = Shop(tmp_path, vercel=False, gate={"staging_first": True}, convex=values, secrets=secrets)
    try:
        with shop.backstop() as backstop:
            shop.commit("One")
            view = deployed(backstop, backup="quick")
            assert view.status == "succeeded", view
            assert names(view).index("staging functions") < names(view).index("push")
            assert (staging.deployed.pushes, shop.convex.deployed.pushes) == (1, 1)
            live = shop.live
            shop.commit("Two")
            staging.faults["push"] = "internal"
            failed = deployed(backstop, backup="quick")
            assert (failed.status, names(failed)[-1], shop.live) == ("failed", "staging functions", live)
            hold(backstop.engine, "staging")
            busy = deployed(backstop, backup="quick")
            assert (busy.status, names(busy)[-1], shop.live) == ("failed", "staging free", live)
            assert "Staging is in use by a drill" in str(busy.error)
    finally:
        shop.close()
        staging.stop()
