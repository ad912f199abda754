"""Slack's limits: ``check`` refuses what Slack would refuse, ``fit`` shortens what may be shortened."""

from __future__ import annotations

from bot.views.limits.checking import BadPayload, PayloadTooLarge, WrongPayload, check, size
from bot.views.limits.fitting import fit, shorten
from bot.views.limits.rules import MESSAGE_CHARACTERS, Surface

__all__ = ["MESSAGE_CHARACTERS", "BadPayload", "PayloadTooLarge", "Surface", "WrongPayload", "check", "fit", "shorten", "size"]
