"""End an operation that nobody wants any more: one that runs is asked to stop, a halted one is given up where that is safe.

At stake: the lock of production. A halted backup (begun by another version of Backstop, say) would hold it for ever; giving a
backup up changes nothing of production's, so whoever may take one may do it. What touched production is not ended here.
"""

from __future__ import annotations

from ops import backup, verify
from ops.backstop import Backstop
from ops.journal import OperationView, Status
from ops.people import Person, Right, require

HARMLESS = frozenset({*backup.KINDS, verify.KIND})
"""Operations that change nothing of production, however far they got."""


def end(backstop: Backstop, person: Person, view: OperationView) -> None:
    """Stop it, or give it up.

    Raises:
        NotAllowed, Refused: it has ended, or may not be ended like this.
    """
    require(person, Right.TAKE, backstop.settings.approvals.policy)
    if view.status is Status.HALTED and view.kind in HARMLESS:
        backstop.journal.abandon(view.id, by=person.id)
    else:
        backstop.journal.cancel(view.id, by=person.id)
