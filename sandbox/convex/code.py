"""The code of an app: what a push brings, and what a deployment runs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Source = dict[str, Any]
"""A module on the wire: path, source, sourceMap, environment."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What was pushed last."""

    modules: Mapping[str, str] = field(default_factory=dict)
    """The source of each module by its path, such as ``messages.js``."""
    schema: dict[str, Any] | None = None
    """As ``export()`` of the app's schema gives it."""
    functions: tuple[str, ...] = ()
    """Such as ``messages.js:list``."""
    message: str | None = None
    """What ``deploy --message`` said."""
    at: float = 0.0
    """Seconds since 1970; 0 when nothing was pushed."""
    pushes: int = 0
    """How many pushes were finished, dry runs apart."""

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Deployed:
        """What ``describe`` wrote."""
        modules = {path: module["source"] for path, module in kept["modules"].items()}
        functions = tuple(f"{path}:{it['name']}" for path, module in kept["functions"].items() for it in module["functions"])
        told = {name: kept[name] for name in ("schema", "message", "at", "pushes")}
        return cls(modules=modules, functions=functions, **told)


def digest(module: Source) -> str:
    """How the CLI tells whether a module changed."""
    return hashlib.sha256(module["source"].encode() + (module.get("sourceMap") or "").encode()).hexdigest()
