"""What stands until a person ends it, the lock, and what is said about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.views import kinds
from bot.views.actions import Action, Field, Window
from bot.views.backup import offers
from bot.views.backup.progress import cancel_button, in_a_line
from bot.views.blocks import (
    Block,
    Element,
    Message,
    View,
    actions,
    button,
    confirm,
    context,
    dotted,
    entry,
    message,
    modal,
    section,
    somebody,
    typed,
)
from bot.views.changing import halted_buttons, lift_button, stays_closed, verdict, ways, where
from bot.views.text import ago, duration, escape, mention, prose, takes
from ops.restoring.data import unproven
from ops.rollback import seconds
from ops.standing import Standing, What

if TYPE_CHECKING:
    from ops.journal import OperationView

_SAID = {
    What.HOLD: "Deploys are held",
    What.MAINTENANCE: "Maintenance is on",
    What.PINNED: "The site is pinned to a former build",
    What.PAUSED: "Convex is paused",
}
_WAS = {
    What.HOLD: "Deploys were held",
    What.MAINTENANCE: "Maintenance was on",
    What.PINNED: "The site was pinned to a former build",
    What.PAUSED: "Convex was paused",
}
_ICONS = {What.HOLD: ":hand:", What.MAINTENANCE: ":construction:", What.PINNED: ":pushpin:", What.PAUSED: ":no_entry:"}
_MORE = {
    What.PINNED: "While it is, new builds do not go live by themselves: the next deploy promotes its own.",
    What.PAUSED: "No function of the app runs meanwhile: for those who use it, it is down.",
}


def _where(each: Standing) -> str:
    """Where it is, if that is not production."""
    return "" if each.environment == "production" else f" ({escape(each.environment, 30)})"


def _said(each: Standing) -> str:
    """What stands, and where; that nobody knows whether it does."""
    where = _where(each)
    return f"{_SAID[each.what]}{where}" if each.sure else f"Whether Convex is paused{where} is not known"


def line(each: Standing) -> str:
    """One of them in a line."""
    return dotted(f"{_ICONS[each.what]} *{_said(each)}*", f"“{escape(each.reason, 150)}”", mention(each.by), ago(each.since))


def end_button(each: Standing) -> Element:
    """What ends it."""
    if each.what is What.HOLD:
        return lift_button()
    if each.what is What.MAINTENANCE:
        asks = confirm("Switch maintenance off?", "Visitors see the site again.", "Switch it off", "Leave it on")
        return button("Switch maintenance off", Action.MAINTENANCE_OFF, asks=asks)
    if each.what is What.PAUSED:
        asks = confirm(
            f"Let the functions of {each.environment} run?",
            "The app reads and writes its data there again at once.",
            "Let them run",
            "Leave it paused",
        )
        return button("Let the functions run", Action.UNPAUSE, each.environment, asks=asks)
    return button("Deploy", Action.DEPLOY_OPEN)


def sections(standing: Sequence[Standing], running: Sequence[OperationView] = ()) -> list[Block]:
    """All that stands; what an operation that holds its environment ends by itself has no button meanwhile: it would be refused."""
    held = {view.environment for view in running}
    return [block for each in standing for block in (section(line(each)), actions(_end_if_free(each, held))) if block]


def _end_if_free(each: Standing, held: Collection[str | None]) -> Element | None:
    """What ends it, where that could start now."""
    return None if each.environment in held and each.what in {What.MAINTENANCE, What.PAUSED} else end_button(each)


def nag(each: Standing, now: datetime) -> Message:
    """It has stood for long: is it still needed?"""
    where, since, why = _where(each), duration(now - each.since), f"“{escape(each.reason, 150)}”"
    still = f"for {since} now" if each.sure else f"since {since}"
    words = f"{_said(each)} {still}, by {mention(each.by)}: {why}. Still needed?"
    return message(
        words,
        section(f"{_ICONS[each.what]} {words}", _MORE.get(each.what, "") if not where else ""),
        actions(end_button(each), button("Four hours more", f"{Action.STILL_NEEDED}:{each.what}", f"{each.what.value} {each.environment}")),
    )


def over(each: Standing) -> Message:
    """What asked whether it is still needed, once it has ended."""
    was = _WAS[each.what] if each.sure else "Whether Convex was paused was not known"
    words = f"{was}{_where(each)}, by {mention(each.by)}: “{escape(each.reason, 150)}”. That is over."
    return message(words, section(f":white_check_mark: {words}"))


def found(each: Standing) -> Message:
    """It was not there when we looked before, and not by us."""
    words = f"{_SAID[each.what]}, by {mention(each.by)}: “{escape(each.reason, 150)}”. Who did it, and is it needed?"
    return message(words, section(f"{_ICONS[each.what]} {words}", _MORE.get(each.what, "")), actions(end_button(each)))


def held(each: Standing) -> Message:
    """To the channel."""
    words = f"{mention(each.by)} holds deploys: “{escape(each.reason, 300)}”"
    return message(words, section(f":hand: {words}"), actions(lift_button()))


def lifted(each: Standing, by: str, now: datetime) -> Message:
    """To the channel."""
    words = f"{mention(by)} lifted the hold on deploys after {duration(now - each.since)} (“{escape(each.reason, 200)}”)."
    return message(words, section(f":white_check_mark: {words}"), actions(offers.after(each.reason)))


def switched(view: OperationView, _now: datetime) -> Message:
    """The card of an operation that switches maintenance."""
    target, reason = prose(str(view.params["target"])), escape(str(view.params["reason"]), 200)
    who = f"asked by {mention(view.requested_by)} · “{reason}”"
    if view.status == "running":
        return message(
            f"Switching {view.kind} on {target}", section(f":arrows_counterclockwise: *Switching {view.kind}* · *{target}*", who)
        )
    if view.status != "succeeded":
        words = f"{view.kind.capitalize()} {view.status}"
        why = f"{prose(view.error or '', 600)} {prose(view.remedy or '', 400)}"
        return message(f"{words} on {target}", section(f":x: *{words}* · *{target}*", why, who), actions(*_decide(view)))
    words = f"Maintenance is {'on: visitors see the maintenance page' if view.kind.endswith('on') else 'off: visitors see the site'}"
    why = str(view.params["reason"])
    deeds = [end_button(_as_standing(view)), offers.before(why)] if view.kind.endswith("on") else [offers.after(why or "maintenance")]
    return message(f"{words} · {target}", section(f":construction: *{words}* · *{target}*", who), actions(*deeds))


def unpaused(view: OperationView, _now: datetime) -> Message:
    """The card of the operation that lets the functions run."""
    target, who = prose(str(view.params["target"])), f"asked by {mention(view.requested_by)}"
    if view.status == "running":
        return message(f"Letting the functions of {target} run", section(f":arrows_counterclockwise: *Unpausing* · *{target}*", who))
    if view.status != "succeeded":
        words = f"Unpause {view.status}"
        why = f"{prose(view.error or '', 600)} {prose(view.remedy or '', 400)}"
        return message(f"{words} on {target}", section(f":x: *{words}* · *{target}*", why, who), actions(*_decide(view)))
    return message(f"The functions run again · {target}", section(f":white_check_mark: *The functions run again* · *{target}*", who))


def _as_standing(view: OperationView) -> Standing:
    """What it put up."""
    environment, by = view.environment or "", view.requested_by
    return Standing(id=0, what=What.MAINTENANCE, environment=environment, reason="", by=by, since=view.created_at)


def _decide(view: OperationView) -> list[Element]:
    """What can be decided where it halted."""
    return halted_buttons(view) if view.status == "halted" else []


def lock(target: str, holder: OperationView | None) -> Message:
    """What holds production."""
    if holder is None:
        return message(f"Nothing holds {prose(target)}: whoever wants to may start.")
    halted = holder.status == "halted"
    buttons = halted_buttons(holder) if halted else [cancel_button(holder)]
    state = "It is *halted*: its lock stays until a person decides." if halted else "A second operation is refused until it ends."
    return message(
        f"{prose(target)} is held by a {escape(holder.kind)}",
        section(f"*{prose(target)}* is in use:", in_a_line(holder), state),
        actions(*buttons[:3], tell_me(holder.environment or "")),
    )


def tell_me(environment: str) -> Element:
    """Be told when it is free."""
    return button("Tell me when it is free", Action.TELL_ME, environment)


def free(target: str) -> Message:
    """To whoever wanted to know."""
    return message(f"{prose(target)} is free now: nothing runs there.")


def hand_over_window(view: OperationView) -> View:
    """To whom, and what they should know."""
    return modal(
        "Hand over",
        section(f"*{escape(view.kind.capitalize())}* is halted at “{escape(view.steps[-1].name if view.steps else 'start', 60)}”."),
        entry("Who decides from now on?", somebody(Field.PERSON, "Somebody of the team"), needed=True),
        entry("What should they know?", typed(Field.REASON, hint="What you have looked at, what you suspect", limit=500, lines=True)),
        submit="Hand over",
        callback_id=Window.HAND_OVER,
        private=view.id,
    )


def handed_over(view: OperationView, by: str, to: str, note: str) -> Message:
    """To the channel of incidents."""
    words = f"{mention(by)} handed the halted {escape(view.kind)} to {mention(to)}"
    return message(
        words, section(f":handshake: {words}.", f"“{escape(note, 400)}”" if note else "", in_a_line(view)), actions(*halted_buttons(view))
    )


def halted_nag(view: OperationView, now: datetime) -> Message:
    """A halted operation that nobody has decided about."""
    since = duration(now - (view.halted_at or view.created_at))
    words = f"The {escape(view.kind)} has been halted for {since}: nothing else can start until a person decides."
    return message(words, section(f":octagonal_sign: {words}", in_a_line(view)), actions(*halted_buttons(view)))


def answered(said: Mapping[str, Any]) -> Message:
    """A reminder or a hand-over after somebody decided: what it said, and nothing to press."""
    left = [block for block in said["blocks"] if block["type"] != "actions"]
    return {**said, "blocks": [*left, context("A person has decided since.")]}


def delayed(view: OperationView, now: datetime, usual: float, *, known: bool) -> Message:
    """It takes longer than it should; ``known``: from former ones, not only reckoned."""
    doing = view.steps[-1].name if view.steps else "start"
    so_far, whole = duration(now - view.created_at), duration(usual)
    longer = f"than usual: {so_far} so far, usually {whole}" if known else f"than planned: {so_far} so far, {whole} were planned with"
    words = f"The {escape(view.kind)} takes longer {longer}; at “{escape(doing, 60)}”."
    return message(words, section(f":hourglass_flowing_sand: {words}"))


def incident_begun(view: OperationView, usual: float | None) -> Message:
    """To the channel of incidents, at the start."""
    bound, shown = view.params["bound"], view.params["shown"]
    asked = f"asked by {mention(view.requested_by)}: “{escape(shown['reason'], 200)}”"
    words = f"Rollback of {prose(bound['target'])} to {bound['backup']} has begun, {asked}."
    more = "The site shows its maintenance page meanwhile. " if bound["maintenance"] else ""
    return message(words, section(f":arrows_counterclockwise: {words}", f"{more}{takes(usual, seconds((), data=bool(bound['data'])))}"))


def decided(view: OperationView) -> Message:
    """What becomes of the call for a decision once there is one: nothing of it can be pressed any more."""
    words = f"The {kinds.noun(view.kind)} had halted, and a person has decided since. How it went on stands below."
    return message(words, section(f":pencil: {words}"))


def incident_over(view: OperationView) -> Message:
    """To the channel of incidents, at the end."""
    took = duration(view.finished_at - view.created_at) if view.finished_at else ""
    if view.status == "succeeded":
        mark, said = verdict(view)
        words = " ".join(filter(None, [f"{said} ({took}).", unproven(view.result), stays_closed(view.result.get("maintenance_stays"))]))
        return message(words, section(f"{mark} {words}"))
    if view.status == "halted":
        words = f"The {kinds.noun(view.kind)} halted and a person must decide: {prose(view.error or '', 300)}"
        what_to_do = section(prose(view.remedy or "", 600), "Nothing else can start there until a person has decided.")
        deeds = actions(*halted_buttons(view))
        return message(words, section(f":octagonal_sign: {words}"), what_to_do, *where(view), deeds, context(ways(view)))
    if view.left is not None:
        who = mention(str(view.left["by"]))
        words = f"The {kinds.noun(view.kind)} was ended half-way by {who}: production is as it was left, not as before."
        return message(words, section(f":octagonal_sign: {words}"))
    words = f"The {kinds.noun(view.kind)} {view.status}: production is as before. {prose(view.error or '', 300)}"
    return message(words, section(f":x: {words}"))
