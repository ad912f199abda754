"""App Home: the backup panel, what runs, the newest backups, how full the folder is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.views.actions import Action, Listing, turned
from bot.views.backup import outcome
from bot.views.backup.choice import Panel, panel_blocks
from bot.views.backup.lists import first_few
from bot.views.backup.progress import in_a_line
from bot.views.blocks import View, actions, button, context, divider, header, home, section
from bot.views.text import number

if TYPE_CHECKING:
    from ops.journal import OperationView
    from ops.manifest import Backup


@dataclass(frozen=True, kw_only=True)
class Home:
    """What App Home is drawn from."""

    panel: Panel
    backups: Sequence[Backup]  # all, newest first
    running: Sequence[OperationView] = ()
    folder: Mapping[str, Any] | None = None  # {"bytes", "limit"}


def app_home(state: Home, now: datetime) -> View:
    """The panel first, then what there is."""
    others = [view for view in state.running if state.panel.running is None or view.id != state.panel.running.id]
    open_panel = None if state.panel.running else button("Add purpose and notes", Action.OPEN_PANEL)
    return home(
        *panel_blocks(state.panel, now),
        actions(open_panel),
        divider(),
        header("Running now"),
        section(*([in_a_line(view) for view in others] or [_nothing(state)])),
        header(f"Backups ({number(len(state.backups))})"),
        *(first_few(state.backups) or [section("There is no backup yet.")]),
        context(outcome.folder(state.folder)),
        actions(
            button("All backups", f"{Action.PAGE}:{Listing.BACKUPS}", turned(Listing.BACKUPS, 1)),
            button("Status", Action.STATUS),
            button("Activity", f"{Action.PAGE}:{Listing.ACTIVITY}", turned(Listing.ACTIVITY, 0)),
        ),
    )


def _nothing(state: Home) -> str:
    """What is said where no other operation runs."""
    return "Only what is shown above." if state.panel.running else "Nothing runs."
