"""What was learnt of a backup after it was made: levels, pins, trash. A row, and a file beside the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

GOOD = 2  # the level from which on a backup counts


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one backup beyond its manifest."""

    level: int | None = None  # the highest level it passed
    level_at: datetime | None = None
    failed: str | None = None  # why the last check failed, if it did
    pinned: bool = False
    pinned_by: str | None = None
    pin_reason: str | None = None
    trashed_at: datetime | None = None
    trashed_by: str | None = None
    trash_reason: str | None = None
    compared_to: str | None = None  # the backup it was compared with
    warnings: tuple[str, ...] = ()  # tables that fell
    restored_at: datetime | None = None  # last restored and proven equal
    known: bool = True  # False: nobody has looked at it yet, so it counts as pinned

    @property
    def good(self) -> bool:
        """Passed L2 and has not failed since."""
        return self.level is not None and self.level >= GOOD and self.failed is None

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        return {key: _plain(value) for key, value in asdict(self).items()}

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Facts:
        """From JSON; keys of a newer version are passed over."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: _rich(key, value) for key, value in values.items() if key in known})


UNKNOWN = Facts(known=False, pinned=True, pin_reason="found in the folder, not made by this Backstop")


def _plain(value: Any) -> Any:
    """A JSON value."""
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _rich(key: str, value: Any) -> Any:
    """The value of a field from its JSON."""
    if key.endswith("_at") and isinstance(value, str):
        return datetime.fromisoformat(value)
    return tuple(value) if key == "warnings" else value
