"""What is wrong now, and when it is over: decided from rows and files, so a restart forgets nothing (B20).

Something that happened (a backup that failed) stays an alert until its opposite is there (a good backup that is newer); a
state (a folder that is full) until it is over, or a person says so. All of it is pure; ``looking`` gathers, keeps and tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops import overlooked, restore, rollback, watch
from ops.alerts.outgoing import Undelivered, Unreached
from ops.alerts.records import LOG, Alert
from ops.alerts.severity import Severity
from ops.automated import Missing
from ops.backup import ENVIRONMENT
from ops.by_hand import ISSUES, Restoration
from ops.journal import OperationView, Status
from ops.manifest import Backup
from ops.missed import Missed
from ops.outlook import WARNED_FROM
from ops.words import decimal_size

MISSED = "missed-backups"
BACKUP, RESTORE, HALTED, VERIFICATION, VERIFIER = "automated-backup", "restore", "halted", "verification", "verifier"
OVERDUE, STORAGE, CHANNEL, CANARY, UNANSWERED = "verification-overdue", "storage", "channel:", "canary", "canary-unanswered"
WATCH, UNHEARD, ADDRESS = "watch", "unheard:", "address:"
BRINGS_BACK = (restore.PRODUCTION, *rollback.KINDS)
LATELY = timedelta(days=1)
UNTIL_OVERDUE = timedelta(days=2)  # a Monday's verification is missed on Wednesday
UNANSWERED_AFTER = timedelta(days=1)
UNPOSTED_FOR = timedelta(minutes=3)  # after which Slack counts as broken
_BANDS = (1.0, 0.9, WARNED_FROM)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Something that is wrong."""

    key: str
    severity: Severity
    title: str
    text: str
    remedy: str
    at: datetime  # when it happened
    about: str | None = None
    lasting: bool = False  # a state, not something that happened


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is looked at."""

    missing: tuple[Missing, ...]  # automated backups, the newest first
    newest: Backup | None  # the newest good full backup
    used: int  # bytes of the backup folder
    limit: int
    operations: tuple[OperationView, ...]  # what changes production, the newest first, and whatever is halted
    verifications: tuple[OperationView, ...]  # the newest first
    watches: tuple[OperationView, ...] = ()  # after restores of production, the newest first
    weekly: datetime | None  # when this week's verification was due; None without a staging
    log: tuple[str, ...] | None  # what is wrong with the activity log; None: it was not looked at
    undelivered: tuple[Undelivered, ...]
    taken: Mapping[str, datetime]  # when each channel last took something
    canary: Alert | None  # the newest test of the alerts
    by_hand: Restoration | None = None  # the newest restoration that a person tested
    missed: tuple[Missed, ...] = ()  # automated backups that never came, the oldest first, in the look that found them
    unreached: tuple[Unreached, ...] = ()


def causes(facts: Facts, now: datetime) -> list[Cause]:
    """Everything that is wrong. Pure."""
    found = [_backup(facts), *_verification(facts), _overdue(facts, now), _storage(facts, now), *_operations(facts, now), _log(facts, now)]
    found += [_missed(facts), _watched(facts, now), *_channels(facts), *_addresses(facts), *_unheard(facts), _unanswered(facts, now)]
    return [each for each in found if each is not None]


def over(alert: Alert, facts: Facts) -> str | None:
    """How an alert ended, if it did. Pure."""
    family = alert.key.split(":")[0]
    return _OVER[family](alert, facts) if family in _OVER else None


# -- backups ---------------------------------------------------------------------------------------------------------------


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
    if not facts.missed or (facts.newest is not None and facts.newest.timestamp > facts.missed[-1].due):
        return None
    count = len(facts.missed)
    more = f" It is the last of {count} since {facts.missed[0].due:%Y-%m-%d %H:%M} UTC." if count > 1 else ""
    return Cause(
        key=MISSED,
        severity=Severity.P1,
        title="An automated backup did not come" if count == 1 else f"{count} automated backups did not come",
        text=f"{facts.missed[-1].text}{more}",
        remedy="The one that is due now is tried now. Find out why none began: `HEARTBEAT_URL` tells of a bot that is down while it is.",
        at=facts.missed[-1].due,
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


# -- verification ----------------------------------------------------------------------------------------------------------


def _verification(facts: Facts) -> list[Cause]:
    """The last one failed, by a person's word too (B14), or the verifier passed a damaged copy and has not seen that damage since (X9)."""
    last = next((each for each in facts.verifications if each.status in {Status.SUCCEEDED, Status.FAILED}), None)
    failed = last if last is not None and last.status is Status.FAILED and not last.result.get("missed") else None
    blind = overlooked.owed(facts.verifications)
    said = facts.by_hand if facts.by_hand and (last is None or facts.by_hand.at > (last.finished_at or last.created_at)) else None
    return [
        *([_verified(blind, VERIFIER, "The verifier missed a damage", "the verifier sees that damage")] if blind else []),
        *([_verified(failed, VERIFICATION, "The verification failed", "a verification succeeds")] if failed and not said else []),
        *(_tested(said) if said else []),
    ]


def _verified(view: OperationView, key: str, title: str, until: str) -> Cause:
    """What a verification found."""
    return Cause(
        key=key,
        severity=Severity.P0,
        title=title,
        text=f"`{view.params['bound']['backup']}`: {view.error}",
        remedy=f"{view.remedy or ''} Retention takes nothing until {until}.".strip(),
        at=view.finished_at or view.created_at,
        about=view.id,
    )


def _verifier_over(alert: Alert, facts: Facts) -> str | None:
    """The same damage was done again, and seen."""
    seen = overlooked.seen_since(facts.verifications, alert.at)
    if seen is None:
        return None
    return f"The verifier sees it now: `{seen.params['bound']['backup']}`, {seen.params['shown']['damage']}."


def _tested(found: Restoration) -> list[Cause]:
    """A person restored a backup, and it was not as it should be."""
    if not found.wrong:
        return []
    return [
        Cause(
            key=VERIFICATION,
            severity=Severity.P0,
            title="The verification failed",
            text=f"`{found.backup}`, restored by {found.by}: {', '.join(f'{each}: No' for each in found.wrong)}. {ISSUES}: {found.issues}",
            remedy="Find a backup that can be restored, and pin it: `/backup list`. Then fill in the log again, on the weekly checklist.",
            at=found.at,
        )
    ]


def _tested_over(alert: Alert, facts: Facts) -> str | None:
    """Backstop proved one since, or a person restored one that is as it should be."""
    found = facts.by_hand
    if found is None or found.wrong or found.at <= alert.at:
        return _verification_over(alert, facts)
    return f"`{found.backup}` was restored by {found.by}, as it should be."


def _verification_over(alert: Alert, facts: Facts) -> str | None:
    """One that succeeded since."""
    good = next((each for each in facts.verifications if each.status is Status.SUCCEEDED), None)
    if good is None or good.finished_at is None or good.finished_at <= alert.at:
        return None
    return f"`{good.params['bound']['backup']}` was restored to staging and proven."


def _overdue(facts: Facts, now: datetime) -> Cause | None:
    """Nothing was verified since Monday."""
    due = facts.weekly
    if due is None or now < due + UNTIL_OVERDUE:
        return None
    if any(each.status is Status.SUCCEEDED and each.finished_at and each.finished_at >= due for each in facts.verifications):
        return None
    return Cause(
        key=OVERDUE,
        severity=Severity.P1,
        title="The weekly verification is not done",
        text=f"No backup was restored to staging and proven since {due:%Y-%m-%d %H:%M %Z}.",
        remedy="Look what keeps it from it: `/ops status`. Begin one: `/backup verify weekly`.",
        at=due,
        lasting=True,
    )


# -- operations ------------------------------------------------------------------------------------------------------------


def _operations(facts: Facts, now: datetime) -> list[Cause]:
    """Production is half changed, or could not be brought back."""
    found = [_halted(view) for view in facts.operations if view.status is Status.HALTED and view.environment == ENVIRONMENT]
    last = next((view for view in facts.operations if view.kind in BRINGS_BACK and view.status in {Status.SUCCEEDED, Status.FAILED}), None)
    if last is not None and last.status is Status.FAILED and last.finished_at and last.finished_at > now - LATELY:
        found.append(
            Cause(
                key=RESTORE,
                severity=Severity.P0,
                title=f"The {last.kind} failed",
                text=last.error or "It did not reach its goal.",
                remedy=last.remedy or "Look at its card.",
                at=last.finished_at,
                about=last.id,
            )
        )
    return found


def _halted(view: OperationView) -> Cause:
    """Nobody but a person can say how it goes on."""
    step = f" at “{view.steps[-1].name}”" if view.steps else ""
    return Cause(
        key=f"{HALTED}:{view.environment}",
        severity=Severity.P0,
        title=f"The {view.kind} halted{step}",
        text=view.error or "Nobody knows how it ended.",
        remedy=f"{view.remedy or ''} Nothing else can start on {view.environment} until a person decides on its card.".strip(),
        at=view.halted_at or view.created_at,
        about=view.id,
    )


def goes_on(alert: Alert, facts: Facts) -> bool:
    """Whether what halted runs again: nobody has to be reminded of it meanwhile, and it is not over before it has ended. Pure."""
    views = (view for view in facts.operations if view.id == alert.about)
    return alert.key.split(":")[0] == HALTED and any(view.status is Status.RUNNING for view in views)


def _halted_over(alert: Alert, facts: Facts) -> str | None:
    """Somebody decided, and it has ended."""
    view = next((each for each in facts.operations if each.id == alert.about), None)
    if view is None or view.status in {Status.HALTED, Status.RUNNING}:
        return None
    if view.left is not None:
        return f"{view.left['by']} ended it as it was, half-way."
    return f"It {view.status}."


def _restore_over(alert: Alert, facts: Facts) -> str | None:
    """One that succeeded since."""
    good = next((view for view in facts.operations if view.kind in BRINGS_BACK and view.status is Status.SUCCEEDED), None)
    if good is None or good.finished_at is None or good.finished_at <= alert.at:
        return None
    return f"The {good.kind} {good.id} succeeded."


def _watched(facts: Facts, now: datetime) -> Cause | None:
    """After a restore the pages do not answer as they should (B11); while something else is brought back, that says how it goes."""
    if any(each.kind in BRINGS_BACK and each.finished_at is None for each in facts.operations):
        return None
    view = next(iter(facts.watches), None)
    row = watch.row(view) if view else {}
    if view is None or row["bad"] < watch.IN_A_ROW or (view.finished_at and view.finished_at <= now - LATELY):
        return None
    since = datetime.fromisoformat(row["since"])
    return Cause(
        key=WATCH,
        severity=Severity.P0,
        title="After the restore the site does not answer as it should",
        text=f"Since {since:%Y-%m-%d %H:%M:%S} UTC, {watch.IN_A_ROW} looks in a row or more: {row['fault']}",
        remedy="Look at the site. If it is due to the restore, go back to what was there before it: Undo. The watch's card has each look.",
        at=since,
        about=view.id,
    )


def _watched_over(alert: Alert, facts: Facts) -> str | None:
    """It is well again, or something newer was brought back: that has a watch of its own."""
    if good := _restore_over(alert, facts):
        return good
    view = next((each for each in facts.watches if each.id == alert.about), None)
    return "The pages answer as they should again." if view and watch.row(view)["good"] >= watch.IN_A_ROW else None


# -- the log, and the alerts themselves ------------------------------------------------------------------------------------


def _log(facts: Facts, now: datetime) -> Cause | None:
    """The activity log was changed, or is another one (X10)."""
    if not facts.log:
        return None
    more = f" And {len(facts.log) - 1} more." if len(facts.log) > 1 else ""
    return Cause(
        key=LOG,
        severity=Severity.P0,
        title="The activity log is not as it was written",
        text=f"{facts.log[0]}{more}",
        remedy=(
            "Was the database lost, or restored from an older copy? Then a CTO ends this alert and says so: the log counts from there on. "
            "If not, find out who can write to the database, and keep a copy of it as it is. `/ops verify-log` lists every place."
        ),
        at=now,
        lasting=True,
    )


def _channels(facts: Facts) -> list[Cause]:
    """Alerts that did not arrive: the other channels say so, with what it was."""
    return [
        Cause(
            key=f"{CHANNEL}{each.channel}",
            severity=Severity.P0 if any(title.startswith(Severity.P0) for title in each.titles) else Severity.P1,
            title=f"Alerts do not arrive by {each.channel}",
            text=f"{each.error} Not told there: {'; '.join(each.titles[:5])}",
            remedy="It is tried again for a day. Tell whoever reads only there.",
            at=each.since,
            lasting=True,
        )
        for each in facts.undelivered
    ]


def _channel_over(alert: Alert, facts: Facts) -> str | None:
    """It took something since."""
    name = alert.key.removeprefix(CHANNEL)
    at = facts.taken.get(name)
    return f"{name} takes alerts again." if at is not None and at > alert.at else None


def _unheard(facts: Facts) -> list[Cause]:
    """A person said that the test of the alerts did not arrive by a channel, which may have taken it all the same."""
    test = facts.canary
    if test is None or not test.is_open or test.unheard is None:
        return []
    lacking, by = test.unheard["lacking"], test.unheard["by"]
    return [
        Cause(
            key=f"{UNHEARD}{name}",
            severity=Severity.P1,
            title=f"The test of the alerts did not arrive by {name}",
            text=f"{by} looked. It was sent {test.opened_at:%Y-%m-%d %H:%M} UTC; a P0 alert would not arrive there either.",
            remedy=f"{_LOOK_AT[name]} Then say on the test's card where it arrived, or wait for the next test.",
            at=datetime.fromisoformat(test.unheard["at"]),
        )
        for name in lacking
    ]


_LOOK_AT = {
    "e-mail": "Look at SMTP_URL, at `[alerts] email`, and at your filters.",
    "PagerDuty": "Look at PAGERDUTY_KEY, and at who is on call for that service at PagerDuty.",
}


def _heard(alert: Alert, facts: Facts) -> str | None:
    """Somebody said since that a test arrived there."""
    test, name = facts.canary, alert.key.removeprefix(UNHEARD)
    if test is None:
        return None
    everywhere = test.resolved_at if test.resolved_by else None
    there = datetime.fromisoformat(test.unheard["at"]) if test.unheard and name not in test.unheard["lacking"] else None
    return f"A test of the alerts arrived by {name}." if any(at is not None and at > alert.at for at in (everywhere, there)) else None


def _addresses(facts: Facts) -> list[Cause]:
    """Addresses that get nothing, while the others do."""
    return [
        Cause(
            key=f"{ADDRESS}{each.address}",
            severity=Severity.P1,
            title=f"No alert reaches {each.address} by e-mail",
            text=f"The mail server refuses this address ({each.code}). The other addresses get their mails.",
            remedy="Put it right in `[alerts] email`, or take it out and start Backstop again. The next mail tries it once more.",
            at=each.since,
            lasting=True,
        )
        for each in facts.unreached
    ]


def _address_over(alert: Alert, _facts: Facts) -> str | None:
    """It took the last mail, or gets none any more."""
    return f"The last mail was taken for {alert.key.removeprefix(ADDRESS)}, or it is not in `[alerts] email` any more."


def _unanswered(facts: Facts, now: datetime) -> Cause | None:
    """Nobody said that the test of the alerts arrived."""
    test = facts.canary
    if test is None or not test.is_open or test.unheard or now - test.opened_at < UNANSWERED_AFTER:
        return None
    return Cause(
        key=UNANSWERED,
        severity=Severity.P1,
        title="Nobody answered the test of the alerts",
        text=f"It was sent {test.opened_at:%Y-%m-%d %H:%M} UTC. Whether an alert would reach anybody is not known.",
        remedy="Whoever got it by e-mail or from PagerDuty: say so on its card, or find out why it did not come.",
        at=test.opened_at,
    )


def _answered(alert: Alert, facts: Facts) -> str | None:
    """Somebody did."""
    test = facts.canary
    answered = test is not None and (not test.is_open or test.unheard) and test.opened_at >= alert.at
    return "The test of the alerts was answered." if answered else None


_OVER = {
    BACKUP: _backup_over,
    MISSED: _backup_over,
    STORAGE: _storage_over,
    VERIFICATION: _tested_over,
    VERIFIER: _verifier_over,
    OVERDUE: _verification_over,
    HALTED: _halted_over,
    RESTORE: _restore_over,
    WATCH: _watched_over,
    CHANNEL.rstrip(":"): _channel_over,
    ADDRESS.rstrip(":"): _address_over,
    UNANSWERED: _answered,
    UNHEARD.rstrip(":"): _heard,
}
