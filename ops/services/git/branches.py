"""Branches of the remote that were merged long ago: which there are, and taking one away when somebody asks for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from ops.errors import Refused
from ops.services.git import names, objects
from ops.services.git.moving import Moving, PushRefused
from ops.services.git.trouble import Trouble, explain, trouble, words


@dataclass(frozen=True, kw_only=True)
class Merged:
    """A branch with commits of its own, which a merge brought into another one."""

    name: str
    tip: str
    at: datetime  # when it was merged
    author: str  # of its last commit


class Branches(Moving):
    """The app's repository, and its old branches."""

    def merged(self, into: str, before: datetime, keep: Collection[str], *, stop: Event | None = None) -> list[Merged]:
        """The branches that were merged into another one before that moment, the oldest first.

        What was squashed or rebased on its way there has other commits, and a branch whose last commit is on the other one's main line
        may have been made a moment ago: neither is among them.

        Args:
            into: the branch that has their commits.
            before: aware.
            keep: branches that are never listed.
            stop: ends the look.
        """
        head = self.head(into, stop=stop).hash
        self.fetch(stop=stop)
        tips = self._in_clone(lambda: self._listed(f"{names.HEADS}*", stop), stop)
        found = [
            each
            for ref, tip in tips.items()
            if (name := ref.removeprefix(names.HEADS)) not in {into, *keep} and (each := self._merged(name, tip, head, stop)) is not None
        ]
        return sorted((each for each in found if each.at < before), key=lambda each: each.at)

    def _merged(self, name: str, tip: str, into: str, stop: Event | None) -> Merged | None:
        """One branch; None if it has something that the other has not, or nothing of its own."""
        at = self._read(lambda: objects.merged_at(self.clone.path, tip, into), (tip, into), stop)
        if at is None:
            return None
        last = self._read(lambda: objects.commit(self.clone.path, tip), (tip,), stop)
        return Merged(name=name, tip=tip, at=at, author=last.author)

    def drop(self, name: str, tip: str, into: str, *, stop: Event | None = None) -> bool:
        """Take a merged branch away at the remote, if it is still where it was; its commits stay in the other one.

        Returns:
            Whether it was still there.

        Raises:
            Refused: it moved, or has something by now that the other branch has not.
            PushRefused: the remote did not take it.
        """
        there = self.remote_head(name, stop=stop)
        if not there:
            return False
        if there != tip:
            raise Refused(f"The branch {names.shown(name)} moved since it was listed; it was left alone.", "Look at it first.")
        if not self.is_ancestor(tip, self.head(into, stop=stop).hash, stop=stop):
            raise Refused(f"The branch {names.shown(name)} has commits that {into} has not; it was left alone.", "Merge it first.")
        lease = f"--force-with-lease={names.HEADS}{name}:{tip}"
        pushed = self.program.attempt("push", lease, "origin", f":{names.HEADS}{name}", stop=stop)
        if pushed.code and self.remote_head(name, stop=stop):
            raise self._refused(pushed.err, name)
        return not pushed.code

    def _refused(self, said: str, name: str) -> PushRefused:
        """Why the remote kept a branch."""
        kept = f"The branch {names.shown(name)} is there as before."
        if trouble(said) is Trouble.REFUSED:
            message = f"The repository did not let the branch go: {words(said, Trouble.REFUSED)}. {kept}"
            return PushRefused(message, "Delete it there, or let the account of Backstop delete branches (branch protection, hooks).")
        failed = explain(said, self.address.url)
        return PushRefused(f"{failed.message} {kept}", failed.remedy)
