"""The newest export of a deployment, as the server tells of it. Tolerant: another server may leave anything out. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Latest:
    """The newest export, whoever asked for it; without an id there never was one."""

    id: str = ""
    state: str = ""
    requestor: str = ""  # "snapshotExport" by a key or the dashboard, "cloudBackup" by Convex's own backups
    created: datetime | None = None  # by the server's clock
    snapshot: datetime | None = None  # the instant whose data it holds

    @property
    def under_way(self) -> bool:
        """Whether it keeps others from beginning."""
        return self.state in {"requested", "in_progress"}

    @property
    def who(self) -> str:
        """Who seems to have asked for it."""
        return "a backup by Convex itself" if "cloud" in self.requestor.casefold() else "another export"


def read(value: Any) -> Latest:
    """What the query ``_system/cli/exports:getLatest`` answered."""
    if not isinstance(value, Mapping):
        return Latest()
    return Latest(
        id=str(value.get("_id") or ""),
        state=str(value.get("state") or ""),
        requestor=str(value.get("requestor") or ""),
        created=instant(_scaled(value.get("_creationTime"), 1_000_000)),
        snapshot=instant(integer(value.get("start_ts"))),
    )


def integer(value: Any) -> int | None:
    """An int64 as Convex sends it: eight bytes in base64, little-endian; also a bare number or its digits."""
    if isinstance(value, Mapping):
        return _decoded(value.get("$integer"))
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() else None
    return int(value) if isinstance(value, int | float) else None


def instant(nanoseconds: int | None) -> datetime | None:
    """A moment from nanoseconds since 1970; None if it makes no sense."""
    if not nanoseconds or nanoseconds < 0:
        return None
    try:
        return datetime.fromtimestamp(nanoseconds // 10**9, UTC) + timedelta(microseconds=nanoseconds % 10**9 // 1000)
    except (OverflowError, ValueError, OSError):
        return None


def _scaled(value: Any, factor: int) -> int | None:
    """A number of another unit."""
    return int(value * factor) if isinstance(value, int | float) else None


def _decoded(text: Any) -> int | None:
    """The number in base64."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return None
    return int.from_bytes(raw, "little", signed=True) if len(raw) == 8 else None
