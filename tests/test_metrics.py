"""B21: figures from the journal alone, as a table, as a picture, and for Prometheus; the dashboard and the rules know no other names."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session

from bot import pictures
from bot.homes import without_charts
from bot.views import metrics as views
from ops import activity
from ops.backstop import Backstop
from ops.database import OperationRow, StepRow
from ops.facts import Facts
from ops.journal import Journal
from ops.manifest import Backup
from ops.metrics import figures, rows, usual_seconds
from ops.metrics import scraped as scraped_rows
from ops.metrics.figures import Counts, Done, Recovery, Release
from sandbox.slack import Client
from tests.cards import answer, taken
from tests.journals import Bots
from tests.selling import saying
from tests.test_pictures import FIRST
from tests.world import ALICE, BOB, ENGINEERING, MALLORY, ROOT, World, process, running, wait_for, world

NOW = datetime(2026, 3, 31, tzinfo=UTC)
DAY = timedelta(days=1)
OURS = "prod"


def done(number: int, status: str = "succeeded", kind: str = "full backup", **more: Any) -> Done:
    at = NOW - (30 - number) * DAY
    given: dict[str, Any] = {
        "finished_at": at + timedelta(seconds=10 * (number + 1)),
        "size": 1000 * (number + 1),
        "folder": 5000 * (number + 1),
    }
    return Done(id=f"{kind}-{number}", kind=kind, status=status, created_at=at, **given | more)


def reckoned(*operations: Done, **more: Any) -> figures.Figures:
    nothing: dict[str, Any] = {
        "recoveries": (),
        "releases": (),
        "signed": (),
        "backups": (),
        "since": NOW - 30 * DAY,
        "until": NOW,
        "label": OURS,
    }
    return figures.reckon(done=operations, **nothing | more)


# ── reckoned ──


def test_a_rate_of_nothing_is_unknown_and_what_was_cancelled_or_refused_is_no_failure() -> None:
    nothing = reckoned()
    assert (nothing.backups["full backup"].rate, nothing.back, nothing.verified, nothing.changes_undone, nothing.lose_most) == (None,) * 5
    some = reckoned(done(1), done(2, "failed"), done(3, "halted"), done(4, "cancelled"), done(5, "refused"), done(6, automated=True))
    assert some.backups["full backup"] == Counts(good=2, bad=2)
    assert some.backups["automated"].rate == 1.0


def test_the_most_that_could_have_been_lost_is_the_widest_gap_between_snapshots_up_to_now() -> None:
    found = reckoned(done(1, snapshot=NOW - 20 * DAY), done(2, snapshot=NOW - 15 * DAY), done(3, snapshot=NOW - 14 * DAY))
    assert found.lose_most == 14 * DAY
    assert reckoned(done(29, snapshot=NOW - DAY), done(20, snapshot=NOW - 9 * DAY)).lose_most == 8 * DAY


def test_the_most_that_could_have_been_lost_counts_from_the_last_backup_before_the_time() -> None:
    assert reckoned(done(29, snapshot=NOW - DAY), earlier=NOW - 40 * DAY).lose_most == 39 * DAY
    assert reckoned(earlier=NOW - 40 * DAY).lose_most == 40 * DAY  # and up to now, where none was taken since


def test_a_backup_of_another_deployment_guards_nothing_of_productions() -> None:
    theirs = Backup(id="full-1774828800000", type="full", timestamp=NOW - DAY, deployment={"label": "old"}, facts=Facts(level=2))
    found = reckoned(done(1, snapshot=NOW - 20 * DAY), done(29, snapshot=NOW - DAY, of="old"), backups=[theirs])
    assert (found.lose_most, found.lose_now, found.copies, found.never_restored, len(found.sizes)) == (20 * DAY, None, 0, None, 1)
    assert found.backups["full backup"].good == 2


def test_growth_and_durations_are_of_backups_that_succeeded() -> None:
    found = reckoned(*(done(number) for number in range(10)), done(11, "failed", size=10**9))
    assert found.per_day == 5000.0
    assert found.sizes[-1][1] == 10_000
    assert (found.took["full backup"].middle, found.took["full backup"].count) == (55.0, 10)
    assert found.took["full backup"].slow > 90


def test_coming_back_is_measured_by_step_of_the_newest_kind() -> None:
    steps = (("data", 60.0), ("proof", 30.0))
    recoveries = [
        Recovery(id="1", kind="drill", at=NOW, steps=steps),
        Recovery(id="2", kind="drill", at=NOW, steps=(("data", 80.0), ("proof", 10.0))),
        Recovery(id="3", kind="restore", at=NOW, steps=(("maintenance on", 5.0),)),
    ]
    found = reckoned(recoveries=recoveries)
    assert found.back == 90.0
    assert found.back_by_step == (("data", 70.0), ("proof", 20.0))


def test_a_deploy_counts_as_gone_wrong_when_it_failed_or_its_commit_left_within_a_day() -> None:
    deploys = [done(number, kind="deploy") for number in (1, 2, 3)] + [done(4, "failed", kind="deploy")]
    releases = [
        Release(kind="deploy", commit="a", previous="0", at=NOW - 9 * DAY),
        Release(kind="deploy", commit="b", previous="a", at=NOW - 8 * DAY),
        Release(kind="rollback", commit="a", previous="b", at=NOW - 7.5 * DAY),
        Release(kind="deploy", commit="c", previous="a", at=NOW - 6 * DAY),
        Release(kind="rollback", commit="a", previous="c", at=NOW - 4 * DAY),
    ]
    assert reckoned(*deploys, releases=releases).changes_undone == 0.5
    assert reckoned(*deploys).per_week == pytest.approx(3 / (30 / 7))


def test_a_share_is_never_rounded_up_to_all() -> None:
    rows = {row[0]: row[1] for row in views._backups(reckoned(*(done(number % 30) for number in range(2000)), done(1, "failed")))}
    assert rows["Full backups"] == "99.9 % (2000 of 2001)"


def test_a_chart_has_at_most_twenty_points_the_first_and_the_last_among_them_and_one_point_is_none() -> None:
    points = [(FIRST + number * DAY, number * 10**6) for number in range(100)]
    thinned = views.thinned(points)
    assert (len(thinned), thinned[0], thinned[-1]) == (20, points[0], points[-1])
    chart = views.chart(points)
    assert chart is not None
    assert len(set(chart["chart"]["axis_config"]["categories"])) == 20
    assert views.chart(points[:1]) is None


def test_the_picture_says_in_words_what_it_shows(tmp_path: Path) -> None:
    found = reckoned(*(done(number) for number in range(10)), recoveries=[Recovery(id="1", kind="drill", at=NOW, steps=(("data", 60.0),))])
    picture = pictures.trend(found, 500 * 10**6, 1800.0, tmp_path)
    assert picture.content.startswith(b"\x89PNG")
    assert "From 1.0 kB to 10.0 kB; the folder's limit is 500.0 MB." in picture.alt


def test_a_slack_that_draws_no_charts_gets_a_home_without_one() -> None:
    view = {"type": "home", "blocks": [{"type": "section"}, {"type": "data_visualization"}]}
    assert without_charts(view)["blocks"] == [{"type": "section"}]


# ── read ──


def test_sizes_and_times_are_the_same_from_either_database_also_above_two_gigabytes(bots: Bots) -> None:
    made = {
        "id": "full-1",
        "exportSizeBytes": 5 * 10**9,
        "snapshotTimestamp": "2026-03-30T00:00:00+00:00",
        "deployment": {"label": OURS, "url": "https://prod.example"},
        "tables": {"users": {"rows": 1}},
    }
    results: dict[str, dict[str, Any] | None] = {
        "whole": {"backup": made, "folder": {"bytes": 6 * 10**9}},
        "old": {"backup": {"id": "full-2"}},
    }
    at = NOW - DAY
    with Session(bots.engine) as session, session.begin():
        for place, (name, result) in enumerate(results.items()):
            session.add(
                OperationRow(
                    id=name, kind="full backup", version=1, environment="production", params={}, requested_by="alice", status="succeeded",
                    touched=False, created_at=at + timedelta(hours=place), finished_at=at + timedelta(hours=place, seconds=30),
                    changed_at=at, progress={}, result=result,
                )
            )  # fmt: skip
    whole, old = rows.operations(bots.engine, NOW - 2 * DAY)
    assert (whole.size, whole.folder, whole.snapshot, whole.of) == (5 * 10**9, 6 * 10**9, at, OURS)
    assert (whole.created_at, whole.created_at.tzinfo, whole.seconds) == (at, UTC, 30)
    assert (old.size, old.folder, old.snapshot, old.of) == (None, None, None, None)


def operation(bots: Bots, name: str, status: str, at: datetime = NOW, kind: str = "full backup", **more: Any) -> None:
    """One that ended, or waits, in the database."""
    with Session(bots.engine) as session, session.begin():
        row = session.get(OperationRow, name) or OperationRow(
            id=name, kind=kind, version=1, environment="production", params={}, requested_by="alice", touched=False, progress={}
        )
        row.status, row.created_at, row.changed_at, row.result = status, at, at, more
        session.add(row)
        activity.append(session, who="alice", text=f"{kind} {status}", outcome=status, operation_id=name)


def test_the_last_backup_before_the_time_is_the_last_that_succeeded(bots: Bots) -> None:
    assert rows.snapshot_before(bots.engine, NOW, OURS) is None
    operation(bots, "1", "succeeded", NOW - 9 * DAY, backup={"snapshotTimestamp": "2026-03-21T00:00:00+00:00"})
    operation(bots, "2", "failed", NOW - 8 * DAY)
    theirs = {"snapshotTimestamp": "2026-03-23T00:00:00+00:00", "deployment": {"label": "old"}}
    operation(bots, "3", "succeeded", NOW - 8 * DAY, backup=theirs)
    operation(bots, "4", "succeeded", NOW)
    assert rows.snapshot_before(bots.engine, NOW - 7 * DAY, OURS) == NOW - 10 * DAY


def test_a_week_ends_at_its_moment_whatever_was_done_since(bots: Bots) -> None:
    for name, at in (("1", NOW - 8 * DAY), ("2", NOW - DAY), ("3", NOW + DAY)):
        operation(bots, name, "succeeded", at)
    convex = SimpleNamespace(production=SimpleNamespace(name=OURS))
    backstop = SimpleNamespace(engine=bots.engine, catalogue=SimpleNamespace(all=list), settings=SimpleNamespace(convex=convex))
    this, before = rows.weeks(cast("Backstop", backstop), NOW)
    assert [each.backups["full backup"].good for each in (this, before)] == [1, 1]
    assert (this.until, this.lose_most, before.until) == (NOW, 7 * DAY, NOW - 7 * DAY)


def test_what_is_usual_leaves_out_how_long_a_halted_one_waited_for_people(bots: Bots) -> None:
    journal = cast("Journal", SimpleNamespace(engine=bots.engine))
    assert usual_seconds(journal, "restore") is None
    operation(bots, "1", "succeeded", NOW, kind="restore")
    with Session(bots.engine) as session, session.begin():
        session.get_one(OperationRow, "1").finished_at = NOW + DAY  # it halted at “data”, and was retried the next day
        for place, (name, began, seconds) in enumerate((("anchor", NOW, 10), ("data", NOW + DAY, 50), ("report", NOW + DAY, 5))):
            session.add(
                StepRow(
                    operation_id="1", name=name, position=place, state="done", started_at=began,
                    finished_at=began + timedelta(seconds=seconds),
                )
            )  # fmt: skip
    assert usual_seconds(journal, "restore") == 60


def test_a_halt_stays_counted_however_it_went_on_and_no_counter_falls(bots: Bots) -> None:
    counts = []
    for status in ("halted", "halted", "succeeded"):
        operation(bots, "1", status, kind="restore")
        found = scraped_rows._counted("restore", "kind", ("restore",), scraped_rows._ended(bots.engine) + scraped_rows._halts(bots.engine))
        counts.append({sample.name: sample.value for family in found for sample in family.samples})
    assert [each["backstop_restore_halted_total"] for each in counts] == [1, 2, 2]
    assert [each["backstop_restore_total"] for each in counts] == [0, 0, 1]
    assert [each["backstop_restore_success_total"] for each in counts] == [0, 0, 1]
    assert [each["backstop_restore_failure_total"] for each in counts] == [0, 0, 0]


# ── the real bot ──


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("metrics")) as around, running(around):
        taken(around.slack.client, "/backup full")
        taken(around.slack.client, "/backup full")
        yield around


def test_the_figures_are_a_table_and_a_picture_in_slack(shop: World) -> None:
    slack = shop.slack.client
    shown = answer(slack, "/ops metrics 7")
    text = str(shown.blocks)
    for words in ("Full backups (100 %)", "100 % (2 of 2)", "Lost now (under 24 h)", "Coming back takes (under 30 min)", "the last 7 days"):
        assert words in text
    wait_for(lambda: [each for each in slack.messages(ENGINEERING) if "metrics.png" in str(each.files)], "the picture")


@pytest.mark.parametrize("typed", ["0", "366", "-1", "seven", "１", "99999"])
def test_days_that_are_none_get_a_sentence(shop: World, typed: str) -> None:
    assert "is no number of days from 1 to 365" in answer(shop.slack.client, f"/ops metrics {typed}").all_text


def test_home_has_the_buttons_that_a_person_may_click_and_the_sizes_as_a_chart(shop: World) -> None:
    slack: Client = shop.slack.client
    for person in (BOB, MALLORY):
        slack.open_home(person)
    mine = wait_for(lambda: saying(slack.home(BOB), "Backups (2)"), "the Home of a lead")
    theirs = wait_for(lambda: saying(slack.home(MALLORY), "Backups (2)"), "the Home of somebody in no role")
    assert "data_visualization" in str(mine.blocks)
    assert "backup_take_full" in str(mine.blocks)
    assert "You are in no role: you may look." in str(theirs.blocks)
    for deed in ("backup_take_full", "deploy_open", "rollback_open"):
        assert deed not in str(theirs.blocks)
    assert slack.click(mine, "metrics", user=BOB).acked
    wait_for(lambda: saying(slack.view(BOB), "Lost now"), "the figures in a window")


def fetched(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as got:  # noqa: S310 # loopback
            return got.status, got.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """Where Prometheus asks, what it gets, and the database."""
    with world(tmp_path_factory.mktemp("scraped")) as around, process(around, PORT="0", HOST="127.0.0.1") as bot:
        bot.connected()
        taken(around.slack.client, "/backup full", user=ALICE)
        port = re.search(r"health on port (\d+)", bot.words)
        assert port
        base = f"http://127.0.0.1:{port[1]}"
        wait_for(lambda: fetched(f"{base}/readyz")[0] == 200, "readiness")
        yield base, fetched(f"{base}/metrics")[1], around.backups / ".state" / "bot.sqlite"


def test_prometheus_reads_the_figures_named_as_veleros_with_their_units(scraped: tuple[str, str, Path]) -> None:
    base, text, _ = scraped
    found = {family.name: family for family in text_string_to_metric_families(text)}
    full = {sample.name: sample.value for sample in found["backstop_backup_success"].samples if sample.labels == {"type": "full"}}
    assert full["backstop_backup_success_total"] == 1
    assert found["backstop_backup_duration_seconds"].type == "histogram"
    assert found["backstop_backup_last_successful_timestamp_seconds"].samples[0].value > 1.7e9
    assert found["backstop_backup_archive_size_bytes"].samples[0].value > 100
    status, health = fetched(f"{base}/healthz")
    parts = json.loads(health)
    assert (status, parts["database"], parts["schedule"]["last_look_seconds"] < 60) == (200, "ok", True)


def test_the_dashboard_and_the_alert_rules_ask_for_figures_that_there_are(scraped: tuple[str, str, Path]) -> None:
    there = {sample.name for family in text_string_to_metric_families(scraped[1]) for sample in family.samples}
    later = {  # there once something of the sort was done
        *("backstop_recovery_time_seconds", "backstop_restore_success_ratio", "backstop_approval_latency_seconds"),
        *("backstop_change_failure_ratio", "backstop_time_to_restore_seconds", "backstop_backup_growth_bytes_per_day"),
    }
    dashboard = json.loads((ROOT / "docs/grafana.json").read_text())
    rules = (ROOT / "docs/alert-rules.yaml").read_text()
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += re.findall(r"^ +expr: (.+)$", rules, re.MULTILINE)
    assert "backstop_backup_kept unless backstop_backup_last_snapshot_timestamp_seconds" in rules  # where there never was a good one
    names = {name for expression in asked for name in re.findall(r"backstop_\w+", expression)}
    assert len(asked) > 15
    assert names - there - later == set()
    assert len(re.findall(r"^ +- alert: ", rules, re.MULTILINE)) == len(re.findall(r"^ +summary: ", rules, re.MULTILINE)) >= 6


def test_a_database_whose_file_was_moved_away_is_not_well(scraped: tuple[str, str, Path]) -> None:
    base, _, file = scraped
    moved = file.rename(file.with_name("moved.sqlite"))
    try:
        assert [fetched(f"{base}/{each}")[0] for each in ("healthz", "readyz")] == [503, 503]
        assert json.loads(fetched(f"{base}/healthz")[1])["database"].startswith("its file was moved or replaced")
    finally:
        moved.replace(file)
    wait_for(lambda: fetched(f"{base}/readyz")[0] == 200, "readiness with the file in its place")


def test_health_waits_for_nobody_who_writes(scraped: tuple[str, str, Path]) -> None:
    base, _, file = scraped
    with contextlib.closing(sqlite3.connect(file, timeout=20, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        code, said = fetched(f"{base}/healthz")
        assert (code, json.loads(said)["database"]) == (200, "ok")
        writer.execute("ROLLBACK")
