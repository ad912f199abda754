"""What the operations work with: opened once, handed to each."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from ops.catalogue import Catalogue
from ops.services.convex import Convex
from ops.services.git import Git
from ops.services.vercel import Vercel
from ops.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Services:
    """The outside systems and our own shelves."""

    settings: Settings
    engine: Engine
    catalogue: Catalogue
    git: Git
    convex: Convex
    vercel: Vercel

    def target(self, environment: str) -> str:
        """An environment and its deployment as every card names them: "production · sturgeon"."""
        deployment = self.settings.convex.deployment(environment)
        return f"{environment} · {deployment.name}" if deployment else environment
