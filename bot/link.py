"""Find Slack: who we are there, and where to connect. Slack being away is waited for; a token that it refuses is not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from slack_bolt.authorization import AuthorizeResult

from bot.slack import Slack, SlackAway, SlackSaidNo
from ops.errors import WrongSetting

log = logging.getLogger(__name__)

FIRST, LONGEST = 1.0, 30.0  # seconds between two tries while Slack is away

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What Slack said of us."""

    team: str
    identity: AuthorizeResult
    address: str  # of the first Socket Mode connection; good once, and not for long


async def find(slack: Slack, bot_token: str, app_token: str) -> Found:
    """Ask until Slack has answered both questions.

    Raises:
        WrongSetting: Slack refuses a token.
    """
    me = await _insist("SLACK_BOT_TOKEN", lambda: slack.write("auth.test", {}))
    address = await _insist("SLACK_APP_TOKEN", lambda: slack.socket_address(app_token))
    return Found(team=str(me.get("team_id") or ""), identity=identity(me, bot_token), address=address)


def identity(me: dict[str, Any], bot_token: str) -> AuthorizeResult:
    """Slack's answer to "who am I" as Bolt wants it."""
    return AuthorizeResult(
        enterprise_id=me.get("enterprise_id"),
        team_id=me.get("team_id"),
        team=me.get("team"),
        url=me.get("url"),
        bot_user_id=me.get("user_id"),
        bot_id=me.get("bot_id"),
        bot_token=bot_token,
    )


async def _insist(setting: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask until there is an answer.

    Raises:
        WrongSetting: Slack does not take the token, or what it may do is too little.
    """
    wait = FIRST
    while True:
        try:
            return await ask()
        except SlackSaidNo as no:
            raise WrongSetting(
                f"Slack refuses {setting}: {no.code}.", "Copy it again from the Slack app's page, and see that the app is installed."
            ) from None
        except SlackAway as away:
            log.warning("Slack is not reached (%s); asking again in %.0f s", away, max(wait, away.after))
            await asyncio.sleep(max(wait, away.after))
            wait = min(wait * 2, LONGEST)
