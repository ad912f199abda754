"""The production that Backstop watches over here: a git remote, a Convex deployment with rows, and ways to break them."""

from sandbox.world.breaking import Breaking
from sandbox.world.routes import Around, Routes
from sandbox.world.world import World

__all__ = ["Around", "Breaking", "Routes", "World"]
