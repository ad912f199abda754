"""The card of an operation that changes production: a deploy or a rollback, from its start to its end, or to the person who decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.views import kinds, staging, steps
from bot.views.actions import Action
from bot.views.backup import outcome
from bot.views.backup.progress import in_a_line
from bot.views.blocks import Block, Element, Message, actions, button, confirm, context, dotted, message, section
from bot.views.steps import DONE, HALTED, MARKS, RUNNING, WARNING, spoken
from bot.views.text import ago, code, counted, duration, escape, mention, number, prose
from ops import whereabouts
from ops.deciding import by_hand, halted_at
from ops.loss import Loss
from ops.restoring.data import unproven
from ops.restoring.looking import files_stay
from ops.spots import load

if TYPE_CHECKING:
    from ops.journal import OperationView
    from ops.restore import Assessment
    from ops.rollback import Preview

_FIRST_CHANGE = frozenset({"push", "code", "maintenance on", "pause", "functions without validation", "data", "append"})


def card(view: OperationView, now: datetime) -> Message:
    """How it stands."""
    if view.status == "running":
        return _running(view, now)
    if view.status == "succeeded":
        return _live(view) if view.kind == "deploy" else _restored(view)
    if view.left is not None:
        return _left(view)
    return _halted(view) if view.status == "halted" else _missed(view)


def title(view: OperationView) -> str:
    """What it does, to what."""
    return kinds.title(view.kind, view.params["bound"], view.params["shown"])


def _running(view: OperationView, now: datetime) -> Message:
    """Under way."""
    doing = spoken(view.steps[-1].name) if view.steps else "starting"
    head = dotted(f"{RUNNING} *{escape(title(view))}*", f"*{prose(outcome.target(view))}*", duration(now - view.created_at))
    line = str(view.progress.get("line") or view.progress.get("waiting") or "")
    return message(
        f"{escape(title(view))} on {prose(outcome.target(view))}: {doing}",
        section(
            head,
            about(view),
            staging.waits(view.params["shown"].get("left")),
            staging.cancelled(view) if kinds.is_rehearsal(view.params["bound"]) else "",
        ),
        context(steps.line(view)),
        context(_rest(view, now), code(line, 150) if line else ""),
        actions(_cancel(view)),
    )


def _rest(view: OperationView, now: datetime) -> str:
    """How long it still takes, by what former ones took."""
    usual = view.params["shown"].get("usual")
    left = float(usual) - (now - view.created_at).total_seconds() if usual else 0.0
    return f"usually about {duration(usual)}: {duration(left)} left" if left > 0 else f"usually about {duration(usual)}" if usual else ""


def about(view: OperationView) -> str:
    """Who asked, and why."""
    shown = view.params["shown"]
    why = shown.get("reason") or shown.get("why") or ""
    what = "" if view.kind != "deploy" else f"{escape(str(shown['ref']), 60)} → {escape(view.params['bound']['branch'], 60)}"
    return dotted(f"asked by {mention(view.requested_by)}", what, f"“{escape(why, 200)}”" if why else "")


def _cancel(view: OperationView) -> Element | None:
    """Cancel, as long as nothing of production has changed."""
    if any(step.name in _FIRST_CHANGE for step in view.steps):
        return None
    what = kinds.noun(view.kind)
    asks = confirm(f"Cancel the {what}?", "Nothing of production has changed yet, and nothing will.", "Cancel it", "Let it run")
    return button(f"Cancel {what}", Action.CANCEL, view.id, asks=asks, style="danger")


def _live(view: OperationView) -> Message:
    """A deploy that is done."""
    bound, said = view.params["bound"], f"Live on production in {outcome.took(view)}"
    used = view.result.get("backup_id")
    to = f"{used} {'data' if bound.get('schema_changed') and str(used).startswith('full') else 'code'}" if used else ""
    return message(
        f"{escape(title(view))}: {said} · {prose(outcome.target(view))}",
        section(
            dotted(f"{DONE} *{said}*", f"*{prose(outcome.target(view))}*"),
            dotted(code(bound["commit"][:6]), escape(view.params["shown"]["message"], 80), code(bound["version"])),
            about(view),
        ),
        context(steps.line(view)),
        context(f"The way back: {code(str(used))}" if used else ":warning: There is no backup from before it."),
        actions(button("Roll back", Action.ROLLBACK_TO, to) if to else None),
    )


def _restored(view: OperationView) -> Message:
    """A rollback that is done."""
    safety = view.result.get("safety")
    mark, said = verdict(view)
    return message(
        f"{said} · {prose(outcome.target(view))}",
        section(
            dotted(f"{mark} *{said}*", outcome.took(view), f"*{prose(outcome.target(view))}*"),
            f"Back at {code(view.params['bound']['backup'])}, commit {code(view.params['bound']['commit'][:6])}",
            *proof(view.result, functions="the old schema, so its functions run"),
            about(view),
        ),
        context(steps.line(view)),
        context(f"Deploys are held: “{escape(view.params['shown']['reason'], 150)}”. {safety_line(safety)}"),
        actions(undo(view), salvage_button(view), lift_button()),
    )


def verdict(view: OperationView) -> tuple[str, str]:
    """The mark and the first words of one that brought production or staging back: what nobody has proven is not called restored."""
    what, where = kinds.noun(view.kind).capitalize(), view.environment or ""
    return (WARNING, f"{what} ended - {where} not proven") if unproven(view.result) else (DONE, f"{what} complete - {where} restored")


def salvage_button(view: OperationView) -> Element | None:
    """Bring back what went, where rows were created meanwhile."""
    lost = (view.result.get("lost") or {}) if not unproven(view.result) else {}
    created = Loss.load(lost["loss"]).created if lost.get("delta") else 0
    return button(f"Bring back {counted(created, 'document')}", Action.SALVAGE_TO, str(lost["delta"])) if created else None


def lift_button() -> Element:
    """Lift the hold, with one question."""
    asks = confirm("Lift the hold?", "Deploys may go on from then.", "Lift the hold", "Keep it")
    return button("Lift the hold", Action.LIFT, asks=asks)


def safety_line(safety: str | None) -> str:
    """What undoing would go back to."""
    return f"What was there before is in {code(safety)}." if safety else ""


def proof(result: Mapping[str, Any], functions: str = "the schema of the functions that run there, so these run") -> list[str]:
    """What is known of the data now; ``functions``: whose schema they may not fit. A rollback brought the old ones, a restore none."""
    unknown = unproven(result)
    lines = [f"{WARNING} {unknown} Look at them before you rely on them."] if unknown else compared(result)
    paused = result.get("paused")
    if paused and not paused["paused"]:
        lines.append(f":warning: The deployment was not paused: {prose(paused['why'], 200)} What was written meanwhile may be mixed in.")
    if ended := pause_ended((paused or {}).get("before")):
        lines.append(f"{WARNING} {ended}")
    if result.get("validated") is False:
        lines.append(f":warning: Rows that are there do not fit {functions} *without schema validation*.")
    if closed := stays_closed(result.get("maintenance_stays")):
        lines.append(f"{WARNING} {closed}")
    return lines


def stays_closed(theirs: Mapping[str, str] | None) -> str:
    """That visitors still see the maintenance page afterwards, and whose it is; "" where they see the site."""
    if not theirs:
        return ""
    whose = f"{mention(theirs['by'])}, “{escape(theirs['reason'], 300)}”"
    return f"The site stays in maintenance, as it was before: {whose}. `/ops maintenance off` ends it."


def pause_ends(theirs: Mapping[str, str] | None) -> str:
    """Before it begins: that a pause which a person began ends with it."""
    return f":warning: Convex is paused already{_whose(theirs)}: its functions *run again* after this." if theirs else ""


def pause_meanwhile(found: Assessment | Preview) -> list[str]:
    """Before it begins: what becomes of the app's functions, where they stand still meanwhile."""
    meanwhile = "The deployment is paused meanwhile, so nothing can be written." if found.paused else ""
    return [each for each in (pause_ends(found.pause_ends) or meanwhile,) if each]


def pause_ended(theirs: Mapping[str, str] | None) -> str:
    """Afterwards: that they run, though a person had paused them before."""
    return f"Convex was paused before this{_whose(theirs)}, and runs now." if theirs else ""


def _whose(theirs: Mapping[str, str] | None) -> str:
    """By whom, and why, where that is known."""
    return f", by {mention(theirs['by'])}: “{escape(theirs['reason'], 300)}”" if theirs and theirs["by"] else ""


def compared(result: Mapping[str, Any]) -> list[str]:
    """What the proof showed, and what went."""
    lines = []
    if proven := result.get("proof"):
        more = f"; different: {escape(', '.join(proven['different'][:5]), 200)}" if proven["different"] else ""
        lines.append(f"{number(proven['equal'])} of {counted(proven['of'], 'table')} equal to the backup, row by row{more}")
    lines += [said] if (said := files_stay(result.get("files"))) else []
    lines += _spots((result.get("proof") or {}).get("spots", ()), result.get("spots_accepted"))
    if lost := result.get("lost"):
        lines.append(
            loss_line(Loss.load(lost["loss"])) if "loss" in lost else f"What went could not be counted: {prose(lost['unknown'], 200)}"
        )
    return lines


def _spots(kept: Sequence[Mapping[str, Any]], accepted: str | None) -> list[str]:
    """What the spot checks of the settings found, and who took it as it is."""
    found = [load(each) for each in kept]
    bad = [f":warning: {escape(each.sentence, 200)}" for each in found if not each.good]
    by = f" · {mention(accepted)} accepted that" if accepted else ""
    return [f"{len(found) - len(bad)} of {counted(len(found), 'spot check')} as wanted{by}", *bad] if found else []


def loss_line(loss: Loss) -> str:
    """What went, in one line."""
    if not loss.any:
        return "Nothing was written since the backup."
    back = f"{counted(loss.returning, 'deleted document')} came back" if loss.returning else ""
    if not loss.losing:
        return f"No document went; {back}."
    tables = ", ".join(escape(f"{table.name} {number(table.created + table.changed)}", 60) for table in loss.losing[:4])
    more = f" and {counted(len(loss.losing) - 4, 'more table')}" if len(loss.losing) > 4 else ""
    said = f"{counted(loss.lost, 'document')} went, and {'is' if loss.lost == 1 else 'are'} in the safety backup: {tables}{more}"
    return f"{'; '.join(filter(None, [said, back]))}."


def _missed(view: OperationView) -> Message:
    """It failed or was cancelled before anything changed."""
    at = f" at “{_failing(view)}”" if view.steps and view.status == "failed" else ""
    said = f"{title(view)} {view.status}{at}"
    again, ours = _again(view), view.environment != "staging"
    return message(
        f"{escape(said)} · {prose(outcome.target(view))}: {'production is as before' if ours else 'production was not touched'}",
        section(
            dotted(f"{MARKS[view.status.value]} *{escape(said)}*", f"*{prose(outcome.target(view))}*"),
            prose(view.error or "", 1200),
            prose(view.remedy or "", 600),
            "*Production is as before.*" if ours else staging.restored(view),
            about(view),
        ),
        *where(view),
        context(steps.line(view)),
        actions(again),
    )


def _failing(view: OperationView) -> str:
    """The step that failed it: staging may have been put back after it."""
    return next((step.name for step in view.steps if step.state == "failed"), view.steps[-1].name)


def _left(view: OperationView) -> Message:
    """A person ended it half-way: production is as it was left."""
    left = view.left or {}
    step = view.steps[-1].name if view.steps else "start"
    said = f"{title(view)} ended half-way, at “{step}”"
    after = f"{code(left['successor'])} took over: its card says how it goes on." if left.get("successor") else ""
    there = escape((view.environment or "production").capitalize())
    return message(
        f"{escape(said)} · {prose(outcome.target(view))}",
        section(
            dotted(f"{HALTED} *{escape(said)}*", f"*{prose(outcome.target(view))}*"),
            prose(view.error or "", 1200),
            f"{mention(str(left.get('by', '')))} ended it as it was. {after or f'*{there} is as it was left*, not as before.'}",
            about(view),
        ),
        *where(view, "When it halted"),
        context(steps.line(view)),
        actions(None if after else undo(view), _again(view)),
    )


def in_use(holder: OperationView | None, replaces: str = "") -> Block | None:
    """That nothing could begin there now, unless it takes over from what holds it; said before anybody types or signs."""
    if holder is None or holder.id == replaces:
        return None
    return section(":no_entry: Another operation holds it, so nothing could begin there now:", in_a_line(holder))


def _again(view: OperationView) -> Element:
    """The same window once more; it may stand beside *Undo*, which opens the same sort of window."""
    action, value = kinds.planning(view.kind, view.params["bound"], view.params["shown"])
    return button("Look again", f"{action}:again", value)


def where(view: OperationView, when: str = "Now") -> list[Block]:
    """What is where."""
    said = whereabouts.of(view)
    return [section(f"*{when}:* {escape(said, 400)}")] if said else []


def _halted(view: OperationView) -> Message:
    """A person decides: what is where now, and what can be done."""
    step = view.steps[-1].name if view.steps else "start"
    said = f"{title(view)} halted at “{step}”"
    return message(
        f"{escape(said)} · {prose(outcome.target(view))}: a person must decide",
        section(
            dotted(f"{HALTED} *{escape(said)}*", f"*{prose(outcome.target(view))}*"),
            prose(view.error or "", 1200),
            prose(view.remedy or "", 600),
            f"Halted {ago(view.halted_at or view.created_at)}. Nothing else can start there until a person has decided.",
            about(view),
        ),
        *where(view),
        context(steps.line(view)),
        actions(*halted_buttons(view)),
        context(ways(view)),
    )


def halted_buttons(view: OperationView) -> list[Element]:
    """What can be decided."""
    way_back = undo(view, taking_over=True)
    again = _over_again(view)
    done = confirm("Take this step as done?", "Only if you have looked: the next step begins at once.", "Mark as done", "No")
    over = confirm("End it as it is?", "Its lock becomes free, and production stays as it is now.", "End it", "No")
    return [
        button("Retry", Action.HALTED_RETRY, view.id, style="primary"),
        *([way_back] if way_back else []),
        *([again] if again else []),
        *([button("Mark as done", Action.HALTED_DONE, view.id, asks=done)] if by_hand(halted_at(view)) else []),
        button("Hand over", Action.HALTED_HAND_OVER, view.id),
        button("End it as it is", Action.HALTED_OVER, view.id, asks=over, style="danger"),
    ]


def ways(view: OperationView) -> str:
    """What each of the buttons does, for whoever reads them for the first time at night."""
    return dotted(
        "*Retry* does this step once more",
        "*Undo* goes back to what was there before" if undo(view, taking_over=True) else "",
        f"*Start it over* plans the whole {kinds.noun(view.kind)} anew" if _over_again(view) else "",
        "*Mark as done* goes on with the next step" if by_hand(halted_at(view)) else "",
        "*End it as it is* does nothing more",
    )


def _over_again(view: OperationView) -> Element | None:
    """The same once more in its place, where it halted before, at or after the import: a retry of the proof imports nothing again."""
    if not (kinds.is_rollback(view.kind) or view.kind in kinds.RESTORES) or halted_at(view) not in {"imports before", "data", "proof"}:
        return None
    if kinds.is_rehearsal(view.params["bound"]):  # its window is production's
        return None
    action, value = kinds.planning(view.kind, view.params["bound"], view.params["shown"], view.id)
    return button("Start it over", f"{action}:again", value)


def undo(view: OperationView, *, taking_over: bool = False) -> Element | None:
    """Back to what was there before; what has no plan has no way back."""
    if "bound" not in view.params:
        return None
    found = kinds.undoing(view.kind, view.params["bound"], view.result, view.id if taking_over else "")
    return button(*found) if found else None
