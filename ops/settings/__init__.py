"""Settings: ``backstop.toml`` for what may be read, the environment for secrets. A wrong one stops the start."""

from ops.settings.outside import ROOT, App, Secrets, Smoke, Vercel
from ops.settings.people import Approvals, Docs, Roles
from ops.settings.reading import Settings, parse
from ops.settings.rules import Freeze, Retention, SpotCheck
from ops.settings.values import Section

__all__ = [
    "ROOT",
    "App",
    "Approvals",
    "Docs",
    "Freeze",
    "Retention",
    "Roles",
    "Secrets",
    "Section",
    "Settings",
    "Smoke",
    "SpotCheck",
    "Vercel",
    "parse",
]
