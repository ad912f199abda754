"""Which backup counts as the newest, and which the weekly verification restores: each once before any twice, or at random. Pure.

The folder may hold another deployment's, which no restore of production takes.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ops.errors import Refused
from ops.manifest import Backup, Type
from ops.purposes import Purpose

WINDOW = timedelta(days=7)
Mode = Literal["need", "random"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The backup, and why it is this one: with the seed it can be chosen again."""

    backup: Backup
    why: str
    seed: int


def newest_good(backups: Iterable[Backup], kind: Type, label: str) -> Backup | None:
    """The newest good backup of a type and a deployment, of those given newest first."""
    return next((each for each in backups if each.type == kind and each.good and each.is_of(label)), None)


def choose(backups: Iterable[Backup], now: datetime, *, mode: Mode, seed: int, label: str) -> Choice:
    """Choose among the automated full backups of the past seven days; wider only where there is none.

    Raises:
        Refused: there is no sound full backup of that deployment at all.
    """
    ours = [each for each in backups if each.type == "full" and each.is_of(label)]
    sound = [each for each in ours if each.good]
    if not sound:
        raise Refused("There is no sound full backup that could be restored.", "Take one: `/backup full`.")
    automated = [each for each in ours if each.purpose is Purpose.AUTOMATED and now - each.timestamp <= WINDOW]
    lately = [each for each in automated if each.good]
    none = "no automated one of the past 7 days is sound" if automated else "none of the past 7 days is an automated one"
    pool, where = (lately, "of the past 7 days") if lately else (sound, f"of all: {none}")
    chance = random.Random(seed)  # a choice that can be repeated, not a secret
    if mode == "random":
        return Choice(backup=chance.choice(sorted(pool, key=lambda each: each.id)), why=f"at random, {where}", seed=seed)
    never = sorted((each for each in pool if each.facts.restored_at is None), key=lambda each: each.id)
    if never:
        return Choice(backup=chance.choice(never), why=f"never restored before, {where}", seed=seed)
    oldest = min(pool, key=lambda each: (each.facts.restored_at or now, each.id))
    return Choice(backup=oldest, why=f"its last restore is the oldest, {where}", seed=seed)
