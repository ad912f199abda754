"""What was learnt of a backup after it was made: levels, pins, trash. A row, and a file beside the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

GOOD = 2  # the level from which on a backup counts
PARSED = 3  # the level at which every row was read
RESTORED = 4  # the level of a restore that was proven


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one backup beyond its manifest."""

    level: int | None = None  # the highest level it passed
    level_at: datetime | None = None
    items: int | None = None  # how many things were looked at for that level
    verifier: str | None = None  # by which version of what is looked at
    failed: str | None = None  # why a check failed, until one that goes as far passes
    failed_level: int | None = None  # the level that it failed
    pinned: bool = False
    pinned_by: str | None = None
    pin_reason: str | None = None
    released: bool = False  # a person unpinned it, so that retention decides even where its purpose is unknown
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
        return {name: _plain(getattr(self, name)) for name in _NAMES}

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Facts:
        """From JSON; keys of a newer version are passed over.

        Raises:
            TypeError, ValueError: a value is not what belongs there.
        """
        if not isinstance(values, dict):
            raise TypeError("facts are a JSON object")
        return cls(**{name: _rich(name, value) for name, value in values.items() if name in _NAMES and value is not None})


_NAMES = tuple(field.name for field in fields(Facts))
_TIMES = frozenset(name for name in _NAMES if name.endswith("_at"))
_NUMBERS = frozenset({"level", "items", "failed_level"})
_TRUTHS = frozenset({"pinned", "released", "known"})

UNKNOWN = Facts(known=False, pinned=True, pin_reason="found in the folder, not made by this Backstop")


def _plain(value: Any) -> Any:
    """A JSON value."""
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _rich(name: str, value: Any) -> Any:
    """The value of a field from its JSON."""
    if name in _TIMES:
        return _time(value)
    if name == "warnings":
        return tuple(_require(warning, str) for warning in _require(value, list))
    if name in _TRUTHS:
        return _require(value, bool)
    return _require(value, int if name in _NUMBERS else str)


def _time(value: Any) -> datetime:
    """An aware time; one without a zone is UTC."""
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _require(value: Any, kind: type) -> Any:
    """The value, when it is of its kind and nothing that only passes for it."""
    if type(value) is not kind:
        raise TypeError(f"{value!r:.40} is no {kind.__name__}")
    return value
