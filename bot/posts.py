"""Messages in channels are rows: what a channel should show is written down first, then shown, however often Slack is away.

``until`` says when a row is to be looked at: as a lease while somebody has claimed it, as the next try otherwise, and NULL
once what is shown is what is wanted. A claim that ran out without a ``ts`` may have posted: whoever takes it looks first.
Two bots, or a terminal beside a bot, therefore make one message of a key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, Update, case, func, or_, select, update
from sqlalchemy.orm import aliased

from bot.upsert import insert_into
from ops.database import PostRow, db_now, is_due, reading
from ops.journal.runners import Runner
from ops.schedules import APART

LEASE = timedelta(seconds=45)  # longer than any one call of Slack takes
AT_ONCE = 20  # rows of a channel a round
LONGEST = timedelta(hours=1)  # that a row waits for; it is minutes at most


@dataclass(frozen=True, kw_only=True)
class Post:
    """A row that is due, as a poster needs it."""

    key: str
    channel: str
    ts: str | None  # of the message, once it is there
    wanted: dict[str, Any]
    shown: str | None  # the digest of what the message says now
    attempts: int
    thread_of: str | None
    thread_ts: str | None  # of its parent
    claimed_by: str | None

    @property
    def waits_for_parent(self) -> bool:
        """A reply cannot come before what it replies to."""
        return self.thread_of is not None and self.thread_ts is None

    @property
    def perhaps_posted(self) -> bool:
        """Whether somebody claimed it and was not heard of again."""
        return self.claimed_by is not None and self.ts is None

    @property
    def is_shown(self) -> bool:
        """Whether the message says already what is wanted."""
        return self.ts is not None and self.shown == digest(self.wanted)


@dataclass(frozen=True, kw_only=True)
class Unposted:
    """What should stand in Slack, and does not."""

    since: datetime
    text: str
    channel: str  # as the settings call it
    error: str  # of the last try; empty where there was none


class Posts:
    """The table. Safe from any thread; times are the database's."""

    def __init__(
        self, engine: Engine, runner: Runner, woken: Callable[[], None] = lambda: None, places: Mapping[str, str] | None = None
    ) -> None:
        """``places``: the channels of the settings by what they are for, the one for all else first."""
        self._engine, self._places = engine, places or {}
        self._runner = runner
        self._woken = woken

    def say(self, key: str, channel: str, message: Mapping[str, Any], *, thread_of: str | None = None) -> None:
        """Want this message in that channel; the same key again brings it up to date where it is."""
        wanted = json.loads(json.dumps(message))
        with self._engine.begin() as connection:
            if connection.scalar(select(PostRow.wanted).where(PostRow.key == key)) == wanted:
                return
            place = next((place for place, named in self._places.items() if named == channel), None)
            _want(connection, {"key": key, "channel": channel, "place": place, "wanted": wanted, "thread_of": thread_of})
        self._woken()

    def due(self) -> list[Post]:
        """The rows to be looked at now, oldest first: so many of each channel, as one that takes nothing must not hold up the others."""
        with reading(self._engine) as session:
            now = _now(session.connection())
            if session.scalar(select(PostRow.key).where(is_due(PostRow.until, now, LONGEST)).limit(1)) is None:
                return []  # as nearly always: a short question, asked every few seconds
            return [_post(row) for row in session.execute(_oldest(now))]

    def claim(self, post: Post) -> bool:
        """Take a row for as long as a call may last; False if somebody else was faster."""
        with self._engine.begin() as connection:
            now = _now(connection)
            free = update(PostRow).where(PostRow.key == post.key, is_due(PostRow.until, now, LONGEST))
            return connection.execute(free.values(claimed_by=self._runner.name, until=now + LEASE)).rowcount == 1

    def posted(self, post: Post, ts: str, channel: str) -> None:
        """It stands there; kept at once, so that nobody posts it again."""
        self._change(post, ts=ts, channel=channel)

    def shown(self, post: Post) -> None:
        """What was wanted is shown; if more was wanted meanwhile, the row stays due."""
        with self._engine.begin() as connection:
            held = connection.scalar(select(PostRow.wanted).where(PostRow.key == post.key).with_for_update())
            until = None if held == post.wanted else _now(connection)
            done = {"shown": digest(post.wanted), "claimed_by": None, "until": until, "attempts": 0, "error": None}
            connection.execute(self._mine(post).values(done))

    def gone(self, post: Post) -> None:
        """Somebody deleted the message: it is to be posted anew."""
        self._later(post, 0, ts=None, shown=None, claimed_by=None)

    def later(self, post: Post, wait: float, error: str, *, perhaps_posted: bool = False) -> None:
        """Try again after so many seconds; the claim stays on it if the message may be there already."""
        free = {} if perhaps_posted else {"claimed_by": None}
        self._later(post, wait, attempts=post.attempts + 1, error=error[:500], **free)

    def given_up(self, post: Post, error: str) -> None:
        """Slack will never take this one; the row waits until something else is wanted."""
        self._change(post, claimed_by=None, until=None, error=error[:500])

    def take_from_the_dead(self) -> None:
        """At start: what a process had claimed that is proven dead is due at once."""
        with self._engine.begin() as connection:
            claimants = connection.scalars(select(PostRow.claimed_by).where(PostRow.claimed_by.is_not(None)).distinct())
            dead = self._runner.dead(claimants)
            connection.execute(update(PostRow).where(PostRow.claimed_by.in_(dead)).values(until=_now(connection)))

    def move(self) -> int:
        """What waits for a channel that the settings call otherwise now goes to that one; how many."""
        stray = update(PostRow).where(PostRow.ts.is_(None), PostRow.until.is_not(None))
        with self._engine.begin() as connection:
            there = {"until": _now(connection), "claimed_by": None, "error": None}
            ours = [
                stray.where(PostRow.place == place, PostRow.channel != named).values(channel=named, **there)
                for place, named in self._places.items()
            ]
            return sum(int(connection.execute(each).rowcount) for each in (*ours, self._of_old(stray).values(**there)))

    def _of_old(self, stray: Update) -> Update:
        """Of rows from before they knew what they are for: what Slack has refused goes to the first place."""
        named = list(self._places.values())
        refused = stray.where(PostRow.place.is_(None), PostRow.error.is_not(None), PostRow.channel.not_in(named))
        return refused.where(or_(*(PostRow.channel.startswith(sort) for sort in "#CG"))).values(channel=named[0])

    def backlog(self) -> int:
        """How many rows wait."""
        with reading(self._engine) as session:
            return int(session.scalar(select(func.count()).select_from(PostRow).where(PostRow.until.is_not(None))) or 0)

    def wanted_at(self, key: str) -> datetime | None:
        """When the message under this key was last wanted otherwise; None if it never was wanted."""
        with reading(self._engine) as session:
            return session.scalar(select(PostRow.wanted_at).where(PostRow.key == key))

    def wanted(self, key: str) -> Mapping[str, Any] | None:
        """What the message under this key says, or is to say."""
        with reading(self._engine) as session:
            return session.scalar(select(PostRow.wanted).where(PostRow.key == key))

    def last_wanted(self) -> datetime | None:
        """When anything was last said, by whatever bot whose clock was not ahead; None before the first word."""
        with reading(self._engine) as session:
            return session.scalar(select(func.max(PostRow.wanted_at)).where(PostRow.wanted_at <= datetime.now(UTC) + APART))

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin so."""
        with reading(self._engine) as session:
            return list(session.scalars(select(PostRow.key).where(PostRow.key.startswith(prefix, autoescape=True))))

    def unposted(self, prefix: str, before: datetime, without: Sequence[str] = ()) -> list[Unposted]:
        """What should stand in Slack since before then and does not, the oldest first; ``without``: keys that begin so do not count."""
        row = PostRow
        waiting = select(row.wanted_at, row.wanted, row.channel, row.error).where(row.key.startswith(prefix, autoescape=True))
        waiting = waiting.where(row.ts.is_(None), row.until.is_not(None), row.thread_of.is_(None), row.wanted_at < before)
        waiting = waiting.where(*(~row.key.startswith(each, autoescape=True) for each in without))
        with reading(self._engine) as session:
            found = session.execute(waiting.order_by(row.wanted_at))
            return [Unposted(since=at, text=str(says["text"]), channel=channel, error=error or "") for at, says, channel, error in found]

    def _mine(self, post: Post) -> Any:
        """An update of a row that this process has claimed."""
        return update(PostRow).where(PostRow.key == post.key, PostRow.claimed_by == self._runner.name)

    def _change(self, post: Post, **values: Any) -> None:
        """Change a row that is ours."""
        with self._engine.begin() as connection:
            connection.execute(self._mine(post).values(values))

    def _later(self, post: Post, wait: float, **values: Any) -> None:
        """Change a row that is ours, and let it be due again after so many seconds."""
        with self._engine.begin() as connection:
            connection.execute(self._mine(post).values(until=_now(connection) + timedelta(seconds=wait), **values))


def digest(message: Mapping[str, Any]) -> str:
    """A message in a few characters."""
    return hashlib.sha256(json.dumps(message, sort_keys=True).encode()).hexdigest()[:16]


def _want(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert the row, or change what it wants. An unposted one keeps its place in the order; a claim or a rest keeps its time."""
    now = _now(connection)
    fresh = insert_into(connection, PostRow).values(**row, wanted_at=now, until=now, attempts=0)
    changed = {
        "wanted": fresh.excluded.wanted,
        "wanted_at": case((PostRow.ts.is_(None), PostRow.wanted_at), else_=fresh.excluded.wanted_at),
        "until": func.coalesce(PostRow.until, fresh.excluded.until),
    }
    connection.execute(fresh.on_conflict_do_update(index_elements=[PostRow.key], set_=changed))


def _oldest(now: datetime) -> Select[Any]:
    """Of each channel the oldest rows that are due; a reply is not before what it replies to is there, or due too."""
    parent, order = aliased(PostRow), (PostRow.wanted_at, PostRow.key)
    names = [getattr(PostRow, name) for name in Post.__dataclass_fields__ if name != "thread_ts"]
    turn = func.row_number().over(partition_by=PostRow.channel, order_by=order).label("turn")
    rows = select(*names, parent.ts.label("thread_ts"), PostRow.wanted_at, turn).outerjoin(parent, parent.key == PostRow.thread_of)
    replies = or_(PostRow.thread_of.is_(None), parent.ts.is_not(None), is_due(parent.until, now, LONGEST))
    ranked = rows.where(is_due(PostRow.until, now, LONGEST), replies).subquery()
    wanted = [ranked.c[name] for name in Post.__dataclass_fields__]
    return select(*wanted).where(ranked.c.turn <= AT_ONCE).order_by(ranked.c.wanted_at, ranked.c.key)


def _post(row: Row[*tuple[Any, ...]]) -> Post:
    """A row as a value."""
    return Post(**row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it


def _now(connection: Connection) -> datetime:
    """The database's clock."""
    return datetime.fromtimestamp(connection.scalar(select(db_now())) or 0.0, UTC)
