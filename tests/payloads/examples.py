"""Every view once, and again with what could break it: the longest texts, the most tables, words that would be mentions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.views import backup as views
from bot.views import errors, home, ops
from bot.views.backup import Panel, Usual
from bot.views.blocks import in_window
from bot.views.limits import Surface
from ops.activity import Line
from ops.archive import Table
from ops.errors import Failed, Refused
from ops.facts import Facts
from ops.journal import Busy, OperationView, Status, StepView
from ops.manifest import Backup, Type, instant
from ops.people import NotAllowed
from ops.purposes import Purpose
from ops.risk import Risk
from ops.settings import Retention
from ops.trash import Thrown

NOW = datetime(2025, 1, 9, 9, 0, tzinfo=UTC)
TARGET = "production · sturgeon"
FOLDER = "/srv/backstop/backups"
NASTY = "<!channel> & <@U0ALICE> *bold* `code` :white_check_mark: \x00\x1b[31m\u202e" + "<&é👩‍💻" * 10_000
LIMIT = 500_000_000


def tables(count: int = 26) -> dict[str, Table]:
    """Tables of falling size; the first names are the sample app's."""
    names = ["orders", "bookings", "users", "workflow/steps", *(f"component/table_{number:04}" for number in range(count))][:count]
    return {
        name: Table(rows=900_000 // (place + 1), bytes=4_000_000 // (place + 1), fingerprint="0" * 64) for place, name in enumerate(names)
    }


def backup(kind: Type = "full", age: timedelta = timedelta(hours=3, minutes=12), **changes: Any) -> Backup:
    """A good backup of that age."""
    number = int((NOW - age).timestamp() * 1000)
    data: dict[str, Any] = {
        "size": 9_812_345,
        "sha256": "ab" * 32,
        "tables": tables(),
        "snapshot_timestamp": NOW - age,
        "schema_hash": "cd" * 32,
    }
    made = Backup(
        id=f"{kind}-{number}",
        type=kind,
        timestamp=instant(number),
        commit_hash="ab12f3" + "0" * 34,
        commit_message="Fix the checkout",
        branch="master",
        notes="before the migration",
        purpose=Purpose.PRE_MIGRATION,
        label="Pre-migration backup - Add salary table - 2025-01-09",
        created_by="U0ALICE",
        deployment={"label": "sturgeon", "instance": "bright-sturgeon-101"},
        facts=Facts(level=2, level_at=NOW - age),
        **(data if kind == "full" else {}),
    )
    return replace(made, **changes)


def bare(kind: Type = "full") -> Backup:
    """One with only the document's keys, of which nothing else is known."""
    unknown = Facts(known=False, pinned=True, pin_reason="found in the folder, not made by this Backstop")
    made = backup(kind, purpose=None, label=None, created_by=None, deployment=None, facts=unknown, notes="")
    return replace(made, sha256=None, tables=None, snapshot_timestamp=None, schema_hash=None)


def unreadable() -> Backup:
    """One whose manifest is not JSON."""
    return Backup(id="full-1736400000000", type="full", timestamp=NOW, problem="full-backup-1736400000000.json is not JSON")


def nasty(kind: Type = "full") -> Backup:
    """One in which everything that somebody can type is as bad as it can be."""
    facts = Facts(level=1, failed=NASTY, level_at=NOW, pinned=True, pinned_by=NASTY, pin_reason=NASTY, warnings=(NASTY,) * 30)
    place = {"label": NASTY, "instance": NASTY}
    return backup(kind, notes=NASTY, commit_message=NASTY, branch=NASTY, label=NASTY, created_by=NASTY, deployment=place, facts=facts)


def many(count: int) -> list[Backup]:
    """As many backups, newest first."""
    return [backup("quick" if number % 3 else "full", timedelta(hours=number + 1)) for number in range(count)]


def operation(kind: str = "full backup", status: Status = Status.RUNNING, **changes: Any) -> OperationView:
    """An operation that was asked for 38 seconds ago."""
    ended = None if status is Status.RUNNING else NOW
    view = OperationView(
        id="0123456789ab",
        kind=kind,
        environment="production",
        requested_by="U0ALICE",
        params={
            "type": kind.split(maxsplit=1)[0],
            "purpose": "pre-migration",
            "description": "Add salary table",
            "notes": "before the migration",
        },
        status=status,
        error=None,
        remedy=None,
        created_at=NOW - timedelta(seconds=38),
        finished_at=ended,
        steps=(),
    )
    return replace(view, **changes)


def steps(*names: str, last: str = "done") -> tuple[StepView, ...]:
    """Steps that took two seconds each; the last one stands as told."""
    began = [NOW - timedelta(seconds=2 * (len(names) - place)) for place in range(len(names))]
    done = [
        StepView(name=name, state="done", started_at=at, finished_at=at + timedelta(seconds=2))
        for name, at in zip(names, began, strict=True)
    ]
    return (*done[:-1], replace(done[-1], state=last, finished_at=None if last == "started" else done[-1].finished_at))


def exporting(**progress: Any) -> OperationView:
    """A full backup in the middle of its export."""
    said = progress or {"phase": "downloading", "line": "Downloading snapshot export… 9.8 MB", "bytes": 9_800_000, "waiting": ""}
    return operation(steps=steps("target", "commit", "name", "export", last="started"), progress=said, result={"target": TARGET})


def summary(made: Backup, **more: Any) -> dict[str, Any]:
    """What an operation says of a backup at its end."""
    held = {name: {"rows": each.rows, "bytes": each.bytes, "fingerprint": each.fingerprint} for name, each in (made.tables or {}).items()}
    keys = {
        "id": made.id,
        "type": made.type,
        "commitHash": made.commit_hash,
        "commitMessage": made.commit_message,
        "exportSizeBytes": made.size,
    }
    return {
        "target": TARGET,
        "backup": keys | {"tables": held if made.type == "full" else None, "rows": made.rows},
        "level": 2,
        "compared_to": None,
        "warnings": [],
        "retention": {"left": [], "held": None, "emptied": []},
        "folder": {"bytes": 112_000_000, "limit": LIMIT},
        **more,
    }


def created(kind: Type = "full", **more: Any) -> OperationView:
    """A backup that was taken."""
    done = ("target", "commit", "name", "export", "check", "anchor", "manifest", "verify", "retention")
    names = done if kind == "full" else ("commit", "name", "anchor", "manifest", "verify", "retention")
    return operation(f"{kind} backup", Status.SUCCEEDED, steps=steps(*names), result=summary(backup(kind), **more))


def missed(status: Status, at: str = "export", **changes: Any) -> OperationView:
    """A full backup that was not taken."""
    error = "Convex did not answer within 30 min." if status is not Status.CANCELLED else "Cancelled by <@U0BOB>."
    begun = () if status is Status.REFUSED else steps("target", "commit", "name", at, last="failed")
    wrong = {"error": error, "remedy": "See https://status.convex.dev, then take it again: `/backup full`."}
    return operation(status=status, steps=begun, result={"target": TARGET}, **(wrong | changes))


def verification(status: Status, **changes: Any) -> OperationView:
    """A look at a backup."""
    params = {"backup": backup().id, "level": 2}
    looked = steps("look", last="started" if status is Status.RUNNING else "done" if status is Status.SUCCEEDED else "failed")
    return operation("verify", status, environment=None, params=params, steps=looked, result={"level": 2, "items": 27}, **changes)


def panel(**changes: Any) -> Panel:
    """The panel on an ordinary morning."""
    return replace(Panel(target=TARGET, last=backup("quick"), last_full=backup(), retention=Retention()), **changes)


def thrown(found: Backup | None = None) -> Thrown:
    """A backup in the trash."""
    made = found or backup()
    facts = replace(made.facts, trashed_at=NOW, trashed_by="U0BOB", trash_reason="taken twice")
    return Thrown(backup=replace(made, facts=facts), until=NOW + timedelta(hours=24))


def line(seq: int, text: str = "Full backup created: ab12f3 (9.8 MB)", outcome: str = "succeeded", who: str = "U0ALICE") -> Line:
    """A line of the activity log."""
    at = NOW - timedelta(hours=1000 - seq)
    return Line(
        seq=seq, at=at, who=who, text=text, outcome=outcome, operation_id=None, backup_id=None, previous_hash="0" * 64, hash=f"{seq:064x}"
    )


def cards() -> Iterator[tuple[str, dict[str, Any]]]:
    """An operation in every state."""
    yield "starting", views.card(operation(), NOW)
    yield "exporting", views.card(exporting(), NOW)
    yield "waiting", views.card(exporting(waiting="An export of somebody else is under way; ours comes after it."), NOW)
    yield "nasty progress", views.card(exporting(line=NASTY, bytes=1, phase=NASTY, waiting=NASTY), NOW)
    yield "interrupted", views.card(operation(steps=steps("target", "commit", last="interrupted")), NOW)
    yield "quick created", views.card(created("quick"), NOW)
    yield "full created", views.card(created(compared_to="full-1736300000000", size_change=200_000, rows_change=-41), NOW)
    yield "fell", views.card(created(warnings=["orders fell from 120 to 80 rows"] * 30, folder={"bytes": 412_000_000, "limit": LIMIT}), NOW)
    left = [{"id": f"quick-17364000000{place:02}", "why": "11th newest quick backup; the newest 10 stay"} for place in range(12)]
    over = {"bytes": 501_000_000, "limit": LIMIT}
    yield "left", views.card(created("quick", retention={"left": left, "held": None}, folder=over), NOW)
    yield "held", views.card(created(retention={"left": [], "held": "orders fell; nobody has explained it."}), NOW)
    yield "a thousand tables", views.card(operation(status=Status.SUCCEEDED, result=summary(backup(tables=tables(1000)))), NOW)
    yield "nasty created", views.card(operation(status=Status.SUCCEEDED, result=summary(nasty()), params={"notes": NASTY}), NOW)
    yield "nearly nothing known", views.card(operation(status=Status.SUCCEEDED), NOW)
    for status in (Status.FAILED, Status.REFUSED, Status.CANCELLED, Status.HALTED):
        yield status.value, views.card(missed(status), NOW)
        yield f"nasty {status.value}", views.card(missed(status, at=NASTY, error=NASTY, remedy=NASTY), NOW)
    yield "verifying", views.card(verification(Status.RUNNING), NOW)
    yield "verified", views.card(verification(Status.SUCCEEDED), NOW)
    wrong = {"error": "`full-1` is not sound: sha256 differs.", "remedy": "Do not count on it. Take a new one: `/backup full`."}
    yield "not sound", views.card(verification(Status.FAILED, **wrong), NOW)


def messages() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every message that is no card."""
    yield "list", views.listing(many(24), 1, NOW, TARGET)
    yield "last page", views.listing(many(24), 3, NOW, TARGET)
    yield "nasty list", views.listing([nasty(), nasty("quick"), unreadable(), bare(), *[nasty()] * 10], 1, NOW, NASTY)
    yield "empty list", views.listing([], 1, NOW, TARGET)
    yield "log", views.log(many(24), 2, FOLDER)
    yield "nasty log", views.log([nasty(), unreadable(), bare("quick")] * 5, 1, FOLDER)
    yield "empty log", views.log([], 1, FOLDER)
    yield "trash", views.trash([thrown(), thrown(backup("quick")), thrown(nasty())] * 5, 1)
    yield "empty trash", views.trash([], 1)
    for name, made in (("full", backup()), ("quick", backup("quick")), ("bare", bare()), ("unreadable", unreadable()), ("nasty", nasty())):
        yield f"show {name}", views.show(made, FOLDER)
        yield f"delete {name}?", views.delete_question(made, 24, why="no longer needed")
    yield "show a thousand tables", views.show(backup(tables=tables(1000)), FOLDER)
    fell = backup(facts=Facts(level=2, warnings=("orders fell from 120 to 80 rows",)))
    yield "show fallen", views.show(fell, FOLDER)
    yield "deleted", views.deleted(thrown())
    yield "kept", views.kept(backup().id)
    yield "undeleted", views.undeleted(backup())
    yield "pinned", views.pinned(backup(facts=Facts(pinned=True, pinned_by="U0BOB", pin_reason="the one before the merger")))
    yield "nasty pinned", views.pinned(nasty())
    yield "unpinned", views.unpinned(backup())
    yield "explained", views.explained(fell, NASTY)
    yield "reopen", views.reopen(TARGET)
    yield "status", ops.status(status(), NOW)
    yield "bare status", ops.status(ops.Status(target=TARGET), NOW)
    yield "activity", ops.activity([line(seq) for seq in range(40, 29, -1)])
    yield "nasty activity", ops.activity([line(seq, NASTY, NASTY, NASTY) for seq in range(11, 0, -1)], before=12)
    yield "empty activity", ops.activity([])
    yield "help", ops.overview()
    yield "cancelling", ops.cancelling(exporting())
    yield "nothing to cancel", ops.nothing_to_cancel()
    for error in (
        Refused("Another full backup runs.", "`/ops status`"),
        Failed(NASTY, NASTY),
        NotAllowed("You may not.", "Ask one of them."),
    ):
        yield f"{type(error).__name__}", errors.problem(error)
    halted = operation(status=Status.HALTED, steps=steps("target", "export", last="started"))
    yield "status while one is halted", ops.status(replace(status(), running=[halted]), NOW)
    for holder in (exporting(), halted):
        yield f"busy, {holder.status}", errors.problem(Busy("Cannot start a quick backup.", "Wait for its end.", holder))
    yield "defect", errors.defect("8f3a")
    yield "unplaced", errors.unplaced(NASTY, "channel_not_found")
    yield "started", views.started(f"Full backup of {TARGET} started", "#engineering")


def status() -> ops.Status:
    """A status with everything in it."""
    return ops.Status(
        target=TARGET,
        running=[exporting(), verification(Status.RUNNING)],
        last_full=backup(),
        last_quick=backup("quick", timedelta(minutes=5)),
        count=24,
        folder={"bytes": 412_000_000, "limit": LIMIT},
        held="orders fell; nobody has explained it.",
    )


def windows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every window."""
    yield "looking", views.looking(TARGET)
    yield "panel", views.panel(panel(), NOW)
    yield "first panel", views.panel(panel(last=None, last_full=None), NOW)
    measured = Usual(quick_s=1.2, full_s=41.0)
    changed = Risk(sentence="The Convex schema changed since the last full backup.", files=("convex/schema.ts",))
    yield "panel at risk", views.panel(panel(usual=measured, risk=changed, last=backup()), NOW)
    unknown = Risk(sentence=NASTY, files=(NASTY,) * 30, known=False)
    yield "panel, nasty", views.panel(panel(risk=unknown, last=nasty("quick"), last_full=nasty()), NOW)
    yield "panel while one runs", views.panel(panel(running=exporting()), NOW)
    yield "explain the fall", views.explain_fall(nasty())
    for name, shown in (*messages(), *cards()):
        yield f"{name}, in a window", in_window(shown)


def homes() -> Iterator[tuple[str, dict[str, Any]]]:
    """App Home."""
    found = many(24)
    room = {"bytes": 112_000_000, "limit": LIMIT}
    yield "home", home.app_home(home.Home(panel=panel(), backups=found, folder=room), NOW)
    yield "first home", home.app_home(home.Home(panel=panel(last=None, last_full=None), backups=[]), NOW)
    runs = [exporting(), verification(Status.RUNNING)]
    halted = operation(status=Status.HALTED, steps=steps("target", "export", last="started"))
    yield (
        "home while one is halted",
        home.app_home(home.Home(panel=panel(running=halted), backups=found, running=[halted], folder=room), NOW),
    )
    yield "busy home", home.app_home(home.Home(panel=panel(running=runs[0]), backups=[nasty(), *found], running=runs, folder=room), NOW)


def examples() -> Iterator[tuple[str, Surface, dict[str, Any]]]:
    """Every view, with its surface."""
    yield from ((name, "message", shown) for name, shown in (*cards(), *messages()))
    yield from ((name, "modal", shown) for name, shown in windows())
    yield from ((name, "home", shown) for name, shown in homes())
