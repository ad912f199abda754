"""Approvals: a plan that somebody must sign before it may begin. Data, not a waiting thread, so a restart changes nothing.

At stake: that nothing begins which nobody agreed to, and that nothing which was agreed to begins twice. Deciding, taking the
lock and beginning are one transaction; what is signed is the plan's digest, and what moved since makes the approval void.
"""

from __future__ import annotations

from ops.approvals.deciding import approve, break_glass, reject, start, withdraw
from ops.approvals.policy import approvers, may_break_glass, may_sign, only_asker, signature, typed, warnings
from ops.approvals.records import Approval, Status, Vote, ask, draft, get, moving, of_operation, of_plan, pending, recent
from ops.approvals.timing import Due, due, expire, note_reminded, note_stand_ins_told

__all__ = [
    "Approval",
    "Due",
    "Status",
    "Vote",
    "approve",
    "approvers",
    "ask",
    "break_glass",
    "draft",
    "due",
    "expire",
    "get",
    "may_break_glass",
    "may_sign",
    "moving",
    "note_reminded",
    "note_stand_ins_told",
    "of_operation",
    "of_plan",
    "only_asker",
    "pending",
    "recent",
    "reject",
    "signature",
    "start",
    "typed",
    "warnings",
    "withdraw",
]
