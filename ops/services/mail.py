"""E-mail by SMTP, over TLS or not at all.

``smtps://user:password@host:465`` speaks TLS from the start; ``smtp://user:password@host:587`` must upgrade to it (STARTTLS)
before anything else is said. A server that hangs is left after ``LIMIT``.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

import aiosmtplib

from ops.errors import Failed, NotNow
from ops.services.trusted import certificates

LIMIT = 20.0  # seconds for all of it
_LETTING_GO = 0.1  # seconds in which the loop lets go of a connection and of the TLS on it
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where mail is handed in."""

    host: str
    port: int
    implicit: bool  # TLS from the start
    user: str | None
    password: str | None


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One of them."""

    to: tuple[str, ...]
    sender: str
    subject: str
    text: str
    id: str  # the same for each try, so that a mail program shows it once
    thread: str  # what it belongs to
    urgent: bool = False


def server(url: str) -> Server:
    """The parts of an address.

    Raises:
        ValueError: it is none; the message does not repeat it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("no address of an SMTP server") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("no address of an SMTP server")
    user, password = (unquote(each) if each else None for each in (parts.username, parts.password))
    return Server(host=parts.hostname, port=port or _PORTS[parts.scheme], implicit=parts.scheme == "smtps", user=user, password=password)


def send(url: str, mail: Mail) -> Mapping[str, int]:
    """Hand it in; which of the addressees the server refused, with the code of its answer.

    Raises:
        Failed: the server did not take it, whoever it is for; a ``NotNow`` where it gave no answer.
    """
    return asyncio.run(_send(server(url), mail))


async def _send(to: Server, mail: Mail) -> dict[str, int]:
    """The same, in a loop of its own."""
    client = aiosmtplib.SMTP(
        hostname=to.host,
        port=to.port,
        username=to.user,
        password=to.password,
        use_tls=to.implicit,
        start_tls=not to.implicit,
        tls_context=certificates(),
        timeout=LIMIT,
    )
    connection: asyncio.BaseTransport | None = None
    try:
        async with asyncio.timeout(LIMIT):
            await client.connect()
            connection = client.transport
            refused = await _hand_in(client, _message(mail, to))
            await client.quit()
    except TimeoutError:
        raise NotNow(f"The mail server {to.host} does not answer.", "Look whether it is reachable from here.") from None
    except aiosmtplib.SMTPAuthenticationError as error:
        raise Failed(f"The mail server {to.host} refuses the login ({error.code}).", "Look at SMTP_URL.") from None
    except aiosmtplib.SMTPResponseException as error:
        raise Failed(f"The mail server {to.host} refuses the mail ({error.code}).", "Look at `[alerts] sender` and `email`.") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Failed(f"The mail server {to.host} cannot be used ({type(error).__name__}).", "Look at SMTP_URL.") from None
    finally:
        client.close()
        if isinstance(connection, asyncio.WriteTransport):
            connection.abort()  # there is nothing more to say, least of all to a server that hangs
        await asyncio.sleep(_LETTING_GO)
    return refused


async def _hand_in(client: aiosmtplib.SMTP, message: EmailMessage) -> dict[str, int]:
    """Say it to a server that is connected; who is refused."""
    try:
        refused, _ = await client.send_message(message)
    except aiosmtplib.SMTPRecipientsRefused as error:
        return {each.recipient: each.code for each in error.recipients}
    return {address: answer.code for address, answer in refused.items()}


def _message(mail: Mail, to: Server) -> EmailMessage:
    """As it is sent; what is written in headers has no line ends."""
    message = EmailMessage()
    message["From"] = mail.sender or (to.user if to.user and "@" in to.user else f"backstop@{to.host}")
    message["To"] = ", ".join(mail.to)
    message["Subject"] = " ".join(mail.subject.split())[:200]
    message["Date"] = formatdate()
    message["Message-ID"], message["References"] = _id(mail.id), _id(mail.thread)
    if mail.urgent:
        message["X-Priority"], message["Importance"] = "1", "high"
    message.set_content(mail.text)
    return message


def _id(name: str) -> str:
    """A Message-ID."""
    return f"<{hashlib.sha256(name.encode()).hexdigest()[:32]}@backstop>"
