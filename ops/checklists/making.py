"""What is on the checklists, as it stands now: looked at in rows and files where that can be done, else asked of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from ops import automated, by_hand, drill, outlook, staging, verification
from ops.backstop import Backstop
from ops.checklists import access, records
from ops.checklists.access import Members
from ops.checklists.items import Checklist, Deed, Item, State
from ops.checklists.records import MONTHLY, WEEKLY, Made, Tick
from ops.journal import OperationView, Status
from ops.outlook import Outlook
from ops.settings import Settings
from ops.words import counted, decimal_size, elapsed

AUTOMATED, RESTORED = "automated", by_hand.ITEM
_AT = "%a %Y-%m-%d %H:%M %Z"
TAKE = "Take one now: `/backup full`."
VERIFY = "Its card says why it failed, if it did; `/backup verify weekly` restores one now."
WAITS = "None has begun yet: it waits for staging to be free, or for `/backup verify weekly`."
LOG = "Restore a backup to a deployment of your own, then fill in the log on the list in #engineering."


def make(backstop: Backstop, kind: str, due: datetime, members: Members, *, late: bool) -> str:
    """Make the one of a moment, unless it is there; its id."""
    facts = access.held(backstop.settings, members) if kind == MONTHLY else {}
    return records.keep(backstop.engine, kind, due, {**facts, "late": late})


def of(backstop: Backstop, made: Made, now: datetime) -> Checklist:
    """How one stands."""
    items = _weekly(backstop, made, now) if made.kind == WEEKLY else _monthly(backstop, made)
    return Checklist(
        id=made.id, kind=made.kind, due=made.due, since=max(made.due, made.made_at), items=tuple(items), late=bool(made.facts["late"])
    )


def _weekly(backstop: Backstop, made: Made, now: datetime) -> list[Item]:
    """B5, and whether Convex's own backups are there."""
    journal = backstop.journal
    restored = (
        verified(journal.recent(20, kinds=(verification.KIND,)), made.due)
        if staging.configured(backstop.services)
        else logged(made.ticks.get(RESTORED))
    )
    return [
        last_automated(journal.recent(20, kinds=("full backup",)), automated.last(backstop, now), now),
        restored,
        ticked(made.ticks, "storage", "Review storage usage", _room(outlook.of(backstop, now))),
        ticked(
            made.ticks, "variables", "Audit the backups of variables", "Backstop does not keep variables yet: look at the team's own copy."
        ),
        ticked(made.ticks, "convex", "Look whether Convex's own daily backups ran", "Its dashboard shows them for 7 days."),
    ]


def _monthly(backstop: Backstop, made: Made) -> list[Item]:
    """B6."""
    begin = made.due.astimezone(backstop.settings.team.zoneinfo).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    previous = records.before(backstop.engine, MONTHLY, made.due)
    since = previous.due if previous else begin
    audit = [*access.lines(made.facts), *access.changes(previous.facts if previous else None, made.facts)]
    journal = backstop.journal
    return [
        every_verification(journal.recent(50, kinds=(verification.KIND,)), since, made.ticks.get(RESTORED)),
        ticked(made.ticks, "retention", "Review the retention policy", policy(backstop.settings)),
        ticked(made.ticks, "access", "Audit who may do what", "\n".join(audit)),
        drilled(journal.recent(10, kinds=(drill.KIND,)), begin, there=staging.configured(backstop.services), tick=made.ticks.get("drill")),
        ticked(made.ticks, "documents", "Update the documents", "; ".join(_documents(backstop.settings)) or "None is named in `[docs]`."),
    ]


# -- the items. Pure -------------------------------------------------------------------------------------------------------


def ticked(ticks: Mapping[str, Tick], key: str, text: str, evidence: str) -> Item:
    """One that a person does."""
    tick = ticks.get(key)
    if tick is None:
        return Item(key=key, text=text, state=State.OPEN, evidence=evidence, deed=Deed.TICK)
    return Item(key=key, text=text, state=State.DONE, evidence=evidence, by=tick.by, at=tick.at)


def last_automated(views: Iterable[OperationView], due: datetime, now: datetime) -> Item:
    """Whether the automated backup that was due last succeeded, or another came after it: an older one says nothing of it."""
    key, text, found = AUTOMATED, "The last automated backup succeeded", list(views)
    view = next((each for each in found if automated.is_automated(each) and each.status is not Status.RUNNING), None)
    if view is None:
        return Item(key=key, text=text, state=State.OPEN, evidence="There was none yet.")
    good = view.status is Status.SUCCEEDED and view.finished_at is not None
    if good and view.created_at >= due:
        return Item(key=key, text=text, state=State.DONE, evidence=_taken(view))
    instead = next((each for each in found if each.status is Status.SUCCEEDED and each.created_at > max(view.created_at, due)), None)
    if instead is not None:
        return Item(key=key, text="A full backup came after the last automated one", state=State.DONE, evidence=_taken(instead))
    if not good:
        evidence = f"{view.created_at:{_AT}}: {view.error or view.status}"
        return Item(key=key, text=text, state=State.WRONG, evidence=evidence, then=TAKE)
    made = view.result["backup"]["id"]
    lacking = f"One was due {due.astimezone(UTC):{_AT}}, and is not there. The one before it: `{made}`, {view.created_at:{_AT}}."
    return Item(key=key, text=text, state=State.OPEN if now - due <= automated.PATIENCE else State.WRONG, evidence=lacking, then=TAKE)


def _taken(view: OperationView) -> str:
    """A full backup that succeeded."""
    took = f", in {elapsed(view.finished_at - view.created_at)}" if view.finished_at else ""
    return f"`{view.result['backup']['id']}`, {view.created_at:{_AT}}{took}, L{view.result['level']}"


def verified(views: Iterable[OperationView], due: datetime) -> Item:
    """Whether a backup was restored to staging since."""
    text = "Restore one backup to staging"
    since = [each for each in views if (each.finished_at or due) >= due or each.status is Status.RUNNING]
    good = next((each for each in since if each.status is Status.SUCCEEDED), None)
    if good is not None:
        proof, level = good.result["proof"], good.result["level"]
        evidence = (
            f"`{good.params['bound']['backup']}`, {counted(proof['of'], 'table')}, every fingerprint equal, L{level}; "
            f"chosen: {good.params['shown']['why']}, seed {good.params['shown']['seed']}"
        )
        return Item(key=RESTORED, text=text, state=State.DONE, evidence=evidence)
    running = next((each for each in since if each.status is Status.RUNNING), None)
    if running is not None:
        return Item(key=RESTORED, text=text, state=State.RUNNING, evidence=f"`{running.params['bound']['backup']}` is being restored.")
    failed = next((each for each in since if each.status is Status.FAILED), None)
    if failed is not None:
        return Item(key=RESTORED, text=text, state=State.WRONG, evidence=failed.error or "It failed.", then=VERIFY)
    return Item(key=RESTORED, text=text, state=State.OPEN, evidence=WAITS, then=VERIFY)


def logged(tick: Tick | None) -> Item:
    """The same where there is no staging that Backstop knows: a person restores, and fills in the log."""
    text = "Test the restoration of one backup"
    if tick is None:
        nothing = "No staging deployment is set, so a person does it and fills in the log."
        return Item(key=RESTORED, text=text, state=State.OPEN, evidence=nothing, deed=Deed.LOG, then=LOG)
    said = "; ".join(f"{name}: {answer}" for name, answer in tick.fields.items() if answer)
    if by_hand.wrong(tick.fields):
        return Item(key=RESTORED, text=text, state=State.WRONG, evidence=said, by=tick.by, at=tick.at, deed=Deed.LOG, then=LOG)
    return Item(key=RESTORED, text=text, state=State.DONE, evidence=said, by=tick.by, at=tick.at)


def every_verification(views: Iterable[OperationView], since: datetime, tick: Tick | None) -> Item:
    """Whether backups were verified since the last list."""
    text = "Verify a backup by a full restore"
    good = [each for each in views if each.status is Status.SUCCEEDED and each.finished_at and each.finished_at >= since]
    if not good and tick is not None:
        return Item(key=RESTORED, text=text, state=State.DONE, evidence="Done by hand.", by=tick.by, at=tick.at)
    if not good:
        return Item(key=RESTORED, text=text, state=State.OPEN, evidence="No verification succeeded since the last list.", deed=Deed.TICK)
    names = ", ".join(f"`{each.params['bound']['backup']}`" for each in good[:5])
    return Item(key=RESTORED, text=text, state=State.DONE, evidence=f"Since the last list {len(good)}: {names}")


def drilled(views: Iterable[OperationView], begin: datetime, *, there: bool, tick: Tick | None) -> Item:
    """Whether the disaster was rehearsed this month."""
    text = "Rehearse a disaster in staging"
    done = next((each for each in views if each.status is Status.SUCCEEDED and each.finished_at and each.finished_at >= begin), None)
    if done is not None:
        found = done.result["drill"]
        total, promised = (elapsed(timedelta(seconds=found[name])) for name in ("total", "rto"))
        evidence = f"Scenario {found['scenario']}, back in {total} of {promised}"
        return Item(key="drill", text=text, state=State.DONE, evidence=evidence)
    if tick is not None:
        return Item(key="drill", text=text, state=State.DONE, evidence="Done by hand.", by=tick.by, at=tick.at)
    if there:
        return Item(key="drill", text=text, state=State.OPEN, evidence="None was done this month.", deed=Deed.DRILL)
    return Item(key="drill", text=text, state=State.OPEN, evidence="No staging deployment is set.", deed=Deed.TICK)


def policy(settings: Settings) -> str:
    """What is kept, in a line."""
    kept = settings.retention
    days = ", ".join(f"{name.replace('_', '-')} {count} days" for name, count in kept.days.model_dump().items())
    return f"The last {kept.quick} quick and {kept.full} full backups; full ones longer by purpose: {days}"


def _room(found: Outlook) -> str:
    """How full it is, and until when."""
    left = ", over the limit" if found.over else f", at the limit in {found.until_full}" if found.days_left is not None else ""
    return f"{decimal_size(found.used)} of {decimal_size(found.limit)}{left}; {decimal_size(found.room.free)} free on the disk"


def _documents(settings: Settings) -> list[str]:
    """The team's own, by name."""
    return [f"{name.replace('_', ' ')}: {address}" for name, address in settings.docs.model_dump().items() if address]
