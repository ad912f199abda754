"""Branches that were merged long ago, each with a button that deletes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.views.actions import Action
from bot.views.blocks import Block, Message, button, confirm, context, message, section
from bot.views.text import ago, clock, code, counted, escape
from ops.old_branches import KEPT
from ops.services.git import Merged

_SHOWN = 20
_UNSEEN = "What was squashed, rebased or fast-forwarded is not seen."


def listing(found: Sequence[Merged], into: str, *, late_since: datetime | None = None) -> Message:
    """All of them."""
    days = KEPT.days
    if not found:
        words = f"No branch was merged into {escape(into, 60)} more than {days} days ago."
        return message(words, section(f":white_check_mark: {words}"), context(_UNSEEN))
    title = f"*{counted(len(found), 'branch', 'branches')} merged into {code(into)} more than {days} days ago.* Nothing is deleted unasked."
    late = f"Late: it was due {clock(late_since)}." if late_since else ""
    more = f"{len(found) - _SHOWN} more: `/ops branches` shows them once these are gone. " if len(found) > _SHOWN else ""
    return message(
        f"{counted(len(found), 'branch', 'branches')} merged more than {days} days ago",
        section(title, late),
        *(_branch(each, into) for each in found[:_SHOWN]),
        context(f"{more}{_UNSEEN} Release tags are never listed. Who deploys without a signature may delete."),
    )


def _branch(each: Merged, into: str) -> Block:
    """One of them."""
    asks = confirm(
        "Delete this branch?",
        f"{escape(each.name, 100)} goes from the remote. Its commits stay in {escape(into, 60)}.",
        "Delete the branch",
    )
    deed = button("Delete", f"{Action.DROP_BRANCH}:{each.tip[:12]}", f"{each.name} {each.tip}", asks=asks, style="danger")
    return section(f"{code(each.name, 120)} · merged {ago(each.at)} · last commit by {escape(each.author, 60)}", beside=deed)


def dropped(name: str, *, was_there: bool) -> Message:
    """To whoever deleted it, or was too late."""
    if not was_there:
        return message(f"Gone already: {escape(name, 120)}", section(f"The branch {code(name, 120)} was gone already."))
    return message(f"Deleted: {escape(name, 120)}", section(f":white_check_mark: The branch {code(name, 120)} is deleted."))
