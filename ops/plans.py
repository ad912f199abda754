"""A plan: what will be done, bound by a digest, so that what somebody signed is what happens (X3). Pure.

``bound`` is gathered again at the start and compared; ``shown`` is what people read before they decide, hashed with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.words import one_line

_HASHES = frozenset({"head", "commit"})


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be done."""

    kind: str
    environment: str
    bound: Mapping[str, Any]
    shown: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of all of it in canonical JSON, as 64 hex digits."""
        whole = {"kind": self.kind, "environment": self.environment, "bound": self.bound, "shown": self.shown}
        return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()

    @property
    def short(self) -> str:
        """As cards show it."""
        return self.digest[:8]


def moved(planned: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What is no longer as it was planned, each in a clause."""
    return [
        _clause(name, planned.get(name), found.get(name)) for name in sorted({*planned, *found}) if planned.get(name) != found.get(name)
    ]


def _clause(name: str, old: Any, new: Any) -> str:
    """One thing that moved."""
    if name == "head":
        return f"production moved from `{str(old)[:6]}` to `{str(new)[:6]}`"
    if name == "backup":
        return f"the backup `{old}` is no longer there" if not new else f"the backup is `{new}`, not `{old}`"
    if name == "sha256":
        return "the backup's archive is no longer what was taken" if new else "the backup's archive cannot be read"
    if name == "settings":
        return "the settings changed"
    return f"{name.replace('_', ' ')} is {_short(new)}, not {_short(old)}"


def _short(value: Any) -> str:
    """A value in a few characters."""
    return one_line(str(value) if isinstance(value, str) else json.dumps(value), 60) or "nothing"
