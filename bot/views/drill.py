"""The drill's card, while people look and decide, and when it is over; its windows; the history with its trend."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.views import staging, steps
from bot.views.actions import Action, Field, Window
from bot.views.backup import outcome
from bot.views.blocks import (
    Element,
    Message,
    View,
    actions,
    button,
    context,
    dotted,
    entry,
    message,
    modal,
    option,
    radio,
    section,
    table,
    typed,
)
from bot.views.steps import DONE, RUNNING
from bot.views.text import clock, code, counted, duration, escape, exact, mention, people, plain, prose, size
from ops.drill import DECIDED, DETECTED, SCENARIOS, BrokenOff, Drilled, broken_off, waits_for
from ops.manifest import Backup
from ops.words import ago

if TYPE_CHECKING:
    from ops.journal import OperationView

TITLE = "Drill"
_OFFERED, _SHOWN, _STOPPED = 10, 12, 5


def card(view: OperationView, now: datetime) -> Message:
    """How it stands."""
    if view.status == "succeeded":
        left = "\n".join(filter(None, [staging.cancelled(view), staging.kept(view), staging.paused(view), _unwritten(view)]))
        return over(Drilled.load(view.result["drill"]), prose(outcome.target(view)), steps.line(view), left)
    scenario = SCENARIOS[view.params["bound"]["scenario"]]
    head = f"Drill {scenario.letter}"
    if view.status != "running":
        return message(
            f"{head} {view.status} · {prose(outcome.target(view))}",
            section(
                dotted(f":x: *{head} {view.status}*", f"*{prose(outcome.target(view))}*"),
                f"It {prose(broken_off(view, '').sentence)}.",
                people(prose(view.error or "", 800)),
                prose(view.remedy or "", 400),
                f"asked by {mention(view.requested_by)} · production was not touched",
            ),
            section(staging.drilled(view), _unwritten(view)),
            context(steps.line(view)),
            actions(button("History", Action.DRILL_HISTORY)),
        )
    return message(
        f"{head} on {prose(outcome.target(view))}",
        section(
            dotted(f"{RUNNING} *{head}*", f"*{prose(outcome.target(view))}*", duration(now - view.created_at)),
            _asks(view),
            staging.waits(view.params["shown"].get("left")),
            f"asked by {mention(view.requested_by)} · production is not touched",
        ),
        context(steps.line(view)),
        actions(*_buttons(view)),
    )


def _unwritten(view: OperationView) -> str:
    """That the report's file is not there, and why."""
    why = view.result.get("unwritten")
    return f":warning: The report is not in the folder: {prose(str(why), 300)} What it says is here and in `/drill history`." if why else ""


def _asks(view: OperationView) -> str:
    """What people are to do now."""
    if view.cancelled_by:
        return staging.cancelled(view)
    waits = waits_for(view)
    if waits == DETECTED:
        return f"*{SCENARIOS[view.params['bound']['scenario']].what}* The clock runs."
    if waits == DECIDED:
        return "*Which backup should staging come back from?* The clock runs."
    if any(step.state == "failed" for step in view.steps):
        return f"*The drill {prose(broken_off(view, '').sentence)}*; staging gets its own data back, if they were kept."
    states = {step.name: step.state for step in view.steps}
    if states.get("report") == "done":
        return "It is restored and proven; staging gets its own data back, if they were kept."
    ready = {None: "Staging is made ready.", "done": "It is restored, and then proven."}
    return ready.get(states.get("disaster"), "The disaster is being made.")


def _buttons(view: OperationView) -> list[Element]:
    """What can be said."""
    if view.cancelled_by:
        return []
    waits = waits_for(view)
    found = [button("Note a blocker", Action.DRILL_BLOCKER, view.id)]
    if waits == DETECTED:
        return [button("I see what happened", Action.DRILL_DETECTED, view.id, style="primary"), *found]
    return [button("Decide", Action.DRILL_DECIDED, view.id, style="primary"), *found] if waits == DECIDED else found


def over(found: Drilled, target: str, line: str = "", left: str = "") -> Message:
    """What it measured; ``left``: what of staging is not as it was."""
    scenario = SCENARIOS[found.scenario]
    mark = DONE if found.good else ":warning:"
    phases = " · ".join(f"{name} {duration(seconds)}" for name, seconds in found.seconds.items())
    struck = f" ({escape(found.table, 60)})" if found.table else ""
    todo = [f"• {prose(each, 300)}" for each in found.recommendations] or ["Nothing has to be changed."]
    return message(
        f"Drill {scenario.letter}: back in {duration(found.total)} of {duration(found.rto)} · {target}",
        section(
            dotted(f"{mark} *Drill {scenario.letter}: {scenario.title.lower()}{struck}*", f"*{target}*"),
            f"{phases} · *total {duration(found.total)}* of {duration(found.rto)}",
            f"Data loss {duration(found.loss)} of {duration(found.rpo)}, from {code(found.backup)}",
            f"Seen by {mention(found.by[0])}: “{escape(found.seen, 200)}” · decided by {mention(found.by[1])}",
            f"{counted(len(found.blockers), 'blocker')} noted: {escape('; '.join(found.blockers), 300)}" if found.blockers else "",
        ),
        section("*To do*", *todo),
        section(left),
        context(line),
        actions(button("History", Action.DRILL_HISTORY)),
    )


def begun(letter: str, left: dict[str, Any] | None, channel: str) -> Message:
    """To whoever started it; ``left``: staging's own data that wait to be put back."""
    said = f"Drill {letter} has begun: its card is in {channel}."
    return message(said, section(said, staging.waits(left))) if left else message(said)


def see(drill_id: str) -> View:
    """What somebody sees."""
    return modal(
        TITLE,
        section("What has happened? The clock stops for this phase when you send it."),
        entry("What do you see?", typed(Field.REASON, hint="Which table, what is wrong with it", limit=500, lines=True), needed=True),
        submit="Send",
        callback_id=Window.DRILL_DETECTED,
        private=drill_id,
    )


def decide(drill_id: str, backups: Sequence[Backup], now: datetime) -> View:
    """Which backup it is restored from."""
    shown = [each for each in backups if each.type == "full" and not each.problem][:_OFFERED]
    if not shown:
        return modal(TITLE, section("There is no full backup that can be read. Cancel the drill: `/ops cancel`."))
    options = [option(_option(each, now), each.id) | {"description": _described(each, now)} for each in shown]
    return modal(
        TITLE,
        section("From which backup should staging come back?"),
        entry("Full backups, sound ones first, then the newest", radio(Field.BACKUP, options, shown[0].id), needed=True),
        submit="Restore it",
        callback_id=Window.DRILL_DECIDED,
        private=drill_id,
    )


def _option(each: Backup, now: datetime) -> str:
    """When, and how much."""
    return plain(f"{ago(each.timestamp, now)} · {size(each.size)}", 75)


def _described(each: Backup, now: datetime) -> Element:
    """The small line under it, its time in the zone of ``now``: the team's."""
    sound = f"L{each.facts.level}" if each.good else "NOT VERIFIED"
    return {"type": "plain_text", "text": plain(f"{each.id} · {exact(each.timestamp, now.tzinfo)} · {sound}", 75)}


def blocker(drill_id: str) -> View:
    """What holds it up."""
    return modal(
        TITLE,
        entry("What holds you up?", typed(Field.REASON, hint="A login that nobody had, a page out of date", limit=500), needed=True),
        submit="Note it",
        callback_id=Window.DRILL_BLOCKER,
        private=drill_id,
    )


def history(found: Sequence[Drilled], broken: Sequence[BrokenOff] = ()) -> Message:
    """All of them, the newest last, and where it is going; those that stopped below."""
    if not found and not broken:
        return message("No drill has been done yet: `/drill start`.")
    stopped = [f"• {_named(each.scenario, each.at)}: {prose(each.sentence)}. {prose(each.why, 200)}" for each in broken[-_STOPPED:]]
    below = [section(f"*{counted(len(broken), 'drill')} stopped*", *stopped)] if broken else []
    if not found:
        return message("Drills: none has come to its end yet", section("*Drills* · none has come to its end yet"), *below)
    shown = list(found)[-_SHOWN:]
    return message(
        f"Drills: {trend(shown)}",
        section(f"*Drills* · time to come back: {trend(shown)}"),
        table(("Drill", "Total", *(name.capitalize() for name in shown[0].seconds), "Blockers"), *map(_row, shown)),
        context(f"since {clock(found[0].at)} · promised: {duration(found[-1].rto)}"),
        *below,
    )


def _row(each: Drilled) -> tuple[str, ...]:
    """One drill in the table."""
    phases = [duration(seconds) for seconds in each.seconds.values()]
    return (_named(each.scenario, each.at), duration(each.total), *phases, str(len(each.blockers)))


def _named(letter: str, at: datetime) -> str:
    """One drill in a word: "A 28 Nov 2026"."""
    return f"{letter} {at.day} {at:%b %Y}".replace(" ", "\u00a0")


def trend(found: Sequence[Drilled]) -> str:
    """The last totals, as they followed one another."""
    return " → ".join(duration(each.total) for each in found[-5:])
