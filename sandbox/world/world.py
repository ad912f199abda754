"""Everything around the bot but Slack, in one folder that outlives the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from sandbox.now import Now
from sandbox.vercel import VercelServer
from sandbox.world import history
from sandbox.world.production import Production
from sandbox.world.repository import PRODUCTION, Repository
from sandbox.world.staging import Staging

BUILD = 8.0
"""Seconds that a build of the site takes, so that it can be watched."""


class World:
    """The remote, the deployments and the site.

    Args:
        folder: where all of it lies.
        now: its clock; this machine's unless it is said.
        staging: whether there is a deployment to restore to for a try.
    """

    def __init__(self, folder: Path, now: Now | None = None, *, staging: bool = False) -> None:
        self.repository = Repository(folder / "git", now)
        self.production = Production(folder / "convex", now=now)
        self.staging = Staging(folder / "staging", now) if staging else None
        self.vercel = VercelServer(self.repository.remote, folder / "vercel", branch=PRODUCTION, build=BUILD, now=now)

    def start(self) -> Self:
        """Make what is missing, and serve."""
        if not self.repository.is_made:
            history.write(self.repository)
        self.production.seed()
        self.production.convex.start()
        if self.staging:
            self.staging.seed()
            self.staging.convex.start()
        self.vercel.start()
        return self

    def stop(self) -> None:
        """Stop serving; everything stays."""
        self.vercel.stop()
        if self.staging:
            self.staging.convex.stop()
        self.production.convex.stop()
