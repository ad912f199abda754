"""Alerts: a card for each, what happened to it in its thread, and the windows behind its buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.views.actions import Action, Field, Listing, Window, turned
from bot.views.backup import offers
from bot.views.blocks import (
    Block,
    Element,
    Message,
    View,
    actions,
    button,
    checks,
    context,
    divider,
    dotted,
    entry,
    message,
    modal,
    option,
    section,
    select,
    typed,
)
from bot.views.changing import halted_buttons, undo
from bot.views.text import ago, clock, counted, duration, escape, mention, people, prose
from ops.alerts import Alert, Severity
from ops.journal import Status

if TYPE_CHECKING:
    from ops.journal import OperationView
    from ops.settings import Roles

_ICONS = {Severity.P0: ":rotating_light:", Severity.P1: ":warning:", Severity.TEST: ":bell:"}
_HOURS = {"1": "1 hour", "4": "4 hours", "12": "12 hours", "24": "1 day", "72": "3 days", "168": "7 days"}
_COUNTS_ANEW = "The log counts from here on: what is wrong before, or was posted of it before, is not told again. Keep a copy first."
_SHOWN = 10  # of the open ones, in a list


def card(each: Alert, about: OperationView | None, told: Mapping[str, datetime], target: str) -> Message:
    """How it stands."""
    if not each.is_open:
        return _over(each, target)
    title = f"{_ICONS[each.severity]} *{prose(_titled(each))}* · *{prose(target)}*"
    return message(
        f"{_titled(each)} · {target}",
        section(title, people(prose(each.text, 800)), f"*Next:* {people(prose(each.remedy, 600))}"),
        context(_state(each), _goes_on(each, about), _told(told)),
        actions(*_deeds(each, about)),
        actions(*_buttons(each)),
    )


def calling(shown: Message, roles: Roles) -> Message:
    """The same, calling those who can do something about it: at P0 people are woken."""
    ids = sorted(roles.cto | roles.eng_lead | roles.devops)
    called = " ".join(f"<!subteam^{each}>" if each.startswith("S") else mention(each) for each in ids[:20])
    return {**shown, "blocks": [*shown["blocks"], context(f"Called: {called}")]} if called else shown


def _titled(each: Alert) -> str:
    """Its title, with how bad it is."""
    return each.title if each.severity is Severity.TEST else f"{each.severity} · {each.title}"


def _over(each: Alert, target: str) -> Message:
    """It is over."""
    lasted = duration(each.resolved_at - each.opened_at) if each.resolved_at else ""
    by = f"{mention(each.resolved_by)}: “{escape(each.how or '', 300)}”" if each.resolved_by else prose(each.how or "", 300)
    said = f"Over: {each.title}"
    return message(
        f"{said} · {target}",
        section(f":white_check_mark: *{prose(said)}* · *{prose(target)}*", people(by)),
        context(f"Began {clock(each.opened_at)} and lasted {lasted}", f"It was: {prose(each.text, 200)}"),
        actions(offers.after(each.title) if each.severity is Severity.P0 else None),
    )


def _state(each: Alert) -> str:
    """Since when, and who does something about it."""
    hand = f"{mention(each.acknowledged_by)} has it in hand" if each.acknowledged_by else "nobody has it in hand yet"
    quiet = ""
    if each.snoozed_until is not None:
        quiet = f"quiet until {clock(each.snoozed_until)} ({mention(each.snoozed_by)}: “{escape(each.snoozed_why or '', 150)}”)"
    return dotted(f"began {ago(each.opened_at)}", hand if each.severity is not Severity.TEST else "", quiet)


def _goes_on(each: Alert, about: OperationView | None) -> str:
    """That what halted runs again."""
    halted = each.key.split(":")[0] == "halted"
    return "it goes on now: over when it has ended" if halted and about is not None and about.status is Status.RUNNING else ""


def _told(told: Mapping[str, datetime]) -> str:
    """Who took it beside Slack."""
    return dotted(*(f"{escape(channel)} told {clock(at)}" for channel, at in told.items()))


def _deeds(each: Alert, about: OperationView | None) -> list[Element]:
    """What can be done about the thing itself."""
    if about is not None and about.status is Status.HALTED:
        return halted_buttons(about)
    family = each.key.split(":")[0]
    if family == "automated-backup":
        return [button("Take full backup", Action.TAKE_FULL, style="primary"), button("Details", Action.STATUS)]
    if family in {"verification", "verifier"} and about is not None:
        return [button("Verify it again", Action.VERIFY_RESTORE, str(about.params["bound"]["backup"]), style="primary")]
    if family == "watch" and about is not None:
        return [each for each in (undo(about), button("Report a problem", Action.PROBLEM, about.id)) if each]
    if family == "storage":
        return [button("All backups", f"{Action.PAGE}:{Listing.BACKUPS}", turned(Listing.BACKUPS, 1))]
    return []


def _buttons(each: Alert) -> list[Element]:
    """What can be done about the alert."""
    if each.severity is Severity.TEST:
        return [button("Say where it arrived", Action.ALERT_ARRIVED, each.id, style="primary")]
    taken = button("I have it in hand", Action.ALERT_ACKNOWLEDGE, each.id) if each.acknowledged_by is None else None
    closing = button("It is over", Action.ALERT_CLOSE, each.id) if not each.is_over_by_itself else None
    return [found for found in (taken, button("Keep it quiet", Action.ALERT_SNOOZE, each.id), closing) if found]


def event(each: Alert, what: Mapping[str, Any]) -> Message:
    """In the thread: what happened to it."""
    text = str(what["text"])
    words = {
        "changed": f":warning: It happened again, or changed: {people(prose(text, 600))}",
        "again": f":warning: It is so again: {people(prose(text, 600))}",
        "reminder": f":bell: Still open: {people(prose(text, 300))}",
        "still": f":bell: The quiet time is over, and it is still so: {people(prose(text, 300))}",
        "unheard": f":x: {mention(str(what.get('by', '')))} looked. {prose(text, 300)}",
        "acknowledged": f":hand: {mention(text)} has it in hand",
        "snoozed": f":hourglass: {mention(what.get('by', each.snoozed_by))} keeps it quiet: “{escape(text, 300)}”",
        "resolved": f":white_check_mark: Over. {people(prose(text, 300))}",
    }[str(what["what"])]
    return message(words, section(words))


def listing(found: Sequence[Alert], target: str) -> Message:
    """All that are open."""
    if not found:
        return message("Nothing is wrong that is known of", section(f":white_check_mark: No alert is open · *{prose(target)}*"))
    blocks: list[Block] = []
    for each in worst_first(found)[:_SHOWN]:
        blocks += [section(in_a_line(each), prose(each.text, 300)), actions(*_buttons(each)), divider()]
    more = f"{len(found) - _SHOWN} more: see #engineering" if len(found) > _SHOWN else ""
    return message(counted(len(found), "open alert"), *blocks[:-1], context(more))


def worst_first(found: Sequence[Alert]) -> list[Alert]:
    """What must not wait comes first, of the rest as it came."""
    return sorted(found, key=lambda each: list(Severity).index(each.severity))


def in_a_line(each: Alert) -> str:
    """One of them in a line."""
    return dotted(f"{_ICONS[each.severity]} *{prose(_titled(each), 150)}*", _state(each))


def snooze_window(each: Alert) -> View:
    """For how long, and why."""
    hours = [option(label, value) for value, label in _HOURS.items()]
    return modal(
        "Keep it quiet",
        section(
            f"*{prose(each.title, 150)}*",
            "Until then nobody is told of it, and PagerDuty is quiet too. If it is still so afterwards, it is said anew.",
        ),
        entry("For how long?", select(Field.HOURS, hours, "4"), needed=True),
        entry(
            "Why does nobody need to hear of it?", typed(Field.REASON, hint="It stands on the card and in the log", limit=300), needed=True
        ),
        submit="Keep it quiet",
        callback_id=Window.ALERT_SNOOZE,
        private=each.id,
    )


def close_window(each: Alert) -> View:
    """Why it is over."""
    return modal(
        "It is over",
        section(f"*{prose(each.title, 150)}*", prose(each.text, 500)),
        section(_COUNTS_ANEW if each.is_about_log else ""),
        entry("What came of it?", typed(Field.REASON, hint="It stands on the card and in the log", limit=300, lines=True), needed=True),
        submit="It is over",
        callback_id=Window.ALERT_CLOSE,
        private=each.id,
    )


def arrived_window(each: Alert, expected: Sequence[str]) -> View:
    """Where the test arrived."""
    boxes = [option(f"By {name}", name) for name in expected]
    return modal(
        "Test of the alerts",
        section(f"Sent {clock(each.opened_at)}. Look before you tick: this is how it is known that an alert would reach you."),
        entry("Where did it arrive?", checks(Field.CHANNELS, boxes), hint="Tick none if it came nowhere: that is an alert then."),
        submit="Say so",
        callback_id=Window.ALERT_ARRIVED,
        private=each.id,
    )


def done(each: Alert, words: str) -> Message:
    """To whoever did something about it."""
    return message(words, section(words, f"*{prose(each.title)}*"))
