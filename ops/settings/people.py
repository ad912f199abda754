"""The people around the app: who they are, what they may do, how they hear of trouble, and what they read then."""

from __future__ import annotations

from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from ops.people import Policy, Right, Role
from ops.settings.values import Section, address, known_zone, nightly
from ops.settings.values import sender as sent_by

_LEADS = frozenset({Role.ENG_LEAD, Role.CTO, Role.DEVOPS})


class Team(Section):
    """The people around the app."""

    name: str = ""
    zone: Annotated[str, AfterValidator(known_zone)] = "UTC"

    @property
    def zoneinfo(self) -> ZoneInfo:
        """The zone in which the team reads times."""
        return ZoneInfo(self.zone)


class Roles(Section):
    """Who holds which role: Slack people (``U…``) and user groups (``S…``)."""

    developer: frozenset[str] = frozenset()
    eng_lead: frozenset[str] = frozenset()
    cto: frozenset[str] = frozenset()
    devops: frozenset[str] = frozenset()

    def of(self, ids: frozenset[str]) -> frozenset[Role]:
        """The roles that any of these people or groups hold."""
        return frozenset(role for role in Role if ids & getattr(self, role.value))

    @property
    def ids(self) -> frozenset[str]:
        """Everybody named."""
        return self.developer | self.eng_lead | self.cto | self.devops


class Approvals(Section):
    """Which roles may do what, and who signs."""

    take: frozenset[Role] = frozenset(Role)
    delete: frozenset[Role] = _LEADS
    deploy: frozenset[Role] = frozenset({Role.DEVELOPER, Role.ENG_LEAD, Role.CTO})
    """Who deploys without a signature; everybody else in a role asks an Eng Lead."""
    code_rollback: frozenset[Role] = frozenset({Role.ENG_LEAD, Role.CTO})
    """Who rolls the code back without a signature; everybody else in a role asks an Eng Lead."""
    hold: frozenset[Role] = _LEADS
    """Who holds deploys, lifts a hold, switches maintenance, lets a paused app run."""
    settle: frozenset[Role] = _LEADS
    """Who decides about a halted operation."""
    break_glass: frozenset[Role] = _LEADS
    """Who may start without the signature when nobody signs."""
    production_database: Role = Role.CTO
    variables: Role = Role.ENG_LEAD
    configuration: Role = Role.ENG_LEAD
    expiry_minutes: int = Field(30, ge=1)
    remind_minutes: tuple[int, ...] = (5, 10, 20)
    """Minutes after the asking at which the approvers are reminded."""
    stand_ins: frozenset[str] = frozenset()
    """Slack people (``U…``) who may sign in the approvers' place once they were told."""
    stand_in_minutes: int = Field(10, ge=0)
    break_glass_after_minutes: int = Field(10, ge=0)
    allow_self: bool = False
    """Whether whoever asks may sign; the card says so."""

    @property
    def policy(self) -> Policy:
        """The rights as the people's module reads them."""
        everybody = frozenset(Role)
        return {
            Right.TAKE: self.take,
            Right.DELETE: self.delete,
            Right.DEPLOY: everybody,
            Right.ROLLBACK: everybody,
            Right.RESTORE: everybody,
            Right.HOLD: self.hold,
            Right.SETTLE: self.settle,
            Right.APPROVE: everybody,
            Right.BREAK_GLASS: self.break_glass,
        }


class Alerts(Section):
    """Who hears of trouble outside Slack, and when nobody does."""

    email: tuple[Annotated[str, AfterValidator(address)], ...] = ()
    sender: Annotated[str, AfterValidator(sent_by)] = ""
    """Whom the mails come from; SMTP_URL's user if it is left out."""
    night: Annotated[str, AfterValidator(nightly)] = "22:00-07:00"
    """In the team's zone: what is below P0 waits for its end."""

    @property
    def night_times(self) -> tuple[time, time]:
        """When it begins and ends."""
        begins, ends = self.night.split("-")
        return time.fromisoformat(begins), time.fromisoformat(ends)


class Docs(Section):
    """Addresses of the team's own documents, shown on the cards."""

    rollback_plan: str = ""
    deployment_checklist: str = ""
    incident_response: str = ""
    runbooks: str = ""
