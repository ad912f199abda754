"""What is wrong with the automated backups and the folder that they lie in (B2, A14), and when it is over."""

from __future__ import annotations

from datetime import datetime

from ops.alerts.alert import Alert, Cause
from ops.alerts.facts import Facts
from ops.alerts.severity import Severity
from ops.outlook import WARNED_FROM
from ops.words import decimal_size

BACKUP, MISSED, STORAGE = "automated-backup", "missed-backups", "storage"
_BANDS = (1.0, 0.9, WARNED_FROM)


def wrong(facts: Facts, now: datetime) -> list[Cause]:
    """All of it."""
    return [each for each in (_backup(facts), _missed(facts), _storage(facts, now)) if each is not None]


def _backup(facts: Facts) -> Cause | None:
    """An automated backup that did not come, and that no other has made up for (B2)."""
    each = max(facts.missing, key=lambda found: found.due, default=None)
    if each is None or (facts.newest is not None and facts.newest.timestamp > each.at):
        return None
    did, next_ = (
        ("has not begun", "It is tried again until the next one is due.")
        if each.again
        else ("did not succeed", "Nothing tries it again before the next one is due.")
    )
    return Cause(
        key=BACKUP,
        severity=Severity.P0,
        title=f"The automated backup {did}",
        text=f"Due {each.due:%Y-%m-%d %H:%M %Z}: {each.why}",
        remedy=f"{next_} Production was not touched. Take one by hand: `/backup full`.",
        at=each.at,
        about=None if each.again else each.id,
    )


def _missed(facts: Facts) -> Cause | None:
    """Automated backups that never came, and that no other has made up for."""
    lacking = [each for each in facts.missed if facts.newest is None or each.due >= facts.newest.timestamp]
    if not lacking:
        return None
    count, last = len(lacking), lacking[-1]
    more = f" It is the last of {count} since {lacking[0].due:%Y-%m-%d %H:%M} UTC." if count > 1 else ""
    return Cause(
        key=MISSED,
        severity=Severity.P0,
        title="An automated backup did not come" if count == 1 else f"{count} automated backups did not come",
        text=f"{last.text}{more}",
        remedy="The one that is due now is tried now. Find out why none began: `HEARTBEAT_URL` tells of a bot that is down while it is.",
        at=last.due,
    )


def _backup_over(alert: Alert, facts: Facts) -> str | None:
    """A good one that is newer."""
    if facts.newest is None or facts.newest.timestamp <= alert.at:
        return None
    return f"There is a good full backup again: {facts.newest.id}."


def _storage(facts: Facts, now: datetime) -> Cause | None:
    """The folder is near its limit, or over it (A14)."""
    band = next((each for each in _BANDS if facts.used >= each * facts.limit), None)
    if band is None:
        return None
    is_over = facts.used > facts.limit
    return Cause(
        key=STORAGE,
        severity=Severity.P1,
        title="The backup folder is over its limit" if is_over else "The backup folder is near its limit",
        text=f"The backups take more than {band * 100:.0f} % of the {decimal_size(facts.limit)} of `[backups] warn_at`.",
        remedy="See what can go: `/backup list`. Or give it more room: `[backups] warn_at`. No backup is refused for it.",
        at=now,
        lasting=True,
    )


def _storage_over(_alert: Alert, facts: Facts) -> str | None:
    """There is room."""
    return f"The backups take {decimal_size(facts.used)} now." if facts.used < WARNED_FROM * facts.limit else None


OVER = {BACKUP: _backup_over, MISSED: _backup_over, STORAGE: _storage_over}
