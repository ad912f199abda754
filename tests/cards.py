"""Read what the bot shows: operations' cards, backups, manifests."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sandbox.slack import Client, Outcome, Shown
from tests.world import ALICE, ENGINEERING, World, wait_for

ENDED = (":white_check_mark:", ":x:", ":no_entry:", ":black_square_for_stop:", ":octagonal_sign:")
_ID = re.compile(r"(quick|full)-\d{13}")


def cards(slack: Client, channel: str = ENGINEERING) -> list[Shown]:
    """Messages of the bot that are operations' cards."""
    return [shown for shown in slack.messages(channel) if "asked by" in shown.all_text]


def new_card(slack: Client, before: int, channel: str = ENGINEERING) -> Shown:
    """The first card after so many, once it is there."""
    return wait_for(lambda: next(iter(cards(slack, channel)[before:]), None), "a card")


def ended_card(slack: Client, before: int, channel: str = ENGINEERING) -> Shown:
    """The same, once it says how the operation ended."""
    return wait_for(lambda: next((card for card in cards(slack, channel)[before:] if is_over(card)), None), "the end of an operation")


def is_over(card: Shown) -> bool:
    """Whether a card says how its operation ended."""
    return str(card.blocks[0]["text"]["text"]).startswith(ENDED)


def taken(slack: Client, command: str, user: str = ALICE, channel: str = ENGINEERING) -> Shown:
    """Ask for a backup by a command; its card once it is over."""
    before = len(cards(slack))
    asked: Outcome = slack.command(command, user=user, channel=channel)
    assert asked.acked, asked.error
    return ended_card(slack, before)


def backup_id(shown: Shown) -> str:
    """The backup that a message names first."""
    found = _ID.search(shown.all_text)
    assert found, shown.all_text
    return found[0]


def manifest(around: World, backup: str) -> dict[str, Any]:
    """A backup's manifest as it lies on the disk."""
    kind, _, number = backup.partition("-")
    found: dict[str, Any] = json.loads((around.backups / kind / f"{kind}-backup-{number}.json").read_bytes())
    return found


def archive(around: World, backup: str) -> Path:
    """A full backup's archive."""
    return around.backups / "full" / f"convex-{backup.partition('-')[2]}.zip"


def answer(slack: Client, command: str, user: str = ALICE, channel: str = ENGINEERING) -> Shown:
    """What a command told its person, in the acknowledgement or right after it."""
    before = len(slack.ephemerals(user))
    asked = slack.command(command, user=user, channel=channel)
    assert asked.acked, asked.error
    return wait_for(lambda: next(iter(slack.ephemerals(user)[before:]), None), f"an answer to {command[:60]}")


def clicked(slack: Client, place: Any, action: str, user: str = ALICE, **more: Any) -> Shown:
    """What a click told its person."""
    before = len(slack.ephemerals(user))
    outcome = slack.click(place, action, user=user, **more)
    assert outcome.acked, outcome.error
    return wait_for(lambda: next(iter(slack.ephemerals(user)[before:]), None), f"an answer to {action}")
