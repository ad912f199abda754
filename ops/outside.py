"""Whether production is as our rows say: what somebody changed at Vercel or Convex by hand is written down, so it shows and nags (X11).

A site that is pinned, in maintenance by our rule, or a deployment that is paused, though nobody told us, is as easily forgotten
as one that we left so.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from ops import standing
from ops.backstop import Backstop
from ops.context import Services
from ops.errors import OpsError
from ops.standing import What

ENVIRONMENT = "production"
AT = {What.PINNED: "somebody at Vercel", What.MAINTENANCE: "somebody at Vercel", What.PAUSED: "somebody at Convex"}
"""What is looked at, and who changed it where we did not."""


@dataclass(frozen=True, kw_only=True)
class Differences:
    """What our rows do not know of, and what they hold that is over."""

    begun: frozenset[What] = frozenset()
    over: frozenset[What] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen there, each with what is known of why; and what could not be looked at, with the reason."""

    there: Mapping[What, str]
    unknown: Mapping[What, str]


def differences(seen: Seen, known: AbstractSet[What]) -> Differences:
    """Compare what is there with what stands here; what is unknown neither begins nor ends. Pure."""
    looked = frozenset(AT) - seen.unknown.keys()
    return Differences(begun=looked & (seen.there.keys() - known), over=looked & (known - seen.there.keys()))


def observe(backstop: Backstop) -> tuple[Differences, list[str]]:
    """Look at Vercel and Convex, and bring what stands here up to it; with why a part could not be looked at. Nothing there is changed.

    Not while an operation holds production: it may be about to write down the same, or to end it.
    """
    if backstop.journal.holder(ENVIRONMENT):
        return Differences(), []
    looked = datetime.now(UTC)
    seen = look(backstop.services)
    stands = {each.what for each in standing.all_of(backstop.engine) if each.environment == ENVIRONMENT and each.since < looked}
    found = differences(seen, stands)
    if backstop.journal.holder(ENVIRONMENT):
        return Differences(), []
    with Session(backstop.engine) as session, session.begin():
        for what in found.begun:
            standing.begin(session, what, ENVIRONMENT, reason=seen.there[what], by=AT[what], operation_id=None)
        for what in found.over:
            standing.end(session, what, ENVIRONMENT, by=AT[what])
    return found, sorted({why for why in seen.unknown.values() if why})


def look(services: Services) -> Seen:
    """Ask each once."""
    there: dict[What, str] = {}
    unknown: dict[What, str] = {}
    for what, asked in {What.PINNED: _pinned, What.MAINTENANCE: _maintenance, What.PAUSED: _paused}.items():
        try:
            why = asked(services)
        except OpsError as error:
            unknown[what] = error.message
            continue
        if why is None:
            unknown[what] = ""
        elif why:
            there[what] = why
    return Seen(there=there, unknown=unknown)


def _pinned(services: Services) -> str | None:
    """Why the site is pinned; "" where it is not, None where nobody can say."""
    if not services.vercel.configured:
        return None
    return "rolled back there; we were not told why" if services.vercel.project().pinned else ""


def _maintenance(services: Services) -> str | None:
    """Why the maintenance page is up."""
    if not services.vercel.configured:
        return None
    rule = services.vercel.maintenance()
    return (rule.description or "our routing rule is up there") if rule else ""


def _paused(services: Services) -> str | None:
    """Why the deployment is paused."""
    paused = services.convex.paused(ENVIRONMENT)
    if paused is None:
        return None
    return "paused there; we were not told why" if paused else ""
