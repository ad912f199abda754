"""Git: what the remote has, the tags that hold our commits there, and reading in a bare clone of our own."""

from ops.services.git.branches import Branches, Merged
from ops.services.git.moving import Moved, NoSuchRef, PushRefused, TagTaken
from ops.services.git.objects import Commit
from ops.services.git.repository import AnchorTaken, NoSuchBranch
from ops.services.git.trouble import Broken, GitFailed
from ops.services.git.worktrees import Worktree, Worktrees

__all__ = [
    "AnchorTaken",
    "Broken",
    "Commit",
    "Git",
    "GitFailed",
    "Merged",
    "Moved",
    "NoSuchBranch",
    "NoSuchRef",
    "PushRefused",
    "TagTaken",
    "Worktree",
]


class Git(Worktrees, Branches):
    """The app's repository: all that can be asked of it, and done to it."""
