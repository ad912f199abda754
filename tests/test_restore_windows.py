"""What a restore's windows and messages say: Slack takes them whatever the tables are called, and they claim no more than is so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.listeners.restore import deployment
from bot.views import restore as views
from bot.views import restored, salvage
from bot.views.limits import check
from ops.archive import Table
from ops.deltas import Delta, Kept
from ops.errors import Refused
from ops.restore import Assessment
from ops.services.git import Commit
from ops.settings import Docs
from tests.payloads.examples import NOW, backup

TABLE = Table(rows=1, bytes=9, fingerprint="")
COMPONENT = "/".join(["billing", *(f"component_number_{number}_of_many" for number in range(6))])


def assessed(environment: str) -> Assessment:
    """A restore of a backup whose code had another schema."""
    live = Commit(hash="a" * 40, message="Ask who paid", author="Bob", at=NOW)
    return Assessment(
        environment=environment, target=f"{environment} · sturgeon", branch="main", backup=backup(), live=live, schema_differs=True
    )


def window(environment: str, *, own: bool, put_back: bool = True, usual: float | None = 60.0, left: dict[str, Any] | None = None) -> str:
    """What its window says."""
    return shown(replace(assessed(environment), left=left), own=own, put_back=put_back, usual=usual)


def shown(found: Assessment, *, own: bool = True, put_back: bool = True, usual: float | None = 60.0) -> str:
    """What the window of a restore says."""
    drawn = views.window(
        found,
        zone=ZoneInfo("UTC"),
        usual=usual,
        replaces="",
        docs=Docs(),
        staging=True,
        own=own,
        put_back=put_back,
        now=NOW,
        said={},
        holder=None,
    )
    check(drawn, "modal")
    return str(drawn["blocks"])


def delta(*tables: str, digits: int = 1701450000000) -> Delta:
    """What was taken away: one created row of each table."""
    kept = tuple(Kept(name=name, created={"rows": 1}, changed=None) for name in tables)
    path = Path(f"delta-{digits}.zip")
    return Delta(id=path.stem, path=path, backup="full-1", safety=f"full-{digits}", operation="1", sha256="0", tables=kept)


def test_tables_with_names_longer_than_slack_takes_can_be_brought_back_and_told_apart() -> None:
    tables = [f"{COMPONENT}/orders", f"{COMPONENT}/users", "orders", f"shop/{COMPONENT}/orders"]
    assert len(tables[0]) > 150
    window = salvage.salvage(delta(*tables), (), "production · sturgeon")
    check(window, "modal")
    options = next(block for block in window["blocks"] if block["type"] == "input")["element"]["options"]
    assert [each["value"] for each in options] == [salvage.chosen_as(name) for name in tables]
    assert len({each["value"] for each in options}) == 4
    assert len({str(each) for each in map(dict, options) if each.pop("value")}) == 4
    assert options[2]["value"] == "orders"
    labels = [each["text"]["text"] for each in options]
    assert labels[0].endswith("_of_many/orders: 1 row")
    assert labels[1].endswith("_of_many/users: 1 row")


def test_where_vercel_pushes_the_functions_no_rehearsal_is_offered_and_nothing_is_said_to_be_pushed() -> None:
    said = window("production", own=False)
    assert "cannot be rehearsed" in said
    assert "Rehearse in staging" not in said
    assert "run without validation" not in said
    assert "Rehearse in staging" in window("production", own=True)
    assert "keeps the functions that it has" in window("staging", own=False)
    assert "gets the backup's own functions" in window("staging", own=True)


def test_what_becomes_of_stagings_own_data_is_said_before_a_rehearsal_is_begun() -> None:
    assert "saved first, and put back afterwards" in window("production", own=True)
    left = window("production", own=True, put_back=False)
    assert "replaced by the backup's, and stay so (`[verification] put_back` is off)" in left
    assert "saved first" not in left


def test_that_stagings_own_data_wait_to_be_put_back_is_said_before_staging_is_changed_again() -> None:
    waits = "Staging's own data could not be put back before, and wait in `/b/staging-1.zip`."
    rehearsed = window("production", own=True, left={"path": "/b/staging-1.zip", "comes_back": True})
    assert f"{waits} This puts them back in the end; what staging holds now is not kept." in rehearsed
    assert "Staging's own data, which wait in a file, are put back in the end" in rehearsed
    assert "saved first" not in rehearsed
    stays = window("staging", own=True, left={"path": "/b/staging-1.zip", "comes_back": False})
    assert f"{waits} This does not put them back: their task stays open." in stays
    assert "could not be put back" not in window("staging", own=True)


def test_a_maintenance_page_that_is_up_already_is_said_to_stay_before_anything_begins() -> None:
    found = replace(assessed("production"), maintenance=True, maintenance_stays={"by": "U0DAVE", "reason": "certificate renewal"})
    said = shown(found)
    assert "The site stays in maintenance, as it was before: <@U0DAVE>, “certificate renewal”" in said
    assert "shows its maintenance page meanwhile" not in said


@pytest.mark.parametrize(("tables", "said"), [({"orders": TABLE}, True), ({"orders": TABLE, "_storage": TABLE}, False), (None, False)])
def test_a_window_says_that_stored_files_stay_where_the_backup_is_known_to_have_none(
    tables: dict[str, Table] | None, *, said: bool
) -> None:
    for environment in ("production", "staging"):
        found = replace(assessed(environment), backup=replace(backup(), tables=tables))
        assert ("Stored files are not in this backup and stay as they are." in shown(found)) is said
    replaced = "every table of staging and every stored file is replaced" in shown(found)
    assert replaced is bool(tables and "_storage" in tables)


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_before_the_first_nobody_says_how_long_a_restore_usually_takes(environment: str) -> None:
    said = window(environment, own=True, usual=None)
    assert "How long it takes is not known yet: none was done. Plan with 20 m 00 s." in said
    assert "usually" not in said
    assert "It usually takes about 1 m 00 s." in window(environment, own=True)


def test_a_report_that_a_message_does_not_hold_says_that_it_goes_on_and_brings_the_whole_as_a_file() -> None:
    lines = [f"- 2026-11-26 09:40:{number % 60:02} UTC step {number}, “quoted” & <said>" for number in range(1000)]
    long = restored.report("restore-1", "\n".join(["# Incident report", *lines]))
    check(long, "message")
    assert "step 40" in str(long["blocks"][:-2])
    assert "The report goes on" in str(long["blocks"][-2])
    assert long["blocks"][-1]["elements"][0]["value"] == "restore-1"
    short = restored.report("restore-1", "\n".join(["# Incident report", *lines[:10]]))
    assert "step 9," in str(short["blocks"])
    assert "goes on" not in str(short["blocks"])


def test_a_list_of_what_can_be_brought_back_says_how_many_it_leaves_out_and_how_to_come_to_them() -> None:
    found = [delta("orders", digits=1701450000000 - number) for number in range(13)]
    window = salvage.deltas(found, "production · sturgeon", {})
    check(window, "modal")
    assert "3 older ones not shown: `/restore salvage ID`" in str(window["blocks"][-1])
    assert found[10].id in str(window["blocks"][-1])
    assert "not shown" not in str(salvage.deltas(found[:10], "production · sturgeon", {}))


def test_what_was_brought_back_already_is_said_and_offered_again_only_to_who_asks_for_it() -> None:
    found = delta("orders", "users")
    window = salvage.deltas([found], "production · sturgeon", {found.id: frozenset({"users"})})
    assert "Brought back already: users." in str(window)
    assert "Choose tables" in str(window)
    window = salvage.deltas([found], "production · sturgeon", {found.id: frozenset({"users", "orders"})})
    check(window, "modal")
    assert f"All of its tables were brought back already. If they went again: `/restore salvage {found.id}`" in str(window)
    assert "Choose tables" not in str(window)
    window = salvage.salvage(found, (), "production · sturgeon", frozenset({"users", "orders"}))
    assert "All of its tables were brought back already." in str(window)
    assert window["submit"]["text"] == "Bring them back"


def test_a_table_that_the_delta_does_not_have_is_answered_with_those_that_it_has() -> None:
    window = salvage.salvage(delta("orders", "users"), ["ordes"], "production · sturgeon")
    assert "Its tables with created rows: orders, users." in str(window)


MADE = "full-1701450000000"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", ("production", [])),
        ("staging", ("staging", [])),
        (MADE, ("production", [MADE])),
        (f"{MADE} Staging", ("staging", [MADE])),
        (f"STAGING `{MADE.upper()}`", ("staging", [MADE])),
        ("before 2026-11-26 09:40 staging", ("staging", ["before", "2026-11-26", "09:40"])),
    ],
)
def test_where_to_is_read_whatever_the_case_and_an_id_in_the_backticks_of_a_card(typed: str, meant: tuple[str, list[str]]) -> None:
    assert deployment(typed.split()) == meant


@pytest.mark.parametrize("typed", [f"{MADE} stagign", f"{MADE} full-1701450000001", "stagign", f"{MADE} staging production"])
def test_a_word_that_is_left_over_never_means_production(typed: str) -> None:
    with pytest.raises(Refused):
        deployment(typed.split())


def test_backups_from_after_it_began_are_marked_and_none_is_proposed_where_none_is_from_before() -> None:
    older, newer = (replace(backup(), timestamp=NOW - timedelta(hours=hours), snapshot_timestamp=None) for hours in (5, 1))
    shown = views.choice([older, newer], "production", "production · sturgeon", NOW, NOW - timedelta(hours=3))
    check(shown, "modal")
    (entry,) = [block for block in shown["blocks"] if block["type"] == "input"]
    assert "initial_option" in entry["element"]
    assert [("AFTER it began" in each["text"]["text"]) for each in entry["element"]["options"]] == [False, True]
    late = views.choice([newer], "production", "production · sturgeon", NOW, NOW - timedelta(hours=3))
    check(late, "modal")
    assert "No full backup here is from before" in str(late["blocks"])
    assert "initial_option" not in str(late["blocks"])
    assert late["private_metadata"].startswith("production 2")


def test_a_backup_whose_tables_fell_says_so_where_backups_are_chosen() -> None:
    whole = backup()
    fell = replace(whole, id="full-1701450000000", facts=replace(whole.facts, warnings=("orders fell from 8 to 0 rows",), restored_at=NOW))
    shown = views.choice([fell, whole], "production", "production · sturgeon", NOW)
    check(shown, "modal")
    (entry,) = [block for block in shown["blocks"] if block["type"] == "input"]
    said = [each["description"]["text"] for each in entry["element"]["options"]]
    assert ["ROWS FELL" in each for each in said] == [True, False]
    assert said[0].endswith("restored and proven")


def test_an_unsound_backup_from_before_is_named_and_not_proposed() -> None:
    sound = replace(backup(), timestamp=NOW - timedelta(hours=1), snapshot_timestamp=None)
    unsound = replace(sound, id="full-1701450000000", timestamp=NOW - timedelta(hours=5))
    shown = str(views.choice([sound] * 10 + [unsound], "production", "production · sturgeon", NOW, NOW - timedelta(hours=3))["blocks"])
    assert "No sound full backup is from before" in shown
    assert "`full-1701450000000`" in shown
    assert "initial_option" not in shown
