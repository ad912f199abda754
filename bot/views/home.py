"""App Home: the backup panel, what runs, the newest backups, how full the folder is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.views import readiness
from bot.views.actions import Action, Listing, turned
from bot.views.alerts import in_a_line as alert_line
from bot.views.alerts import worst_first
from bot.views.approval import title as approval_title
from bot.views.backup import outcome
from bot.views.backup.choice import Panel, panel_blocks
from bot.views.backup.lists import first_few
from bot.views.backup.marks import in_short
from bot.views.backup.progress import in_a_line
from bot.views.blocks import Block, View, actions, button, context, divider, dotted, header, home, section
from bot.views.changing import halted_buttons, ways
from bot.views.checklist import NAMES
from bot.views.deploy import label as deploy_label
from bot.views.metrics import chart
from bot.views.standing import sections
from bot.views.text import clock, counted, escape, mention, number, people, prose

if TYPE_CHECKING:
    from ops.alerts import Alert
    from ops.approvals import Approval
    from ops.checklists import Checklist
    from ops.gate import Verdict
    from ops.journal import OperationView
    from ops.manifest import Backup
    from ops.readiness import Readiness
    from ops.standing import Standing
    from ops.tasks import Task


_ALERTS = 5  # that are named


@dataclass(frozen=True, kw_only=True)
class Home:
    """What App Home is drawn from."""

    panel: Panel
    backups: Sequence[Backup]  # all, newest first
    running: Sequence[OperationView] = ()
    folder: Mapping[str, Any] | None = None  # {"bytes", "limit"}
    gate: Verdict | None = None  # None: it could not be read
    gate_unknown: str = ""
    source: str = "main"
    standing: Sequence[Standing] = ()
    pending: Sequence[Approval] = ()
    tasks: Sequence[Task] = ()
    readiness: Readiness | None = None
    alerts: Sequence[Alert] = ()
    checklists: Sequence[Checklist] = ()
    sizes: Sequence[tuple[datetime, int]] = ()  # of the last full backups, the oldest first


def app_home(state: Home, now: datetime, mine: Callable[[Approval], bool] = lambda _: False) -> View:
    """What is wrong and what this person can sign, then the panel, deploy and rollback, what stands, and what there is."""
    others = [view for view in state.running if state.panel.running is None or view.id != state.panel.running.id]
    open_panel = None if state.panel.running else button("Add purpose and notes", Action.OPEN_PANEL)
    return home(
        *_wrong(state),
        *_signatures(state, mine),
        *panel_blocks(state.panel, now),
        *_decision(state.panel.running),
        actions(open_panel),
        divider(),
        *_deploy(state),
        *_rollback(state),
        *_waits(state, mine),
        *sections(state.standing, state.running),
        divider(),
        header("Could it come back?"),
        *(readiness.blocks(state.readiness) if state.readiness else []),
        chart(state.sizes),
        header("Running now"),
        section(*([in_a_line(view) for view in others] or [_nothing(state)])),
        header(f"Backups ({number(len(state.backups))})"),
        *(first_few(state.backups) or [section("There is no backup yet.")]),
        context(outcome.folder(state.folder)),
        actions(
            button("All backups", f"{Action.PAGE}:{Listing.BACKUPS}", turned(Listing.BACKUPS, 1)),
            button("Status", Action.STATUS),
            button("Metrics", Action.METRICS),
            button("Activity", f"{Action.PAGE}:{Listing.ACTIVITY}", turned(Listing.ACTIVITY, 0)),
        ),
    )


def _wrong(state: Home) -> list[Block]:
    """The open alerts, before anything else."""
    if not state.alerts:
        return []
    more = len(state.alerts) - _ALERTS
    lines = [alert_line(each) for each in worst_first(state.alerts)[:_ALERTS]]
    return [section(*lines, f"{more} more" if more > 0 else ""), actions(button("Show the alerts", Action.ALERTS)), divider()]


def _decision(running: OperationView | None) -> list[Block]:
    """What a person must decide about what holds production."""
    if running is None or running.status != "halted":
        return []
    asks = section("*A person must decide*: nothing else can start there until then.")
    return [asks, actions(*halted_buttons(running)), context(ways(running))]


def _halted(state: Home) -> bool:
    """Whether production waits for a person's decision."""
    return state.panel.running is not None and state.panel.running.status == "halted"


def _nothing(state: Home) -> str:
    """What is said where no other operation runs."""
    return "Only what is shown above." if state.panel.running else "Nothing runs."


def _deploy(state: Home) -> list[Block]:
    """How the gate stands for what is on the source branch, and the way there (A9)."""
    if _halted(state):
        said = "Nothing can be deployed until a person has decided about what is halted."
    elif state.gate is None:
        said = prose(state.gate_unknown, 200) or f"{escape(state.source, 60)} has nothing that production does not have."
    else:
        reasons = " ".join(people(prose(reason.sentence, 200)) for reason in state.gate.reasons[:2])
        said = f"The gate is *{state.gate.colour}* for {escape(state.source, 60)}. {reasons}".strip()
    return [header("Deploy to Production"), section(said), actions(button(deploy_label(state.gate), Action.DEPLOY_OPEN, style="primary"))]


def _rollback(state: Home) -> list[Block]:
    """The newest backups, and the way back."""
    good = [backup for backup in state.backups if backup.good][:3]
    lines = [f"{in_short(backup)} · {escape(backup.commit_message, 60)}" for backup in good] or ["There is no backup to roll back to yet."]
    return [header("Rollback"), section(*lines), actions(button("Rollback to Selected", Action.ROLLBACK_OPEN) if good else None)]


def _signatures(state: Home, mine: Callable[[Approval], bool]) -> list[Block]:
    """What waits for this person's signature: it expires, so nothing stands before it but what is wrong."""
    blocks = [block for each in state.pending if mine(each) for block in _signature(each, "*Waits for your signature*")]
    return [*blocks, divider()] if blocks else []


def _signature(each: Approval, words: str) -> list[Block]:
    """What is to be signed, and the buttons."""
    asked = section(dotted(f":pencil: {words}", prose(approval_title(each)), f"asked by {mention(each.requested_by)}"))
    return [asked, actions(button("Approve", Action.APPROVE, each.id, style="primary"), button("Reject", Action.REJECT, each.id))]


def _waits(state: Home, mine: Callable[[Approval], bool]) -> list[Block]:
    """What waits for others to sign, tasks, checklists."""
    blocks = [block for each in state.pending if not mine(each) for block in _signature(each, "Waits for a signature")]
    for task in state.tasks:
        blocks.append(section(f":clipboard: *{escape(task.kind)}* {people(prose(task.text, 200))}"))
        blocks.append(actions(button("Close it", Action.CLOSE_TASK, task.id)))
    for checklist in state.checklists:
        left = counted(len(checklist.left), "item")
        blocks.append(section(f":clipboard: *{NAMES[checklist.kind]}* {left} left: see its card of {clock(checklist.due)}"))
    is_first = not (_halted(state) or any(map(mine, state.pending)))
    return [header("What waits for me"), *(blocks or [section("Nothing waits for you." if is_first else "Nothing else waits for you.")])]
