"""What the real bot is started with: a ``backstop.toml`` and the environment, as somebody would write them for a team."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sandbox.world.production import KEY
from sandbox.world.repository import PRODUCTION, SOURCE
from sandbox.world.staging import KEY as STAGING_KEY

ZONE = "UTC"
"""The team's."""
ON_CALL = "oncall@harbour.example"
"""Whom alerts are mailed to."""

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")

_FILE = """\
# Written by the sandbox at each start; changes here are lost.
[app]
repository = "{repository}"
production_branch = "{production}"
source_branch = "{source}"

[convex]
deadline = 45

[convex.production]
name = "sturgeon"
url = "{convex}"

[vercel]
project = "harbour"
site = "{site}"

[[smoke]]
url = "{site}/"
text = "Harbour"

[team]
name = "Harbour"
zone = "{zone}"

[alerts]
email = ["{on_call}"]

[backups]
folder = "backups"
warn_at = "50 MB"

[roles]
developer = ["U0ALICE"]
eng_lead = ["U0BOB"]
cto = ["U0CAROL"]
devops = ["U0DAVE"]
"""


_STAGING = """
[convex.staging]
name = "trout"
url = "{staging}"
"""


@dataclass(frozen=True, kw_only=True)
class Slack:
    """How the bot reaches Slack."""

    api_url: str
    bot_token: str
    app_token: str


@dataclass(frozen=True, kw_only=True)
class Site:
    """How the bot reaches the site, and Vercel."""

    url: str
    api_url: str
    token: str


def write(folder: Path, repository: Path, convex: str, site: Site, staging: str = "") -> Path:
    """Write the settings file; where it lies. ``staging``: where that is, if there is one."""
    path = folder / "backstop.toml"
    places = {"repository": repository, "convex": convex, "site": site.url, "zone": ZONE, "on_call": ON_CALL}
    text = _FILE.format(**places, production=PRODUCTION, source=SOURCE)
    path.write_text(text + (_STAGING.format(staging=staging) if staging else ""), "utf-8")
    return path


def environment(settings: Path, slack: Slack, site: Site, *, staging: bool = False) -> dict[str, str]:
    """The bot's whole environment: nothing of ours that it does not need, and no other settings of the machine's owner."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    kept |= {"CONVEX_STAGING_KEY": STAGING_KEY} if staging else {}
    return kept | {
        "BACKSTOP_CONFIG": str(settings),
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "CONVEX_PRODUCTION_KEY": KEY,
        "VERCEL_TOKEN": site.token,
        "VERCEL_API_URL": site.api_url,
        "PYTHONUNBUFFERED": "1",
    }
