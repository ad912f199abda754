"""The weekly and the monthly checklist (B5, B6): what Backstop could look at is ticked with evidence, people tick the rest.

``records`` keeps which there are and who ticked what; ``weekly`` and ``monthly`` say what is on them, from rows and files, each
time they are drawn; ``access`` is the audit of who holds which role.
"""

from ops.checklists.items import Checklist, Item, State
from ops.checklists.making import AUTOMATED, make, of
from ops.checklists.records import MONTHLY, WEEKLY, Made, lately, made, tick

__all__ = ["AUTOMATED", "MONTHLY", "WEEKLY", "Checklist", "Item", "Made", "State", "lately", "made", "make", "of", "tick"]
