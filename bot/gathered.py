"""What the panel, App Home and the status are drawn from, gathered from ops. Sync, for worker threads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from bot.views.backup import Panel, Usual
from bot.views.home import Home
from bot.views.ops import Status
from ops import alerts, approvals, checklists, metrics, readiness, retaining, risk, standing, tasks
from ops.backstop import Backstop
from ops.backup import ENVIRONMENT
from ops.choosing import newest_good
from ops.deploy import read_gate
from ops.errors import OpsError
from ops.gate import Verdict


def panel(backstop: Backstop) -> Panel:
    """The backup panel. It asks the remote what a quick backup would miss."""
    backups, label = backstop.catalogue.all(), backstop.settings.convex.production.name
    last_full = newest_good(backups, "full", label)
    running = backstop.journal.holder(ENVIRONMENT)
    return Panel(
        target=target(backstop),
        last=next((backup for backup in backups if backup.good and backup.is_of(label)), None),
        last_full=last_full,
        retention=backstop.settings.retention,
        usual=usual(backstop),
        risk=None if running else risk.of_quick(backstop.services, last_full),
        running=running,
    )


def usual(backstop: Backstop) -> Usual:
    """How long backups took lately."""
    quick, full = (metrics.usual_seconds(backstop.journal, f"{kind} backup") for kind in ("quick", "full"))
    return Usual(quick_s=quick, full_s=full)


def home(backstop: Backstop) -> Home:
    """App Home."""
    verdict, unknown = _gate(backstop)
    now = datetime.now(UTC)
    return Home(
        panel=panel(backstop),
        backups=backstop.catalogue.all(),
        running=backstop.journal.running(),
        folder=folder(backstop),
        gate=verdict,
        gate_unknown=unknown,
        source=backstop.settings.app.source_branch,
        standing=standing.all_of(backstop.engine),
        pending=approvals.pending(backstop.engine),
        tasks=tasks.open_ones(backstop.engine),
        readiness=readiness.of(backstop, now),
        alerts=alerts.open_ones(backstop.engine),
        checklists=[each for each in map(partial(checklists.of, backstop, now=now), lists(backstop, now)) if each.left],
        sizes=_sizes(backstop),
    )


def lists(backstop: Backstop, now: datetime) -> list[checklists.Made]:
    """This week's checklist, and this month's."""
    spans = {checklists.WEEKLY: timedelta(days=7), checklists.MONTHLY: timedelta(days=31)}
    return [each for kind, span in spans.items() for each in checklists.lately(backstop.engine, kind, now - span)[:1]]


def _sizes(backstop: Backstop) -> list[tuple[datetime, int]]:
    """How large the last full backups are, the oldest first."""
    full = [each for each in backstop.catalogue.all() if each.type == "full" and each.size is not None]
    return [(each.timestamp, each.size or 0) for each in reversed(full[:20])]


def _gate(backstop: Backstop) -> tuple[Verdict | None, str]:
    """How the gate stands for the source branch; None where there is nothing to deploy, or it cannot be told."""
    git, app = backstop.services.git, backstop.settings.app
    try:
        live, new = git.remote_head(app.production_branch), git.remote_head(app.source_branch)
        if not new or live == new:
            return None, ""
        old_schema, new_schema = (git.schema_hash(commit, app.folder) for commit in (live, new))
        return read_gate(backstop.services, live, schema_changed=old_schema != new_schema), ""
    except OpsError as error:
        return None, error.message


def status(backstop: Backstop) -> Status:
    """What runs and what is kept."""
    backups, label = backstop.catalogue.all(), backstop.settings.convex.production.name
    policy, doubt = backstop.settings.retention, retaining.doubt(backstop.engine)
    plan = retaining.plan(backstop.catalogue, policy, backstop.in_use(), datetime.now(UTC), doubt)
    return Status(
        target=target(backstop),
        running=backstop.journal.running(),
        standing=standing.all_of(backstop.engine),
        last_full=newest_good(backups, "full", label),
        last_quick=newest_good(backups, "quick", label),
        count=len(backups),
        folder=folder(backstop),
        files=backstop.settings.convex.file_storage,
        held=plan.held,
        readiness=readiness.of(backstop, datetime.now(UTC)),
    )


def target(backstop: Backstop) -> str:
    """What backups are taken of, as every card names it."""
    return backstop.services.target(ENVIRONMENT)


def folder(backstop: Backstop) -> dict[str, int]:
    """How full the backup folder is, in bytes."""
    return {"bytes": backstop.catalogue.used(), "limit": backstop.settings.backups.warn_at}
