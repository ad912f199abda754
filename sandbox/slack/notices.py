"""What Slack itself tells a person: that a command failed, that there was trouble connecting."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.slack import ids

MOST = 20  # of one person, the oldest go first


class Notices:
    """Each person's, oldest first."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._by_user: dict[str, list[dict[str, str]]] = {}

    def add(self, user: str, text: str) -> None:
        """Tell somebody."""
        notices = self._by_user.setdefault(user, [])
        notices.append({"id": ids.new("N0"), "text": text})
        del notices[:-MOST]
        self._changed()

    def of(self, user: str) -> list[dict[str, str]]:
        """What somebody was told and has not put away."""
        return list(self._by_user.get(user, []))

    def dismiss(self, user: str, notice: str) -> None:
        """Put one away."""
        self._by_user[user] = [each for each in self.of(user) if each["id"] != notice]
        self._changed()
