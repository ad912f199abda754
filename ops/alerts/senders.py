"""How a delivery leaves: as an e-mail, as an event for PagerDuty, or as a ping. What waits and what came of it is in ``outgoing``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ops.alerts.telling import MAIL, PAGER
from ops.errors import Failed, OpsError
from ops.services import mail, pagerduty, pings
from ops.settings import Settings

PING = "ping"
FOR_GOOD = 500  # from this code on a mail server means it


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One of them."""

    id: str
    about: str
    channel: str
    content: Mapping[str, Any]
    created_at: datetime
    attempts: int


class Unset(OpsError):
    """The settings have no way there any more."""


def _mail(settings: Settings, each: Delivery) -> Mapping[str, Any]:
    """To everybody who is named, or whoever of them is left."""
    content = each.content
    to = tuple(address for address in content.get("left") or settings.alerts.email if address in settings.alerts.email)
    if content.get("left") and not to:
        return {**content, "left": []}
    state = _STATES.get(content["what"], "")
    subject = f"[{content['severity']}] {f'{state}: ' if state else ''}{content['title']}"
    if settings.secrets.smtp_url is None:
        raise Unset("SMTP_URL is not set any more.", "Set it, or take the addresses out of `[alerts] email`.")
    refused = mail.send(
        settings.secrets.smtp_url.get_secret_value(),
        mail.Mail(
            to=to,
            sender=settings.alerts.sender,
            subject=subject,
            text=body(content),
            id=each.id,
            thread=each.about,
            urgent=content["severity"] == "P0",
        ),
    )
    if len(refused) == len(to) and not content.get("took"):
        named = ", ".join(f"{address} ({code})" for address, code in sorted(refused.items()))
        raise Failed(f"The mail server refuses {named}.", "Look at `[alerts] email`.")
    return after(content, to, refused)


def after(content: Mapping[str, Any], to: Sequence[str], refused: Mapping[str, int]) -> dict[str, Any]:
    """A mail's content once it was tried for these: who took it, who was refused, and for whom it is tried again. Pure."""
    before = {each: code for each, code in content.get("refused", {}).items() if each not in to}
    took = [*content.get("took", ()), *(each for each in to if each not in refused)]
    left = [each for each, code in refused.items() if code < FOR_GOOD]
    return {**content, "took": took, "refused": before | dict(refused), "left": left}


_STATES = {
    "resolved": "Resolved",
    "reminder": "Still open",
    "changed": "Changed",
    "again": "Again",
    "still": "Still so after the quiet time",
}


def body(content: Mapping[str, Any]) -> str:
    """What an e-mail says. Pure."""
    opened = datetime.fromisoformat(content["opened_at"])
    lines = [str(content["how"] or "It is over.") if content["what"] == "resolved" else str(content["text"])]
    if content["what"] != "resolved":
        lines.append(f"What to do: {content['remedy']}")
    lines.append(f"It began {opened:%Y-%m-%d %H:%M} UTC. The card in Slack has the rest; `/ops alerts` lists all that is open.")
    return "\n\n".join(lines)


def _page(settings: Settings, each: Delivery) -> Mapping[str, Any]:
    """An event for PagerDuty."""
    content = each.content
    if settings.secrets.pagerduty_key is None:
        raise Unset("PAGERDUTY_KEY is not set any more.", "Set it again, or resolve the incident by hand at PagerDuty.")
    deed = {"resolved": "resolve", "acknowledged": "acknowledge"}.get(content["what"], "trigger")
    severity = {"P0": "critical", "test": "info"}.get(content["severity"], "warning")
    target, routing_key = settings.convex.production.name, settings.secrets.pagerduty_key.get_secret_value()
    event = pagerduty.Event(
        deed=deed,
        key=content.get("incident", each.about),
        summary=f"{content['title']}: {content['text']}",
        source=f"backstop · {target}",
        severity=severity,
        at=datetime.fromisoformat(content["opened_at"]),
        component=content["key"].split(":")[0],
        details={"what to do": str(content["remedy"])},
    )
    pagerduty.send(settings.pagerduty_url, routing_key, event)
    if content.get("replaces"):
        pagerduty.send(settings.pagerduty_url, routing_key, replace(event, deed="resolve", key=content["replaces"]))
    return content


def _ping(settings: Settings, each: Delivery) -> Mapping[str, Any]:
    """The dead man's switch of the backups."""
    if settings.secrets.backup_ping_url is not None:
        pings.ping(settings.secrets.backup_ping_url.get_secret_value(), each.content["state"], each.content["body"], each.about)
    return each.content


SENDERS: Mapping[str, Callable[[Settings, Delivery], Mapping[str, Any]]] = {MAIL: _mail, PAGER: _page, PING: _ping}
"""By channel: each sends one delivery, and gives its content as it is afterwards."""
