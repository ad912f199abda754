"""What leaves for e-mail and PagerDuty, and the dead man's switch: rows that are tried until they were taken.

A channel takes one alert's news in their order. What is not taken is tried again, after longer and longer rests, for a day;
PagerDuty knows a repeated event by its key, and a mail that is sent twice has the same Message-ID. A mail that somebody's address did
not take counts as taken, and holds up nothing: whoever has it does not get it again. An address that is refused for now (4xx) is tried
by itself; one that is refused for good (5xx) at the next mail.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, case, func, select, update
from sqlalchemy.orm import Session, aliased

from ops.alerts.senders import FOR_GOOD, PING, SENDERS, Delivery
from ops.alerts.severity import Severity
from ops.alerts.telling import MAIL, PAGER
from ops.database import DeliveryRow, is_due, reading
from ops.errors import NotNow, OpsError
from ops.settings import Settings

log = logging.getLogger(__name__)

CHANNELS = (MAIL, PAGER, PING)
LEASE = timedelta(minutes=2)  # that one delivery may take
RESTS = tuple(timedelta(seconds=each) for each in (5, 15, 30, 60, 120, 300, 600))
TRIED_FOR = timedelta(days=1)
FAILING = 3  # tries after which a channel counts as broken
AT_ONCE = 20
LONGEST = timedelta(days=2)  # that one waits for: a night, at most


@dataclass(frozen=True, kw_only=True)
class Undelivered:
    """A channel that does not take what is meant for it."""

    channel: str
    error: str
    since: datetime  # the oldest of what waits was to be told
    titles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Unreached:
    """An address that the mail server refuses, while others get their mail."""

    address: str
    code: int  # of the server's answer
    since: datetime  # when the mail was to be told


@dataclass(frozen=True, kw_only=True)
class Unplaced:
    """A channel of Slack's that Slack refuses, while it takes others."""

    channel: str  # as the settings call it
    code: str  # Slack's word for it
    since: datetime  # what waits longest for it was to be posted


_NAMES = tuple(Delivery.__dataclass_fields__)


def want_ping(engine: Engine, about: str, state: str, body: str) -> None:
    """Ping the dead man's switch of the backups: "start", "success" or "fail", once for an operation."""
    with Session(engine) as session, session.begin():
        named = f"{about}/{PING}/{state}"
        if session.get(DeliveryRow, named) is None:
            now = datetime.now(UTC)
            content = {"state": state, "body": body}
            session.add(DeliveryRow(id=named, about=about, channel=PING, content=content, created_at=now, until=now, attempts=0))


def waiting(engine: Engine, now: datetime) -> set[str]:
    """The channels for which something may be due: one short question for all of them, as it is asked every few seconds."""
    with reading(engine) as session:
        return set(session.scalars(select(DeliveryRow.channel).where(is_due(DeliveryRow.until, now, LONGEST)).distinct()))


def deliver(engine: Engine, settings: Settings, channel: str) -> int:
    """Try what is due by a channel; how many were taken. One that gives no answer, or asks to wait, is asked once."""
    taken = 0
    for each in _due(engine, channel, datetime.now(UTC)):
        if _claim(engine, each):
            error = _try(engine, settings, each)
            taken += error is None
            if isinstance(error, NotNow):
                break
    return taken


def _due(engine: Engine, channel: str, now: datetime) -> list[Delivery]:
    """What may be tried now: of each alert the oldest that is left; P0 before anything else, however long that waits."""
    before = aliased(DeliveryRow)
    waits = (
        select(before.id)
        .where(before.about == DeliveryRow.about, before.channel == DeliveryRow.channel)
        .where(before.until.is_not(None), before.done_at.is_(None), before.created_at < DeliveryRow.created_at)
        .exists()
    )
    query = (
        select(DeliveryRow)
        .where(DeliveryRow.channel == channel, is_due(DeliveryRow.until, now, LONGEST), ~waits)
        .order_by(case((DeliveryRow.content["severity"].as_string() == Severity.P0.value, 0), else_=1), DeliveryRow.created_at)
        .limit(AT_ONCE)
    )
    with reading(engine) as session:
        return [Delivery(**{name: getattr(row, name) for name in _NAMES}) for row in session.scalars(query)]


def _claim(engine: Engine, each: Delivery) -> bool:
    """Take it for as long as a try may last; False if another bot was faster."""
    now = datetime.now(UTC)
    taken = update(DeliveryRow).where(DeliveryRow.id == each.id, DeliveryRow.attempts == each.attempts)
    taken = taken.where(is_due(DeliveryRow.until, now, LONGEST))
    with Session(engine) as session, session.begin():
        done: Any = session.execute(taken.values(until=now + LEASE, attempts=DeliveryRow.attempts + 1))
        return bool(done.rowcount == 1)


def _try(engine: Engine, settings: Settings, each: Delivery) -> Exception | None:
    """One try, and what came of it: what kept it from leaving."""
    now, rest = datetime.now(UTC), RESTS[min(each.attempts, len(RESTS) - 1)]
    over = now + rest > each.created_at + TRIED_FOR
    try:
        content = SENDERS[each.channel](settings, each)
    except Exception as error:  # noqa: BLE001  # whatever keeps an alert from leaving, the other channels must hear of it
        why = _why(error)
        log.warning("%s did not take %s: %s%s", each.channel, each.id, why, "; given up" if over else "")
        _note(engine, each, error=why[:500], until=None if over else now + rest)
        return error
    until = now + rest if content.get("left") and not over else None
    _note(engine, each, content=dict(content), error=None, until=until, done_at=func.coalesce(DeliveryRow.done_at, now))
    return None


def _why(error: Exception) -> str:
    """What kept it from leaving, in words that show no secret; a defect has its traceback in the log."""
    if isinstance(error, OpsError):
        return error.message
    log.error("defect: what should leave could not be sent", exc_info=error)
    return f"Backstop itself could not send it ({type(error).__name__}): the log of the bot has more."


def _note(engine: Engine, each: Delivery, **values: Any) -> None:
    """Remember what came of it, unless it took so long that another bot has tried it since."""
    with Session(engine) as session, session.begin():
        ours = update(DeliveryRow).where(DeliveryRow.id == each.id, DeliveryRow.attempts == each.attempts + 1)
        session.execute(ours.values(values))


def undelivered(engine: Engine) -> list[Undelivered]:
    """The channels that did not take something several times, and what that is."""
    query = select(DeliveryRow).where(DeliveryRow.until.is_not(None), DeliveryRow.attempts >= FAILING, DeliveryRow.error.is_not(None))
    query = query.where(DeliveryRow.done_at.is_(None))
    with reading(engine) as session:
        rows = session.scalars(query.where(DeliveryRow.channel != PING).order_by(DeliveryRow.created_at)).all()
        return [_of_channel(name, [row for row in rows if row.channel == name]) for name in dict.fromkeys(row.channel for row in rows)]


def _of_channel(channel: str, rows: list[DeliveryRow]) -> Undelivered:
    """One channel. Pure."""
    titles = tuple(dict.fromkeys(f"{row.content['severity']}: {row.content['title']}" for row in rows))
    return Undelivered(channel=channel, error=rows[-1].error or "", since=rows[0].created_at, titles=titles)


def unreached(engine: Engine, addresses: Sequence[str], since: datetime) -> list[Unreached]:
    """Which of these addresses did not take the last mail that was tried for them."""
    row = DeliveryRow
    query = select(row.created_at, row.attempts, row.content).where(row.channel == MAIL, row.done_at.is_not(None), row.created_at > since)
    last: dict[str, Unreached | None] = {}
    with reading(engine) as session:
        for at, attempts, content in session.execute(query.order_by(row.created_at)):
            final = attempts >= FAILING or not content.get("left")
            last |= dict.fromkeys(content.get("took", ()))
            last |= {
                each: Unreached(address=each, code=code, since=at)
                for each, code in content.get("refused", {}).items()
                if final or code >= FOR_GOOD
            }
    return [found for each in addresses if (found := last.get(each)) is not None]


def taken_since(engine: Engine, channel: str, since: datetime) -> datetime | None:
    """When a channel last took something, if that was after this moment."""
    query = select(DeliveryRow.done_at).where(DeliveryRow.channel == channel, DeliveryRow.done_at > since)
    with reading(engine) as session:
        return session.scalar(query.order_by(DeliveryRow.done_at.desc()).limit(1))


def told(engine: Engine, about: str) -> dict[str, datetime]:
    """Which channels took the news of an alert, and when first."""
    query = select(DeliveryRow.channel, DeliveryRow.done_at).where(DeliveryRow.about == about, DeliveryRow.done_at.is_not(None))
    with reading(engine) as session:
        return {str(row.channel): row.done_at for row in reversed(session.execute(query.order_by(DeliveryRow.done_at)).all())}
