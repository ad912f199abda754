"""The card that asks for a signature, and what it becomes; the windows around it; the task that a broken glass leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.views import kinds
from bot.views.actions import Action, Field, Window
from bot.views.backup.marks import meaning
from bot.views.blocks import Block, Element, Message, View, actions, button, confirm, context, dotted, entry, message, modal, section, typed
from bot.views.changing import pause_ends, stays_closed
from bot.views.rollback import loss_lines
from bot.views.text import ago, clock, code, counted, duration, escape, escape_lines, mention, number, people, prose, size
from ops.approvals import Approval, Status
from ops.approvals import typed as meant
from ops.loss import Loss
from ops.manifest import moment_of
from ops.restoring.looking import files_stay
from ops.spots import load
from ops.tasks import Task

_TABLES = 8  # that are named
UNREHEARSED = (
    "Vercel's build pushes the functions, so whether its rows fit *cannot be rehearsed*, and nothing is pushed without validation: "
    "if they do not fit, Convex refuses the import as a whole, and the restore halts."
)
UNTIL = "The functions run without validation until the rows are there, and after that too if the rows do not fit."
UNVALIDATED = "The functions validate nothing now, since rows of a former restore did not fit; they do again afterwards, if these rows fit."
_MARKS = {
    Status.APPROVED: ":white_check_mark:",
    Status.UNNEEDED: ":white_check_mark:",
    Status.BROKEN: ":rotating_light:",
    Status.REJECTED: ":no_entry:",
    Status.EXPIRED: ":hourglass:",
    Status.VOID: ":warning:",
    Status.WITHDRAWN: ":black_square_for_stop:",
}


def who(ids: Iterable[str]) -> str:
    """People and groups as mentions."""
    return ", ".join(f"<!subteam^{each}>" if each.startswith("S") else mention(each) for each in sorted(ids)) or "nobody"


def card(asked: Approval, approvers: Iterable[str], now: datetime, *, glass: bool, allow_self: bool) -> Message:
    """The card as it stands."""
    return _pending(asked, approvers, now, glass=glass, allow_self=allow_self) if asked.status is Status.PENDING else _decided(asked)


def title(asked: Approval) -> str:
    """What is asked for."""
    return kinds.asking(asked.kind, asked.plan.bound, asked.plan.shown)


def _pending(asked: Approval, approvers: Iterable[str], now: datetime, *, glass: bool, allow_self: bool) -> Message:
    """It waits for a signature."""
    role = asked.role.title if asked.role else ""
    own = "Whoever asked may sign too: `[approvals] allow_self` is on." if allow_self else ""
    expires = asked.expires_at or now
    return message(
        f"Sign-off needed: {prose(title(asked))}, asked by {mention(asked.requested_by)}",
        section(
            dotted("*Sign-off needed*", f"*{prose(title(asked))}*"),
            f"asked by {mention(asked.requested_by)} · may sign: {who(approvers)} ({role})",
        ),
        section(*_about(asked)),
        context(
            f"plan {code(asked.plan.short)} · expires {ago(expires)} ({clock(expires)})",
            own,
        ),
        actions(*_buttons(asked, glass=glass)),
    )


def _about(asked: Approval) -> list[str]:
    """The issue, what would happen, what it means."""
    shown = asked.plan.shown
    if asked.kind == "deploy":
        return [f"*What:* {escape(shown['message'], 100)} · {counted(shown['shipment']['count'], 'commit')}", *_gate(shown)]
    if asked.kind == kinds.SALVAGE:
        rows = ", ".join(f"{escape(each['name'], 60)} {number(each['rows'])}" for each in shown["tables"][:_TABLES])
        return [f"*Why:* {escape_lines(shown['reason'], 500)}", f"*Rows:* {rows}", f"*From:* {code(asked.plan.bound['backup'])}"]
    at = moment_of(str(asked.plan.bound["backup"]), asked.plan.shown.get("snapshot"))
    impact = f"*Business impact:* {escape_lines(shown['impact'], 500)}" if shown["impact"] else "*Business impact:* not said"
    spots = [f":warning: {escape(each.sentence, 200)}" for each in map(load, shown.get("spots", ())) if not each.good]
    began = [f"*It began:* {escape(shown['began'], 100)}"] if shown.get("began") else []
    return [
        f"*Issue:* {escape_lines(shown['reason'], 500)}",
        *began,
        impact,
        f"*Backup:* {clock(at)} ({ago(at)}), {code(str(asked.plan.bound['backup']))}",
        *(_archive(shown) if asked.plan.bound["data"] else ()),
        *spots,
        *_data(asked),
        files_stay(shown.get("files")) if asked.plan.bound["data"] else "",
        *_rehearsed(asked),
        f"*Code:* {counted(shown['undone'], 'commit')} leave production" if "undone" in shown else "*Code:* stays as it is",
        f"*Site:* {_site(asked)}",
        pause_ends(shown.get("pause_ends")),
        "*Way back:* a full backup of what is there now comes first, so this can be undone" if asked.plan.bound["data"] else "",
    ]


def _archive(shown: Mapping[str, Any]) -> list[str]:
    """What the archive holds, and what in it may be wrong."""
    verified = meaning("full", shown["level"]) if shown["level"] is not None else ":warning: NOT VERIFIED"
    known = [counted(shown[what], what[:-1]) for what in ("tables", "rows") if shown.get(what) is not None]
    lines = [dotted(verified, *known, size(shown["size"]) if shown.get("size") else "")]
    if empty := shown.get("empty"):
        lines.append(f":warning: empty there: {escape(', '.join(empty), 200)}")
    return [*lines, *(f":warning: {prose(each, 200)}" for each in shown.get("fell", ()))]


def _rehearsed(asked: Approval) -> list[str]:
    """What is known of old rows under the functions that run; a rollback brings the functions back too."""
    if asked.kind not in kinds.RESTORES:
        return []
    said = asked.plan.shown["rehearsed"]
    if said:
        clash = "*Rehearsed in staging: its rows do not fit the functions that run*, so nothing is validated afterwards."
        return [f":warning: {clash} {prose(said, 300)}"]
    if said == "":
        return ["*Rehearsed in staging:* its rows fit the functions that run"]
    other = asked.plan.shown.get("schema_differs", asked.plan.bound["schema_differs"])
    if other and asked.plan.shown.get("functions") == "vercel":
        return [f":warning: Its code had another Convex schema. {UNREHEARSED}"]
    if other:
        return [f":warning: Its code had another Convex schema, and whether its rows fit is *not rehearsed*. {UNTIL}"]
    return [f":warning: {UNVALIDATED}"] if asked.plan.shown.get("unvalidated") else []


def _site(asked: Approval) -> str:
    """What visitors see meanwhile."""
    if closed := stays_closed(asked.plan.shown.get("maintenance_stays")):
        return closed
    if asked.plan.bound["maintenance"]:
        usual = asked.plan.shown.get("usual")
        return f"in maintenance meanwhile, usually for about {duration(float(usual))}" if usual else "in maintenance meanwhile"
    missing = asked.plan.shown.get("page_missing")
    return f"no maintenance page. :warning: {prose(missing, 300)}" if missing else "no maintenance"


def _gate(shown: Any) -> list[str]:
    """What the gate said."""
    return [f"*Gate:* {shown['gate']['colour']}", *(prose(reason, 300) for reason in shown["gate"]["reasons"])]


def _data(asked: Approval) -> list[str]:
    """The window of data that would be lost, and what is in it."""
    if not asked.plan.bound["data"]:
        return ["*Data:* stay as they are"]
    at = moment_of(str(asked.plan.bound["backup"]), asked.plan.shown.get("snapshot"))
    so_far = duration((asked.asked_at or asked.created_at) - at)
    window = f"*Data loss window:* {so_far} when it was asked for: all that is written from {clock(at)} until the data are back"
    shown = asked.plan.shown
    if shown["loss"] is None:
        return [window, f":warning: How much that is, is unknown: {prose(shown['loss_unknown'], 300)}"]
    loss, counted_at = Loss.load(shown["loss"]), shown.get("counted")
    when = f"Counted {ago(datetime.fromisoformat(counted_at))}; what was written since is lost too." if counted_at else ""
    return [window, *loss_lines(loss), *(each for each in (when, loss.kept) if each)]


def _buttons(asked: Approval, *, glass: bool) -> list[Element]:
    """What can be done about it; the rights are asked at the click."""
    sure = confirm("Sign this?", f"It begins at once: {prose(title(asked), 200)}.", "Approve", "Not yet") | {"style": "primary"}
    back = confirm("Take it back?", "Nobody can sign it then.", "Take it back", "Leave it")
    return [
        button("Approve", Action.APPROVE, asked.id, asks=sure, style="primary"),
        button("Reject", Action.REJECT, asked.id, style="danger"),
        button("Take it back", Action.WITHDRAW, asked.id, asks=back),
        *([button("Break glass", Action.BREAK_GLASS, asked.id)] if glass else []),
    ]


def _decided(asked: Approval) -> Message:
    """What became of it; the buttons are gone."""
    words = {
        Status.APPROVED: f"Signed by {mention(asked.decided_by)}",
        Status.BROKEN: f"Started without its signature by {mention(asked.decided_by)} (break-glass): “{escape(asked.why or '', 300)}”",
        Status.REJECTED: f"Rejected by {mention(asked.decided_by)}{_because(asked)}",
        Status.EXPIRED: "Expired: nobody signed in time",
        Status.VOID: f"Void: {prose(asked.why or '', 300)} after this was planned",
        Status.WITHDRAWN: f"Taken back by {mention(asked.decided_by)}",
    }.get(asked.status, asked.status.value)
    at = f" {ago(asked.decided_at)}" if asked.decided_at else ""
    return message(
        f"{words} · {prose(title(asked))}",
        section(
            dotted(f"{_MARKS.get(asked.status, '')} *{words}*{at}", f"*{prose(title(asked))}*"), f"asked by {mention(asked.requested_by)}"
        ),
        context(f"plan {code(asked.plan.short)}"),
        actions(*_after(asked)),
    )


def _because(asked: Approval) -> str:
    """The reason that was given."""
    return f": “{escape(asked.why, 300)}”" if asked.why else ""


def _after(asked: Approval) -> list[Element]:
    """What can be done now."""
    if asked.status is Status.EXPIRED:
        return [button("Ask again", Action.ASK_AGAIN, asked.id), button("Break glass", Action.BREAK_GLASS, asked.id)]
    if asked.status is Status.VOID:
        return [button("Plan again", *_plan_again(asked))]
    return []


def _plan_again(asked: Approval) -> tuple[str, str]:
    """The window in which it was planned."""
    return kinds.planning(asked.kind, asked.plan.bound, asked.plan.shown, asked.replaces or "")


def waiting(asked: Approval, approvers: Iterable[str], channel: str, *, nobody: bool) -> Message:
    """To whoever asked: who is asked to sign."""
    until = clock(asked.expires_at or asked.created_at)
    words = f"Asked for the signature: {who(approvers)} can sign it in {escape(channel, 80)} until {until}."
    lonely = (
        "You are the only one who could sign, and nobody stands in for you. If it cannot wait, break the glass there." if nobody else ""
    )
    return message(words, section(f":pencil: {words}", lonely))


def reminder(asked: Approval, approvers: Iterable[str], now: datetime) -> Message:
    """In the card's thread."""
    left = duration((asked.expires_at or now) - now)
    return message(
        f"{who(approvers)}: still waiting for a signature, {left} left. {mention(asked.requested_by)} asked {ago(asked.asked_at or now)}."
    )


def stand_ins(asked: Approval, people: Iterable[str], *, own: bool) -> Message:
    """In the card's thread; ``own``: whoever asked is the only one in whose place they sign."""
    role, why = asked.role.title if asked.role else "approver", "asked for it" if own else "did not"
    return message(f"{who(people)}: you may sign this now in place of the {role}, who {why}.")


def reject_window(asked: Approval) -> View:
    """Why not."""
    return modal(
        "Reject",
        section(f"*{prose(title(asked))}*, asked by {mention(asked.requested_by)}"),
        entry("Why not?", typed(Field.REASON, hint="Whoever asked reads this", limit=500, lines=True), needed=True),
        submit="Reject",
        callback_id=Window.REJECT,
        private=asked.id,
    )


def glass_window(asked: Approval) -> View:
    """A reason, and the id typed."""
    means = meant(asked.kind, asked.plan.bound)
    return modal(
        "Break glass",
        section(f":rotating_light: *{prose(title(asked))}* begins *without its signature*.", "Both channels are told, and it is reviewed."),
        *_window_about(asked),
        entry("Why can it not wait?", typed(Field.REASON, hint="Everybody reads this", limit=500, lines=True), needed=True),
        entry(f"Type {means}", typed(Field.TYPED, hint=means, limit=40), needed=True),
        submit="Break glass",
        callback_id=Window.BREAK_GLASS,
        private=asked.id,
    )


def _window_about(asked: Approval) -> list[Block]:
    """What is at stake, once more."""
    return [section(*_about(asked))]


def glass_told(asked: Approval) -> Message:
    """To both channels."""
    words = (
        f"{mention(asked.decided_by)} broke the glass: {prose(title(asked))} began without a signature. “{escape(asked.why or '', 300)}”"
    )
    return message(words, section(f":rotating_light: {words}"))


def task(found: Task, *, turn: int = 0) -> Message:
    """A task that is open; ``turn`` counts how often it was asked for."""
    still = f"Still open after {counted(turn, 'day')}: " if turn else ""
    words = f"{still}{found.kind}: {found.text}"
    return message(
        prose(words, 600),
        section(
            f":clipboard: *{escape(f'{still}{found.kind}')}*",
            people(prose(found.text, 600)),
            f"opened by {mention(found.opened_by)} {ago(found.opened_at)}",
        ),
        actions(button("Close it", Action.CLOSE_TASK, found.id)),
    )


def task_closed(found: Task, by: str, how: str) -> Message:
    """A task that is done."""
    words = f"{found.kind.capitalize()} closed by {mention(by)}: “{escape(how, 300)}”"
    return message(words, section(f":white_check_mark: {words}", prose(found.text, 400)))


def task_over(found: Task) -> Message:
    """What asked for a task again, once it is closed."""
    words = (
        f"{found.kind.capitalize()} is closed, by {mention(found.closed_by)}" if found.closed_by else f"{found.kind.capitalize()} is closed"
    )
    return message(words, section(f":white_check_mark: {words}.", people(prose(found.text, 400))))


def task_window(task_id: str) -> View:
    """How it was settled."""
    return modal(
        "Close the task",
        entry("What came of it?", typed(Field.REASON, hint="A sentence for the log", limit=500, lines=True), needed=True),
        submit="Close it",
        callback_id=Window.CLOSE_TASK,
        private=task_id,
    )
