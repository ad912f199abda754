"""Slack's limits: ``check`` refuses what Slack would refuse, ``fit`` shortens what may be shortened."""

from __future__ import annotations

from bot.views.limits.checking import BadPayload, PayloadTooLarge, WrongPayload, check
from bot.views.limits.fitting import fit, shorten
from bot.views.limits.rules import Surface

__all__ = ["BadPayload", "PayloadTooLarge", "Surface", "WrongPayload", "check", "fit", "shorten"]
