"""The operations that change data or code, in words: what each is, what is asked for, and the window in which it is planned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.views.actions import Action
from bot.views.text import counted

Facts = Mapping[str, Any]

RESTORES = frozenset({"restore", "staging restore"})
SALVAGE = "salvage"


def is_rollback(kind: str) -> bool:
    """Whether it returns the code, and perhaps the data."""
    return kind.endswith("rollback")


def is_rehearsal(bound: Facts) -> bool:
    """Whether it is a restore to staging that is to show how one of production would end."""
    return bool(bound.get("rehearsal"))


def title(kind: str, bound: Facts, shown: Facts) -> str:
    """What it does, to what."""
    if is_rollback(kind):
        return f"{'Full' if bound['data'] else 'Code'} rollback to {bound['backup']}"
    if kind in RESTORES:
        return f"{'Rehearsal of a restore' if is_rehearsal(bound) else 'Restore'} to {bound['backup']}"
    if kind == SALVAGE:
        return f"Salvage of {counted(shown['rows'], 'row')} from {bound['backup']}"
    return f"Deploy of {bound['commit'][:6]}{' as ' + bound['version'] if bound['version'] else ''}"


def asking(kind: str, bound: Facts, shown: Facts) -> str:
    """What is asked for."""
    if is_rollback(kind):
        return f"roll {bound['target']} back to {bound['backup']}"
    if kind in RESTORES:
        return f"restore the data of {bound['target']} to {bound['backup']}"
    if kind == SALVAGE:
        return f"bring {counted(shown['rows'], 'row')} of {', '.join(bound['tables'])} back to {bound['target']}"
    return f"deploy {bound['commit'][:6]} to {bound['target']}"


def noun(kind: str) -> str:
    """In a sentence."""
    return "rollback" if is_rollback(kind) else "restore" if kind in RESTORES else kind


def planning(kind: str, bound: Facts, shown: Facts, replaces: str = "") -> tuple[str, str]:
    """The button that opens its window once more: action and value."""
    if is_rollback(kind):
        return Action.ROLLBACK_TO, f"{bound['backup']} {'data' if bound['data'] else 'code'} {replaces}".strip()
    if kind in RESTORES:
        environment = "production" if is_rehearsal(bound) else bound["environment"]  # there it can be rehearsed once more
        return Action.RESTORE_TO, f"{bound['backup']} {environment} {replaces}".strip()
    if kind == SALVAGE:
        return Action.SALVAGE_TO, str(bound["backup"])
    return Action.DEPLOY_OPEN, str(shown["ref"])


def undoing(kind: str, bound: Facts, result: Facts, replaces: str = "") -> tuple[str, str, str] | None:
    """The way back from it: the button's word, action and value; None where there is none."""
    safety = result.get("safety")
    if is_rollback(kind):
        return ("Undo", *planning(kind, {**bound, "backup": safety}, {}, replaces)) if safety else None
    if kind in RESTORES or kind == SALVAGE:
        return ("Undo", Action.RESTORE_TO, f"{safety} production {replaces}".strip()) if safety else None
    used = result.get("backup_id")
    return ("Roll back", Action.ROLLBACK_TO, f"{used} code {replaces}".strip()) if used else None
