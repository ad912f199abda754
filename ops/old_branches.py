"""Branches that were merged long ago (B16): listed each week, deleted only where somebody asks for that one. Release tags never."""

from __future__ import annotations

from datetime import datetime, timedelta

from ops import activity
from ops.backstop import Backstop
from ops.errors import Refused
from ops.people import Person
from ops.services.git import Merged
from ops.settings import Settings

KEPT = timedelta(days=90)


def find(backstop: Backstop, now: datetime) -> list[Merged]:
    """Those that were merged into the source branch longer ago, the oldest first."""
    app = backstop.settings.app
    return backstop.services.git.merged(app.source_branch, now - KEPT, {app.production_branch, app.source_branch})


def require_writer(person: Person, settings: Settings) -> None:
    """Refuse who may not write to the code: who may not deploy without a signature.

    Raises:
        Refused: with the roles that may.
    """
    roles = settings.approvals.deploy
    if not person.roles & roles and not person.id.startswith("terminal:"):
        named = ", ".join(sorted(role.value.replace("_", " ") for role in roles))
        raise Refused("You may not delete branches.", f"Those who deploy may: {named}.")


def drop(backstop: Backstop, person: Person, name: str, tip: str) -> bool:
    """Delete one, if it is still where it was listed; False where it was gone already, which is nobody's deed here.

    Raises:
        Refused: the person may not, or it moved.
    """
    require_writer(person, backstop.settings)
    app = backstop.settings.app
    if name in {app.production_branch, app.source_branch}:
        raise Refused(f"{name} is not deleted from here.", "It is the branch that deploys come from, or go to.")
    if not backstop.services.git.drop(name, tip, app.source_branch):
        return False
    text = f"Branch {name} deleted at the remote; its commits ({tip[:6]}) are in {app.source_branch}"
    activity.record(backstop.engine, who=person.id, text=text, outcome="deleted")
    return True
