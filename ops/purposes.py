"""Why a backup was taken, and the label that says so (the documents' "[Purpose] - [Version/Description] - [Date]")."""

from __future__ import annotations

import enum
from datetime import date

from ops.errors import Refused


class UnknownPurpose(Refused):
    """There is no such purpose."""


class Purpose(enum.StrEnum):
    """Why a backup was taken; its age rule hangs on it."""

    ROUTINE = "routine"
    AUTOMATED = "automated"
    PRE_DEPLOYMENT = "pre-deployment"
    PRE_MIGRATION = "pre-migration"
    CRITICAL = "critical"
    PRE_RELEASE = "pre-release"
    POST_INCIDENT = "post-incident"
    PRE_INFRASTRUCTURE = "pre-infrastructure"
    SAFETY = "safety"


def parse(text: str) -> Purpose:
    """Read a purpose as people type it.

    Raises:
        UnknownPurpose: it is none; the remedy lists those there are.
    """
    try:
        return Purpose(text.strip().lower().replace("_", "-").replace(" ", "-"))
    except ValueError:
        raise UnknownPurpose(f"There is no purpose “{text.strip()[:40]}”.", f"Choose one of: {', '.join(Purpose)}.") from None


def label(purpose: Purpose, description: str, day: date) -> str:
    """Give e.g. "Pre-migration backup - Add salary table - 2025-01-09"; the description is left out when empty."""
    name = f"{purpose.value.capitalize()} backup"
    return " - ".join(part for part in (name, description.strip(), day.isoformat()) if part)
