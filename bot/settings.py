"""The bot's settings: those of ops, and Slack's. Tokens come from the environment only."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from ops.errors import WrongSetting
from ops.settings import Section, Settings

_SHORTEST = 8  # characters; hiding a shorter one would black out ordinary words
CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{6,}")
_NAME = re.compile(r"#?[^\s#@<>A-Z.,]{1,80}")
_TOKENS = {"slack_bot_token": "xoxb-", "slack_app_token": "xapp-"}


class SlackSection(Section):
    """Where the bot speaks, and how Slack reaches it."""

    engineering: str = "#engineering"
    """A channel's name or id: the cards go here."""
    incidents: str = "#incidents"
    transport: str = "socket"

    @field_validator("engineering", "incidents")
    @classmethod
    def _of_one_spelling(cls, value: str) -> str:
        """A name has its sign, so that what waits for a channel is known by it."""
        if CHANNEL_ID.fullmatch(value):
            return value
        if not _NAME.fullmatch(value):
            raise ValueError('a channel such as "#engineering", or its id, belongs here')
        return f"#{value.removeprefix('#')}"

    @field_validator("transport")
    @classmethod
    def _only_sockets_yet(cls, value: str) -> str:
        """HTTP is planned, so it is named rather than called unknown."""
        if value == "http":
            raise ValueError('Slack over HTTP comes later; "socket" belongs here')
        if value != "socket":
            raise ValueError('"socket" belongs here')
        return value


class BotSettings(Settings):
    """Everything that the bot needs."""

    slack: SlackSection = Field(default_factory=SlackSection)
    slack_bot_token: SecretStr
    slack_app_token: SecretStr
    slack_signing_secret: SecretStr | None = None
    """Only Slack over HTTP would need it."""
    slack_api_url: str = "https://slack.com/api/"
    host: str = "0.0.0.0"  # noqa: S104  # a host such as Procfile's reaches the process from outside
    port: int | None = Field(None, ge=0, le=65535)
    """Where /healthz answers; not set, nothing listens."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> dict[str, Any]:
        """The values that the environment gives.

        Raises:
            WrongSetting: a token is missing, or is not of its sort.
        """
        names = (*_TOKENS, "slack_signing_secret", "slack_api_url", "host", "port")
        found = {name: environ[name.upper()] for name in names if environ.get(name.upper())}
        for name in _TOKENS:
            _check(name, found.get(name))
        return super().from_environment(environ) | found

    @property
    def hidden(self) -> frozenset[str]:
        """Everything that no log line may show."""
        secrets = [getattr(self.secrets, name) for name in type(self.secrets).model_fields]
        secrets += [self.slack_bot_token, self.slack_app_token, self.slack_signing_secret, self.database_url]
        values = [secret.get_secret_value() for secret in secrets if secret]
        passwords = [urlsplit(value).password or "" for value in values if "://" in value]
        return frozenset(value for value in values + passwords if len(value) >= _SHORTEST)


def _check(name: str, value: str | None) -> None:
    """A token must be there and begin as Slack's do; the value itself is never shown."""
    if not value:
        raise WrongSetting(f"{name.upper()} is not set in the environment.", "See backstop.example.toml, and the README on Slack's tokens.")
    if not value.startswith(_TOKENS[name]):
        raise WrongSetting(f"{name.upper()} does not begin with {_TOKENS[name]}.", "Copy it again from the Slack app's page.")


def load(environ: Mapping[str, str] = os.environ) -> BotSettings:
    """Read them all, or stop the start with one line."""
    return BotSettings.load(environ)
