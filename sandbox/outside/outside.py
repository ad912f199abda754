"""Where the demo's alerts go beside Slack: what the bot needs to reach it, and what arrived, for the page."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self

from sandbox.now import Now
from sandbox.outside.mail import MailServer, Taken
from sandbox.outside.paging import PagingServer

_SHOWN = 20  # mails, and incidents


class Outside:
    """A mail server, PagerDuty and dead man's switches; what they took is gone when the demo ends.

    Args:
        folder: where the mail server's authority is written.
        now: their clock.
    """

    def __init__(self, folder: Path, now: Now) -> None:
        self.mail, self.paging = MailServer(folder), PagingServer(now)

    def start(self) -> Self:
        """Serve."""
        self.mail.start()
        self.paging.start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        self.paging.stop()
        self.mail.stop()

    @property
    def environ(self) -> dict[str, str]:
        """How the bot reaches all of it."""
        return {
            "SMTP_URL": self.mail.url,
            "SSL_CERT_FILE": str(self.mail.authority),
            "PAGERDUTY_KEY": self.paging.key,
            "PAGERDUTY_URL": self.paging.url,
            "HEARTBEAT_URL": f"{self.paging.ping_url}/heartbeat",
            "BACKUP_PING_URL": f"{self.paging.ping_url}/backups",
        }

    @property
    def shown(self) -> dict[str, Any]:
        """As the page draws it: the newest first, no address and no key."""
        return {
            "mails": [_mail(number, each) for number, each in list(enumerate(self.mail.taken))[: -_SHOWN - 1 : -1]],
            "incidents": [_incident(each) for each in self.paging.incidents_now[:_SHOWN]],
            "pings": [{"name": name, "at": at.isoformat()} for name, at in sorted(self.paging.pinged.items())],
        }


def _mail(number: int, taken: Taken) -> dict[str, Any]:
    """A mail, dated by whoever sent it."""
    at = parsedate_to_datetime(str(taken.message["Date"])).replace(tzinfo=UTC)  # it is written in UTC, of no zone
    text = "\n".join(taken.text.splitlines())
    return {"number": number, "to": ", ".join(taken.to), "subject": taken.subject, "text": text, "at": at.isoformat()}


def _incident(each: dict[str, Any]) -> dict[str, Any]:
    """An incident, with what was told beside its summary."""
    details = [f"{name.replace('_', ' ').capitalize()}: {value}" for name, value in (each.get("custom_details") or {}).items() if value]
    known = {name: each[name] for name in ("id", "summary", "severity", "status")}
    return {**known, "text": "\n".join(details), "at": each["changed"].isoformat()}
