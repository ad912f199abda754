"""What the panel, App Home and the status are drawn from, gathered from ops. Sync, for worker threads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.views.backup import Panel, Usual
from bot.views.home import Home
from bot.views.ops import Status
from ops import metrics, retaining, risk
from ops.backstop import Backstop
from ops.backup import ENVIRONMENT
from ops.manifest import Backup, Type


def panel(backstop: Backstop) -> Panel:
    """The backup panel. It asks the remote what a quick backup would miss."""
    backups = backstop.catalogue.all()
    last_full = newest_good(backups, "full")
    running = backstop.journal.holder(ENVIRONMENT)
    return Panel(
        target=target(backstop),
        last=next((backup for backup in backups if backup.good), None),
        last_full=last_full,
        retention=backstop.settings.retention,
        usual=Usual(
            quick_s=metrics.usual_seconds(backstop.journal, "quick backup"), full_s=metrics.usual_seconds(backstop.journal, "full backup")
        ),
        risk=None if running else risk.of_quick(backstop.services, last_full),
        running=running,
    )


def home(backstop: Backstop) -> Home:
    """App Home."""
    return Home(panel=panel(backstop), backups=backstop.catalogue.all(), running=backstop.journal.running(), folder=folder(backstop))


def status(backstop: Backstop) -> Status:
    """What runs and what is kept."""
    backups = backstop.catalogue.all()
    plan = retaining.plan(backstop.catalogue, backstop.settings.retention, backstop.in_use(), datetime.now(UTC))
    return Status(
        target=target(backstop),
        running=backstop.journal.running(),
        last_full=newest_good(backups, "full"),
        last_quick=newest_good(backups, "quick"),
        count=len(backups),
        folder=folder(backstop),
        held=plan.held,
    )


def target(backstop: Backstop) -> str:
    """What backups are taken of, as every card names it."""
    return backstop.services.target(ENVIRONMENT)


def folder(backstop: Backstop) -> dict[str, int]:
    """How full the backup folder is, in bytes."""
    return {"bytes": backstop.catalogue.used(), "limit": backstop.settings.backups.warn_at}


def newest_good(backups: Sequence[Backup], kind: Type) -> Backup | None:
    """The newest good backup of a type, of those given newest first."""
    return next((backup for backup in backups if backup.type == kind and backup.good), None)
