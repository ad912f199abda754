"""What a person may do with a backup that is there: delete it, bring it back, pin it, release it.

Both doors, Slack and the terminal, come through here: the right is asked, the backup is looked at, the log is written.
"""

from __future__ import annotations

from dataclasses import replace

from ops import activity
from ops.backstop import Backstop
from ops.manifest import Backup
from ops.people import Person, Right, require
from ops.trash import Thrown, require_deletable
from ops.words import one_line

REASON_LIMIT = 200


def delete(backstop: Backstop, person: Person, backup_id: str, why: str = "") -> Thrown:
    """Move a backup to the trash.

    Raises:
        NotAllowed, UnknownBackup, Refused: it must stay, and why.
    """
    require(person, Right.DELETE, backstop.settings.approvals.policy)
    with backstop.catalogue.alone():  # else two people could delete the last two good ones at once
        backup = backstop.catalogue.get(backup_id)
        require_deletable(backup, backstop.catalogue.all(), backstop.in_use())
        return backstop.trash.throw(backup, person.id, one_line(why, REASON_LIMIT) or "deleted by hand")


def undelete(backstop: Backstop, person: Person, backup_id: str) -> Backup:
    """Bring a backup back from the trash; it only adds, so whoever may take one may do it."""
    require(person, Right.TAKE, backstop.settings.approvals.policy)
    return backstop.trash.bring_back(backup_id, person.id)


def pin(backstop: Backstop, person: Person, backup_id: str, why: str = "") -> Backup:
    """Keep a backup whatever retention says."""
    require(person, Right.TAKE, backstop.settings.approvals.policy)
    reason = one_line(why, REASON_LIMIT)
    pinned = backstop.catalogue.learn(
        backup_id, lambda facts: replace(facts, pinned=True, pinned_by=person.id, pin_reason=reason or None, released=False)
    )
    activity.record(backstop.engine, who=person.id, text=f"Backup pinned: {backup_id}", outcome=reason or "succeeded", backup_id=backup_id)
    return pinned


def unpin(backstop: Backstop, person: Person, backup_id: str) -> Backup:
    """Let retention decide again; one whose purpose is unknown then goes by count."""
    require(person, Right.DELETE, backstop.settings.approvals.policy)
    released = backstop.catalogue.learn(
        backup_id, lambda facts: replace(facts, pinned=False, pinned_by=None, pin_reason=None, released=True)
    )
    activity.record(backstop.engine, who=person.id, text=f"Backup unpinned: {backup_id}", outcome="succeeded", backup_id=backup_id)
    return released


def clear_warnings(backstop: Backstop, person: Person, backup_id: str, why: str) -> Backup:
    """Take note that a table fell on purpose, so that retention goes on."""
    require(person, Right.DELETE, backstop.settings.approvals.policy)
    cleared = backstop.catalogue.learn(backup_id, lambda facts: replace(facts, warnings=()))
    activity.record(
        backstop.engine,
        who=person.id,
        text=f"Warnings cleared: {backup_id}",
        outcome=one_line(why, REASON_LIMIT) or "no reason given",
        backup_id=backup_id,
    )
    return cleared
