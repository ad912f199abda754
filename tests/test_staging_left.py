"""What a drill left in staging: never taken for staging's own data, which the next one to borrow it puts back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.views.drill import begun as begun_view
from bot.views.drill import card, history
from ops import drill, restore, tasks
from ops.backstop import Backstop
from ops.restoring import left
from sandbox.convex import ConvexServer
from tests.drilling import at, backstop, begun, failing, said, shop, waiting
from tests.shipping import Shop, ended
from tests.staging import NEVER, trout, verified

__all__ = ["backstop", "shop", "trout"]  # the fixtures


def test_a_drill_whose_restore_fails_is_a_result_too_and_staging_that_is_left_wrong_nags(backstop: Backstop, trout: ConvexServer) -> None:
    started = begun(backstop, "A")
    said(backstop, at(backstop, started, drill.DETECTED), drill.DETECTED, "everything is gone")
    view = at(backstop, started, drill.DECIDED)
    said(backstop, view, drill.BLOCKER, "nobody had the login of the dashboard")
    trout.faults["import"] = "fail:no room"
    said(backstop, view, drill.DECIDED, backstop.catalogue.all()[0].id)
    done = ended(backstop, started)
    trout.faults["import"] = None
    assert done.status == "failed", done
    (found,) = drill.broken(backstop.journal.recent(10))
    assert (found.operation_id, found.phase, found.scenario) == (started, "restore", "A")
    assert "no room" in found.why
    text = drill.place(backstop.settings.folder, started).read_text()
    for words in ("not recovered: stopped at “restore”", "no room", "nobody had the login", found.kept, "ROLLBACK_PLAN.md"):
        assert words
        assert words in text
    opened = sorted((task.kind, task.text) for task in tasks.open_ones(backstop.engine))
    assert [kind for kind, _ in opened] == ["drill recommendation", "drill recommendation", "staging to put back"]
    for (_, words), meant in zip(opened, ("Remove what held the drill up", "The drill stopped at “restore”", found.kept), strict=True):
        assert meant in words
    assert Path(found.kept).exists()
    told = str(card(done, datetime.now(UTC)))
    assert "It stopped at “restore”" in told
    assert f"Staging's own data could not be put back: {done.result['staging']['why']} They are kept in `{found.kept}`" in told
    assert "stopped at “restore”" in str(history([], [found]))


def test_what_a_drill_left_in_staging_is_never_taken_for_its_own_data_which_the_next_ones_put_back(
    shop: Shop, backstop: Backstop, trout: ConvexServer
) -> None:
    mine = trout.fingerprint("users")
    kept = failing(backstop, trout).result["staging"]["kept"]
    named = f"Staging's own data could not be put back before, and wait in `{kept}`. This puts them back in the end"
    again = failing(backstop, trout)
    assert again.result["staging"]["kept"] == kept
    assert waiting(backstop) == [Path(kept).stem]
    assert [str(path) for path in backstop.settings.state.glob("staging-*.zip")] == [kept]
    started = begun(backstop, "A")
    view = at(backstop, started, drill.DETECTED)
    assert named in str(card(view, datetime.now(UTC)))
    assert named in str(begun_view("A", view.params["shown"]["left"], "C0ENGINEERING"))
    backstop.close()
    with shop.backstop() as fresh:
        fresh.journal.cancel(started, by="U0ALICE")
        done = ended(fresh, started)
        assert "Staging has its own data again." in str(card(done, datetime.now(UTC)))
        assert trout.fingerprint("users") == mine
        assert (waiting(fresh), Path(kept).exists()) == ([], False)
        at(fresh, started := begun(fresh, "B"), drill.DETECTED)  # from now on what is there is its own again
        fresh.journal.cancel(started, by="U0ALICE")
        ended(fresh, started)
        assert trout.fingerprint("users") == mine


def test_a_verification_puts_back_what_a_drill_could_not_and_a_restore_to_staging_names_it_before_it_begins(
    backstop: Backstop, trout: ConvexServer
) -> None:
    mine, newest = trout.fingerprint("users"), backstop.catalogue.all()[0].id
    kept = failing(backstop, trout).result["staging"]["kept"]
    found = restore.look(backstop.services, newest, "staging", stop=NEVER)
    plan = restore.plan(backstop.settings, found, "a look at it")
    assert plan.shown["left"] == {"path": kept, "comes_back": False}
    view = verified(backstop, newest)
    assert view.status == "succeeded", view
    assert view.params["shown"]["left"] == {"path": kept, "comes_back": True}
    assert trout.fingerprint("users") == mine
    assert (waiting(backstop), Path(kept).exists()) == ([], False)


def test_what_waits_for_another_staging_or_was_settled_by_a_person_is_not_brought_to_this_one(
    backstop: Backstop, trout: ConvexServer
) -> None:
    kept = Path(failing(backstop, trout).result["staging"]["kept"])
    assert left.waiting(backstop.services, "gentle-trout-7") == kept
    assert left.waiting(backstop.services, "another-trout-8") is None
    tasks.close(backstop.engine, kept.stem, by="U0BOB", how="imported by hand")
    assert left.waiting(backstop.services) is None
    assert kept.exists()
