"""Everything around the bot but Slack, in one folder that outlives the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from sandbox.world import history
from sandbox.world.production import Production
from sandbox.world.repository import Repository


class World:
    """The remote and the deployment.

    Args:
        folder: where all of it lies.
    """

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder / "git")
        self.production = Production(folder / "convex")

    def start(self) -> Self:
        """Make what is missing, and serve."""
        if not self.repository.is_made:
            history.write(self.repository)
        self.production.seed()
        self.production.convex.start()
        return self

    def stop(self) -> None:
        """Stop serving; everything stays."""
        self.production.convex.stop()
