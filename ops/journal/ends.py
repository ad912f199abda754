"""What an end means: of a step, and of an operation."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from ops.database import StepRow
from ops.errors import Failed, OpsError, Refused
from ops.journal.words import Cancelled, Halted, Status

log = logging.getLogger(__name__)


def outcome(error: OpsError | None, *, touched: bool, begun: bool) -> Status:
    """Which end it is, given the error, whether a step that touches production began, and whether any step did. Pure."""
    if error is None:
        return Status.SUCCEEDED
    if touched or isinstance(error, Halted):
        return Status.HALTED
    if isinstance(error, Cancelled):
        return Status.CANCELLED
    return Status.REFUSED if isinstance(error, Refused) and not begun else Status.FAILED


def replayed(row: StepRow) -> Any:
    """What a step that has ended before returns, or raises."""
    result = row.result or {}
    if row.state == "done":
        return result.get("value")
    raise (Cancelled if row.error == "cancelled" else Failed)(result.get("message", row.error or ""), result.get("remedy", ""))


def defect(operation_id: str, error: BaseException) -> OpsError:
    """An error of ours: the person gets a reference, the log the traceback under the same one."""
    reference = secrets.token_hex(4)
    log.error("operation %s: defect %s", operation_id, reference, exc_info=error)
    return Failed(f"A defect on our side (reference {reference}).", "The log has the details under that reference.")
