"""Backups in Slack: the panel, an operation's card, lists, one backup, and what can be done with it."""

from __future__ import annotations

from bot.views.backup.choice import Panel, Usual, captions, looking, panel, reopen, started
from bot.views.backup.keeping import delete_question, deleted, explain_fall, explained, kept, pinned, undeleted, unpinned
from bot.views.backup.lists import PAGE, listing, log, trash
from bot.views.backup.progress import card, in_a_line
from bot.views.backup.showing import show

__all__ = [
    "PAGE",
    "Panel",
    "Usual",
    "captions",
    "card",
    "delete_question",
    "deleted",
    "explain_fall",
    "explained",
    "in_a_line",
    "kept",
    "listing",
    "log",
    "looking",
    "panel",
    "pinned",
    "reopen",
    "show",
    "started",
    "trash",
    "undeleted",
    "unpinned",
]
