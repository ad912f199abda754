"""Tell people that a channel cannot be posted to: whoever asked for what belongs there, and somebody who can mend it.

Each hears it once, as a direct message that is a row like any other post; again in another month, if it is so then.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bot.posts import Posts
from bot.views import errors
from ops.journal import Journal
from ops.settings import Roles


class Complaints:
    """The way from a post that has no place to a person who can help."""

    def __init__(self, journal: Journal, posts: Posts, roles: Roles) -> None:
        self._journal, self._posts = journal, posts
        self._admin = admin(roles)

    async def __call__(self, key: str, channel: str, code: str) -> None:
        """Tell them."""
        await asyncio.to_thread(self._tell, key, channel, code)

    def _tell(self, key: str, channel: str, code: str) -> None:
        """A row for each."""
        view = self._journal.get(key)
        for person in dict.fromkeys((self._admin, view.requested_by if view else None)):
            if person is not None and person.startswith(("U", "W")):
                named = f"unplaced-{channel}-{code}-{person}-{datetime.now(UTC):%Y-%m}"
                self._posts.say(named, person, errors.unplaced(channel, code))


def admin(roles: Roles) -> str | None:
    """Somebody who can mend it: a person of those who run things, else of those who lead. Pure."""
    people = (person for role in (roles.devops, roles.cto, roles.eng_lead) for person in sorted(role) if not person.startswith("S"))
    return next(people, None)
