"""The bot's own database: its tables, its clock, and how it is opened.

SQLite by default; PostgreSQL where there is more than one machine.
"""

from ops.database.alerting import AlertRow, DeliveryRow
from ops.database.changes import ApprovalRow, NoteRow, ReleaseRow, StandingRow, TaskRow, VoteRow, WaitingRow
from ops.database.checklists import ChecklistRow, TickRow
from ops.database.clock import db_now, is_due, now
from ops.database.opening import file_in_place, open_database, reading
from ops.database.tables import ActivityRow, BackupRow, Base, HeadRow, InboxRow, LockRow, OperationRow, PostRow, StepRow, Utc, storable
from ops.database.writes import Looks, Writes

__all__ = [
    "ActivityRow",
    "AlertRow",
    "ApprovalRow",
    "BackupRow",
    "Base",
    "ChecklistRow",
    "DeliveryRow",
    "HeadRow",
    "InboxRow",
    "LockRow",
    "Looks",
    "NoteRow",
    "OperationRow",
    "PostRow",
    "ReleaseRow",
    "StandingRow",
    "StepRow",
    "TaskRow",
    "TickRow",
    "Utc",
    "VoteRow",
    "WaitingRow",
    "Writes",
    "db_now",
    "file_in_place",
    "is_due",
    "now",
    "open_database",
    "reading",
    "storable",
]
