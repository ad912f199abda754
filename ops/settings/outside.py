"""What is kept safe and where it is reached: the app, its deployments, its site, and the secrets that open them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from ops.settings.values import Section, web

ROOT = Path(__file__).resolve().parent.parent.parent
"""Where the project lies: the default home of the pinned convex CLI."""


class App(Section):
    """The web app that is kept safe."""

    repository: str
    """Where its git remote is: an address or a path."""
    production_branch: str = "master"
    source_branch: str = "main"
    folder: str = "."
    """The app's folder inside the repository, where ``convex/`` lies."""
    install: str = "npm ci --prefer-offline"
    functions: Literal["bot", "vercel"] = "bot"
    """Who runs ``convex deploy``."""


class Deployment(Section):
    """One Convex deployment."""

    name: str
    """What it must call itself: its whole name, or the animal in it ("sturgeon")."""
    url: str | None = None
    """Set: a self-hosted deployment and its admin key. Not set: the key is a deploy key."""


class Convex(Section):
    """The database and how it is reached."""

    cli: Path = ROOT / "node_modules/convex/bin/main.js"
    deadline: int = Field(1800, gt=0)
    """Seconds that one run of the CLI may take."""
    file_storage: bool = False
    import_mode: Literal["replace-all", "replace"] = "replace-all"
    pause: bool = True
    production: Deployment
    staging: Deployment | None = None
    development: Deployment | None = None

    @property
    def leaves_others(self) -> bool:
        """Whether an import into production leaves tables alone that the archive does not have."""
        return self.import_mode == "replace"

    def deployment(self, environment: str) -> Deployment | None:
        """The deployment of an environment, if one is set."""
        found: Deployment | None = getattr(self, environment)
        return found


class Vercel(Section):
    """The site; left out, the steps that need it are not there."""

    team: str = ""
    project: str
    maintenance_page: str = "/maintenance.html"
    site: str = ""
    """The site's own address, such as ``https://www.example.com``; the project's first domain if it is left out."""


class Smoke(Section):
    """One page that must answer."""

    url: str
    status: int = 200
    text: str = ""
    environment: Literal["production", "staging", "development"] = "production"


_SMTP = (
    "an address such as smtps://user:password@smtp.example.com:465, or smtp://…:587 for STARTTLS, belongs here; "
    "in user and password @ is written %40, / %2F, # %23, ? %3F and % %25"
)


class Secrets(Section):
    """What only the environment holds; never printed."""

    convex_production_key: SecretStr | None = None
    convex_staging_key: SecretStr | None = None
    convex_development_key: SecretStr | None = None
    vercel_token: SecretStr | None = None
    smtp_url: SecretStr | None = None
    pagerduty_key: SecretStr | None = None
    heartbeat_url: SecretStr | None = None
    """Pinged while the bot looks at its schedule; whoever knows the address can keep it quiet."""
    backup_ping_url: SecretStr | None = None
    """Pinged at the start and the end of each automated backup."""

    @field_validator("smtp_url")
    @classmethod
    def _is_smtp(cls, value: SecretStr | None) -> SecretStr | None:
        """Over TLS, in one of two ways."""
        if value is not None:
            found = re.fullmatch(r"smtps?://([^/?#\[\]\s]*@)?[^/@:?#\[\]\s]+(:(\d{1,5}))?/?", value.get_secret_value())
            if found is None or not 0 < int(found[3] or 1) < 65536:
                raise ValueError(_SMTP)
        return value

    @field_validator("heartbeat_url", "backup_ping_url")
    @classmethod
    def _is_web(cls, value: SecretStr | None) -> SecretStr | None:
        """Something that can be asked."""
        if value is not None:
            web(value.get_secret_value())
        return value

    def convex_key(self, environment: str) -> SecretStr | None:
        """The key of an environment's deployment."""
        key: SecretStr | None = getattr(self, f"convex_{environment}_key")
        return key
