"""Convex: which deployment is meant, what it calls itself, and what the real CLI does with it."""

from ops.services.convex.convex import Convex
from ops.services.convex.export import Exported
from ops.services.convex.imports import Imported, Misfit, Undecided
from ops.services.convex.in_between import in_between
from ops.services.convex.pausing import MayNotPause
from ops.services.convex.rejections import SchemaRefused
from ops.services.convex.server import Patience
from ops.services.convex.target import WrongTarget
from ops.services.convex.trouble import ConvexFailed, Unreachable

__all__ = [
    "Convex",
    "ConvexFailed",
    "Exported",
    "Imported",
    "MayNotPause",
    "Misfit",
    "Patience",
    "SchemaRefused",
    "Undecided",
    "Unreachable",
    "WrongTarget",
    "in_between",
]
