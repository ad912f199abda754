"""What a part of the settings is, and the sorts of values that several of them have."""

from __future__ import annotations

import re
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict

_UNITS = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3}

_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
"""In ASCII: one address that is not keeps a mail from all who are to get it, at most mail servers."""


class Section(BaseModel):
    """A part of the settings: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def byte_size(value: object) -> int:
    """Bytes from ``500``, ``"500 MB"`` or ``"1.5 GB"``; a bare number is megabytes."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmg]?b)?\s*", str(value), re.IGNORECASE)
    if not match:
        raise ValueError('a size such as "500 MB" belongs here')
    return int(float(match[1]) * _UNITS[(match[2] or "mb").lower()])


def known_zone(value: str) -> str:
    """A zone of the tz database."""
    if value not in available_timezones():
        raise ValueError('a zone such as "Australia/Melbourne" belongs here')
    return value


def several(found: object) -> object:
    """One, or a list."""
    return (found,) if isinstance(found, str) else found


def address(value: str) -> str:
    """An e-mail address, as far as can be told without sending to it."""
    if not re.fullmatch(_ADDRESS, value):
        raise ValueError('an address such as "oncall@example.com", without umlauts and the like, belongs here')
    return value


def sender(value: str) -> str:
    """Nothing, an address, or a name before one."""
    if value and not re.fullmatch(rf"{_ADDRESS}|[^<>@,;:\"\\\x00-\x1f\x7f]+ <{_ADDRESS}>", value):
        raise ValueError('an address such as "backstop@example.com" or "Backstop <backstop@example.com>" belongs here')
    return value


def web(value: str) -> str:
    """Something that can be asked over HTTP."""
    try:
        parts = urlsplit(value)
        can_be_asked = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        can_be_asked = False
    if not can_be_asked or re.search(r"\s", value):
        raise ValueError("an address such as https://example.com/… belongs here")
    return value


def nightly(value: str) -> str:
    """From one time of day to another."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('two times such as "22:00-07:00" belong here')
    return value
