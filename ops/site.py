"""Whether the site is as our rows say: what somebody changed at Vercel by hand is written down, so that it shows and nags (X11).

A site that is pinned, or in maintenance by our rule, though nobody told us, is as easily forgotten as one that we left so.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from ops import standing
from ops.backstop import Backstop
from ops.context import Services
from ops.standing import What

ENVIRONMENT = "production"
BY = "somebody at Vercel"
_SORTS = frozenset({What.PINNED, What.MAINTENANCE})


@dataclass(frozen=True, kw_only=True)
class Differences:
    """What our rows do not know of, and what they hold that is over."""

    begun: frozenset[What]
    over: frozenset[What]


def differences(seen: AbstractSet[What], known: AbstractSet[What]) -> Differences:
    """Compare what Vercel says with what stands here. Pure."""
    return Differences(begun=_SORTS & (seen - known), over=_SORTS & (known - seen))


def observe(backstop: Backstop) -> Differences:
    """Look at Vercel, and bring what stands here up to it. Nothing at Vercel is changed.

    Not while an operation holds production: it may be about to write down the same, or to end it.

    Raises:
        VercelFailed: it does not say.
    """
    nothing = Differences(begun=frozenset(), over=frozenset())
    if not backstop.services.vercel.configured or backstop.journal.holder(ENVIRONMENT):
        return nothing
    looked = datetime.now(UTC)
    reasons = _seen(backstop.services)
    stands = {each.what: each for each in standing.all_of(backstop.engine) if each.environment == ENVIRONMENT}
    found = differences(reasons.keys(), {what for what, each in stands.items() if each.since < looked})
    if backstop.journal.holder(ENVIRONMENT):
        return nothing
    with Session(backstop.engine) as session, session.begin():
        for what in found.begun:
            standing.begin(session, what, ENVIRONMENT, reason=reasons[what], by=BY, operation_id=None)
        for what in found.over:
            standing.end(session, what, ENVIRONMENT, by=BY)
    return found


def _seen(services: Services) -> dict[What, str]:
    """What Vercel shows, each with what is known of why."""
    seen = {}
    if services.vercel.project().pinned:
        seen[What.PINNED] = "rolled back there; we were not told why"
    if rule := services.vercel.maintenance():
        seen[What.MAINTENANCE] = rule.description or "our routing rule is up there"
    return seen
