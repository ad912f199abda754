"""Move a branch of the remote: forwards for a deploy, back for a rollback, and never over what somebody else has pushed meanwhile.

Every push carries a lease: the commit that the plan saw there. What the remote refuses has surely changed nothing, and is told
with the remote's own words; when the connection broke we look what is there before we say how it stands.
"""

from __future__ import annotations

import re
from threading import Event

from ops.errors import Refused, Unchanged
from ops.services.git import names, objects
from ops.services.git.objects import Commit
from ops.services.git.repository import Repository
from ops.services.git.trouble import Trouble, explain, trouble, words

_NOT_ATOMIC = re.compile(r"does not support --atomic")


class NoSuchRef(Refused):
    """Nothing at the remote is called so."""


class TagTaken(Refused):
    """The tag names another commit already."""


class PushRefused(Unchanged):
    """The remote did not take the push; it is as it was."""


class Moved(Unchanged):
    """The branch is no longer where it was expected; it was left alone."""


class Moving(Repository):
    """The app's repository, and what a deploy and a rollback do to it."""

    def resolve(self, ref: str, *, stop: Event | None = None) -> Commit:
        """The commit that a branch, a tag or a hash (seven digits at least) names, as the remote has it now.

        Raises:
            NoSuchRef: with the branches there are.
        """
        if not names.is_ref(ref):
            raise NoSuchRef(f"“{names.shown(ref)}” cannot be a branch, a tag or a commit.", "Name one, without spaces: `/deploy main`.")
        return self._branch_or_tag(ref, stop) or self._by_hash(ref, stop)

    def is_ancestor(self, old: str, new: str, *, stop: Event | None = None) -> bool:
        """Whether the new commit has the old one in its history, or is it."""
        return self._read(lambda: objects.is_ancestor(self.clone.path, old, new), (old, new), stop)

    def authors(self, old: str, new: str, *, stop: Event | None = None) -> list[tuple[str, int]]:
        """Who wrote the commits that the new one has and the old one has not, most first."""
        return self._read(lambda: objects.authors(self.clone.path, old, new), (old, new), stop)

    def uses(self, commit: str, pattern: str, folder: str = ".", *, stop: Event | None = None) -> list[str]:
        """What an extended regular expression finds in a commit's text files, each once."""
        return self._read(lambda: objects.uses(self.clone.path, commit, pattern, folder), (commit,), stop)

    def schema(self, commit: str, folder: str = ".", *, stop: Event | None = None) -> bytes | None:
        """The Convex schema's file in a commit, or None where it has none."""
        return self._read(lambda: objects.schema(self.clone.path, commit, folder), (commit,), stop)

    def functions_folder(self, commit: str, folder: str = ".", *, stop: Event | None = None) -> str:
        """Where the Convex functions lie in a commit."""
        return self._read(lambda: objects.functions_folder(self.clone.path, commit, folder), (commit,), stop)

    def manifests(self, commit: str, names_: tuple[str, ...], *, stop: Event | None = None) -> str:
        """What git says of every file of these names in a commit."""
        return self._read(lambda: objects.manifests(self.clone.path, commit, names_), (commit,), stop)

    def remote_head(self, branch: str, *, stop: Event | None = None) -> str:
        """The commit that a branch is at now, by a look that fetches nothing; "" where there is no such branch."""
        return self._in_clone(lambda: self._listed(f"{names.HEADS}{branch}", stop), stop).get(f"{names.HEADS}{branch}", "")

    def tag_of(self, version: str, *, stop: Event | None = None) -> str | None:
        """The commit that a version names at the remote, or None if it is free.

        Raises:
            NoSuchRef: it cannot be a tag.
        """
        ref = _version(version)
        return self._in_clone(lambda: self._listed(f"{ref}*", stop), stop).get(ref)

    def commit_of_anchor(self, backup_id: str, commit: str, *, stop: Event | None = None) -> None:
        """Have a backup's commit here, from its tag if no branch has it any more.

        Raises:
            GitFailed: the remote no longer has it.
        """
        self._in_clone(lambda: self._from_anchor(backup_id, commit, stop), stop)

    def advance(self, branch: str, commit: str, *, expected: str, version: str = "", stop: Event | None = None) -> None:
        """Move a branch forward to a commit, and tag the version with it, both or neither; no-op when it is done.

        Raises:
            Moved, PushRefused, TagTaken: nothing was changed.
        """
        self._require_forward(branch, commit, expected, stop)
        tags = [f"{commit}:{_version(version)}"] if version and self._tag_is_free(version, commit, stop) else []
        self._move(branch, commit, expected, tags, stop)

    def force(self, branch: str, commit: str, *, expected: str, stop: Event | None = None) -> None:
        """Move a branch to a commit wherever that lies; no-op when it is there.

        Raises:
            Moved, PushRefused: nothing was changed.
        """
        self._move(branch, commit, expected, [], stop)

    # -- looking ----------------------------------------------------------------------------------------------------------

    def _branch_or_tag(self, ref: str, stop: Event | None) -> Commit | None:
        """What the remote calls so."""
        listed = self._in_clone(lambda: self._listed(f"refs/*/{ref}*", stop), stop)
        found = listed.get(f"{names.HEADS}{ref}") or listed.get(f"refs/tags/{ref}")
        return self._read(lambda: objects.commit(self.clone.path, found), (found,), stop) if found else None

    def _by_hash(self, ref: str, stop: Event | None) -> Commit:
        """The one commit whose hash begins so."""
        if not names.is_abbreviation(ref):
            raise NoSuchRef(f"There is no branch or tag “{names.shown(ref)}” at {self.address.url}.", self._branches_there(stop))
        if len(ref) == 40:
            return self._read(lambda: objects.commit(self.clone.path, ref), (ref,), stop)
        self.fetch(stop=stop)
        found = self._in_clone(lambda: objects.candidates(self.clone.path, ref), stop)
        if len(found) > 1:
            raise NoSuchRef(f"{len(found)} commits begin with {ref}: {', '.join(each[:12] for each in found[:3])}.", "Name it in full.")
        if not found:
            raise NoSuchRef(f"No commit at {self.address.url} begins with {ref}.", self._branches_there(stop))
        return self._read(lambda: objects.commit(self.clone.path, found[0]), (found[0],), stop)

    def _branches_there(self, stop: Event | None) -> str:
        """What else could be named."""
        there = self.branches(stop=stop)
        return f"Its branches: {', '.join(there[:10])}{f' and {len(there) - 10} more' if len(there) > 10 else ''}."

    def _from_anchor(self, backup_id: str, commit: str, stop: Event | None) -> None:
        """Fetch the tag by its name first: the commit behind it may be on no branch."""
        names.require_hash(commit)
        if not objects.missing(self.clone.path, (commit,)):
            return
        tag = names.tag(backup_id)
        with self.clone.held(stop):
            self._bring(("origin", f"+{tag}:{tag}"), stop)
        self._need((commit,), stop)

    # -- moving -----------------------------------------------------------------------------------------------------------

    def _require_forward(self, branch: str, commit: str, expected: str, stop: Event | None) -> None:
        """Refuse to take away what is live, whatever the server would allow."""
        if not self.is_ancestor(expected, commit, stop=stop):
            raise PushRefused(
                f"{commit[:6]} is no fast-forward of {branch}: it lacks what {expected[:6]} has; nothing was pushed.",
                f"Merge {branch} into it first.",
            )

    def _tag_is_free(self, version: str, commit: str, stop: Event | None) -> bool:
        """Whether the tag is still to be made; one at another commit is never moved."""
        there = self.tag_of(version, stop=stop)
        if there not in {None, commit}:
            raise TagTaken(
                f"The version {version} is taken: it names commit {str(there)[:6]}.", "A version never moves. Choose the next one."
            )
        return there is None

    def _move(self, branch: str, commit: str, expected: str, more: list[str], stop: Event | None) -> None:
        """Push with a lease; what was done already is not done again."""
        there = self.remote_head(branch, stop=stop)
        if there == commit and not more:
            return
        if there not in {expected, commit}:
            raise self._moved(branch, expected, there, stop)
        self._in_clone(lambda: self._need((commit,), stop), stop)
        lease = f"--force-with-lease={names.HEADS}{branch}:{there}"
        refs = [*more, *([f"{commit}:{names.HEADS}{branch}"] if there != commit else [])]
        pushed = self.program.attempt("push", "--atomic", lease, "origin", *refs, stop=stop)
        if pushed.code and _NOT_ATOMIC.search(pushed.err):
            pushed = self.program.attempt("push", lease, "origin", *refs, stop=stop)  # the tag first, then the branch
        if pushed.code:
            self._explain(branch, commit, expected, pushed.err, stop)

    def _explain(self, branch: str, commit: str, expected: str, stderr: str, stop: Event | None) -> None:
        """What a failed push means; whether the branch moved all the same is looked up, never guessed."""
        there = self.remote_head(branch, stop=stop)
        if there == commit:
            return
        if there != expected:
            raise self._moved(branch, expected, there, stop)
        if trouble(stderr) is Trouble.REFUSED:
            raise PushRefused(
                f"{self.address.url} did not take the push of {branch}: {words(stderr, Trouble.REFUSED)}. It is at {there[:6]} as before.",
                f"Allow the account that Backstop uses to push to {branch} there, for a rollback also by force (branch protection, hooks).",
            )
        failed = explain(stderr, self.address.url)
        raise PushRefused(f"{failed.message} {branch} is at {there[:6]} as before.", failed.remedy)

    def _moved(self, branch: str, expected: str, there: str, stop: Event | None) -> Moved:
        """Who is there now."""
        if not there:
            return Moved(f"The branch {branch} is gone from {self.address.url}; nothing was pushed.", "Look who removed it.")
        found = self._read(lambda: objects.commit(self.clone.path, there), (there,), stop)
        return Moved(
            f"{branch} moved from {expected[:6]} to {there[:6]} (“{found.message[:60]}” by {found.author}) meanwhile; nothing was pushed.",
            "Look at that commit, then plan again.",
        )


def _version(version: str) -> str:
    """The tag of a version.

    Raises:
        NoSuchRef: it cannot be one.
    """
    if not names.is_ref(version) or version.startswith("backstop/"):
        raise NoSuchRef(f"“{names.shown(version)}” cannot be a version: it names a tag.", "Use letters, digits, dots and dashes: `v2.4.0`.")
    return f"refs/tags/{version}"
