"""Ask for a signature in the channel of incidents, and tell whoever asked."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.desk import Desk
from bot.registry import Message
from bot.views import approval as views
from ops.approvals import Approval, may_break_glass
from ops.approvals.policy import nobody, signers


def key(approval: Approval) -> str:
    """The card's."""
    return f"approval-{approval.id}"


def draw(desk: Desk, approval: Approval) -> None:
    """Bring the card up to date; the first time it is posted."""
    settings, now = desk.settings, datetime.now(UTC)
    glass = not may_break_glass(approval, now, settings)
    named = signers(approval.requested_by, approval.role, settings)
    shown = views.card(approval, named, now, glass=glass, allow_self=settings.approvals.allow_self)
    desk.say(key(approval), settings.slack.incidents, shown)


def asked(desk: Desk, approval: Approval) -> Message:
    """Post the card; the words for whoever asked."""
    draw(desk, approval)
    named = signers(approval.requested_by, approval.role, desk.settings)
    lonely = nobody(approval.requested_by, approval.role, desk.settings)
    return views.waiting(approval, named, desk.settings.slack.incidents, nobody=lonely)
