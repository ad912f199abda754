"""A Convex deployment on this machine: the real CLI exports from it, imports into it and deploys to it."""

from sandbox.convex.provision import ProvisionServer
from sandbox.convex.server import ConvexServer

__all__ = ["ConvexServer", "ProvisionServer"]
