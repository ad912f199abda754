"""Which deployment is meant, and how the CLI is pointed at it: by its environment alone, where no process list shows the key."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.errors import Refused
from ops.settings import Settings

CLOUD = "https://api.convex.dev"
"""Where Convex's own cloud says at which address a deploy key's deployment is."""

# Everything by which the CLI could be led to another deployment or told to behave otherwise. An empty string counts as unset
# for it, and keeps a `.env.local` from setting it: dotenv never overrides what is there.
# Source: convex 1.48.0, src/cli/lib/deploymentSelection.ts and utils/utils.ts
_SELECTORS = (
    "CONVEX_DEPLOY_KEY",
    "CONVEX_DEPLOYMENT_TOKEN",
    "CONVEX_DEPLOYMENT",
    "CONVEX_SELF_HOSTED_URL",
    "CONVEX_SELF_HOSTED_ADMIN_KEY",
    "CONVEX_OVERRIDE_ACCESS_TOKEN",
    "CONVEX_PROVISION_HOST",
    "CONVEX_AGENT_MODE",
    "CONVEX_VERSION_OVERRIDE",
    "CONVEX_VERBOSE",
    "VERCEL",  # it turns error reports to a third party on again
)
_QUIET = {"CI": "1", "NO_COLOR": "1", "TERM": "dumb"}

_SHORTEST = 8  # characters: masking a shorter one would only garble what is said
_KEY = re.compile(r"[\x21-\x7e]+")
_DEPLOY_KEY = re.compile(r"((prod|dev):)?[\w-]+\|.+|preview:[\w-]+\|.+")


class WrongTarget(Refused):
    """The deployment is not the one that is meant, or it is not said which one is."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One deployment as the settings describe it."""

    environment: str
    name: str  # what it must call itself, or the animal in that
    url: str | None  # of a self-hosted one; otherwise the key says where it is
    key: str = field(repr=False)

    @property
    def label(self) -> str:
        """As every card names it: "production · sturgeon"."""
        return f"{self.environment} · {self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that holds the key."""
        return variable(self.environment)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown: the key, and the part of it that is secret."""
        secret = self.key.partition("|")[2]
        return (self.key, secret) if len(secret) >= _SHORTEST else (self.key,)

    @property
    def provision(self) -> str:
        """Who knows the address of a deploy key's deployment."""
        return (os.environ.get("CONVEX_PROVISION_HOST") or CLOUD).rstrip("/")

    @property
    def environ(self) -> dict[str, str]:
        """What points the CLI at this deployment and at no other."""
        return {**dict.fromkeys(_SELECTORS, ""), **_QUIET, **_certificates(os.environ), **self._selected()}

    def _selected(self) -> dict[str, str]:
        """The selectors that are in use."""
        if self.url:
            return {"CONVEX_SELF_HOSTED_URL": self.url, "CONVEX_SELF_HOSTED_ADMIN_KEY": self.key}
        return {"CONVEX_DEPLOY_KEY": self.key, "CONVEX_PROVISION_HOST": os.environ.get("CONVEX_PROVISION_HOST", "")}

    def is_called(self, instance: str) -> bool:
        """Whether a deployment that calls itself so is the one that is meant: its whole name, or the animal in it."""
        wanted, found = self.name.casefold(), instance.casefold()
        return wanted == found or wanted in found.split("-")


def variable(environment: str) -> str:
    """The environment variable that holds an environment's key."""
    return f"CONVEX_{environment.upper()}_KEY"


def find(settings: Settings, environment: str) -> Target:
    """The deployment of an environment, with its key.

    Raises:
        WrongTarget: the settings do not say enough.
    """
    deployment = settings.convex.deployment(environment)
    if deployment is None:
        raise WrongTarget(f"No deployment is set for {environment}.", f"Add `[convex.{environment}]` to backstop.toml.")
    secret = settings.secrets.convex_key(environment)
    target = Target(
        environment=environment,
        name=deployment.name,
        url=deployment.url.rstrip("/") if deployment.url else None,
        key=secret.get_secret_value().strip() if secret else "",
    )
    _require_key(target)
    _require_address(target)
    return target


def _require_key(target: Target) -> None:
    """Refuse a key that cannot be one, before it costs the CLI half a minute."""
    where = "the deployment's admin key" if target.url else "a deploy key from the deployment's settings in the Convex dashboard"
    remedy = f"Set {target.variable} to {where}, then start Backstop again."
    if not target.key:
        raise WrongTarget(f"There is no key for {target.label}: {target.variable} is not set.", remedy)
    if not _KEY.fullmatch(target.key):
        raise WrongTarget(f"The key for {target.label} in {target.variable} has spaces or odd characters in it.", remedy)
    if target.url is None and not _DEPLOY_KEY.fullmatch(target.key):
        raise WrongTarget(
            f"What {target.variable} holds is no deploy key of one deployment: {target.label} needs the form `prod:name|key`.",
            f"{remedy} For a self-hosted deployment set `[convex.{target.environment}] url` too.",
        )


def _require_address(target: Target) -> None:
    """Refuse what is no web address."""
    if target.url is not None and not re.match(r"https?://[^/\s]+", target.url):
        raise WrongTarget(
            f"The address of {target.label} is no web address.",
            f"Correct `[convex.{target.environment}] url`; it begins with https:// or http://.",
        )


def _certificates(environ: Mapping[str, str]) -> dict[str, str]:
    """Node trusts the same private issuers as we do."""
    found = environ.get("NODE_EXTRA_CA_CERTS") or environ.get("SSL_CERT_FILE")
    return {"NODE_EXTRA_CA_CERTS": found} if found else {}
