"""Convex: which deployment is meant, what it calls itself, and an export of it by the real CLI."""

from ops.services.convex.convex import Convex
from ops.services.convex.export import Exported
from ops.services.convex.server import Patience
from ops.services.convex.target import WrongTarget
from ops.services.convex.trouble import ConvexFailed, Unreachable

__all__ = ["Convex", "ConvexFailed", "Exported", "Patience", "Unreachable", "WrongTarget"]
