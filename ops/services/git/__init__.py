"""Git: what the remote has, the tags that hold our commits there, and reading in a bare clone of our own."""

from ops.services.git.objects import Commit
from ops.services.git.repository import AnchorTaken, Git, NoSuchBranch
from ops.services.git.trouble import Broken, GitFailed

__all__ = ["AnchorTaken", "Broken", "Commit", "Git", "GitFailed", "NoSuchBranch"]
