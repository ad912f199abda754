"""A mail server that keeps what it takes: TLS by STARTTLS, with a login, as the providers have it.

Faults: ``refuse`` (554 after the data), ``login`` (the password is wrong), ``hang`` (it says nothing any more). ``refused`` are addresses
that it takes nothing for, with the code that it answers.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import threading
import weakref
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

_HOST = "127.0.0.1"
_HANG = 60.0  # seconds
_LETTING_GO = 0.1  # seconds in which the loop lets go of what is still connected


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A mail as it was taken."""

    to: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        """What it is about."""
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """What it says."""
        return str(self.message.get_content())


class MailServer:
    """One server with one login.

    Args:
        folder: where the certificate of its authority is written, for whoever connects to trust it.
        implicit: TLS from the start instead of STARTTLS.
    """

    user, password = "bot@harbour.example", "mail-password-of-the-sandbox"

    def __init__(self, folder: Path, *, implicit: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(_HOST, "localhost").configure_cert(self._tls)
        self._implicit = implicit
        self._lock, self._taken = threading.Lock(), list[Taken]()
        self._conversations = weakref.WeakSet[SMTP]()
        self.fault: str | None = None
        self.refused: dict[str, int] = {}
        self.tries = 0
        self._port = 0
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), name="mail", daemon=True)

    def start(self) -> Self:
        """Listen, and return when it does."""
        self._thread.start()
        self._ready.wait()
        return self

    def stop(self) -> None:
        """Stop listening."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _serve(self) -> None:
        """Serve on a free port until it is over."""
        self._loop = loop = asyncio.get_running_loop()
        server = await loop.create_server(self._conversation, _HOST, 0, ssl=self._tls if self._implicit else None)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()
        for each in list(self._conversations):
            if isinstance(each.transport, asyncio.WriteTransport):
                each.transport.abort()
        await asyncio.sleep(_LETTING_GO)

    def _conversation(self) -> SMTP:
        """With one client."""
        ways: dict[str, Any] = {"auth_require_tls": False} if self._implicit else {"tls_context": self._tls, "require_starttls": True}
        made = SMTP(self, authenticator=self._login, loop=self._loop, **ways)
        self._conversations.add(made)
        return made

    @property
    def url(self) -> str:
        """What SMTP_URL has to be."""
        user = self.user.replace("@", "%40")
        return f"{'smtps' if self._implicit else 'smtp'}://{user}:{self.password}@{_HOST}:{self._port}"

    @property
    def taken(self) -> list[Taken]:
        """All mails, the oldest first."""
        with self._lock:
            return list(self._taken)

    def _login(self, _server: object, _session: object, _envelope: object, _mechanism: str, data: Any) -> AuthResult:
        """Whether the password is right."""
        right = (data.login, data.password) == (self.user.encode(), self.password.encode())
        return AuthResult(success=right and self.fault != "login", handled=False)

    async def handle_RCPT(  # noqa: N802 # aiosmtpd's name
        self, _server: object, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take an addressee."""
        if address in self.refused:
            return f"{self.refused[address]} The sandbox was told to refuse this one"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: object, session: Session, envelope: Envelope) -> str:  # noqa: N802 # aiosmtpd's name
        """Take a mail."""
        self.tries += 1
        if not session.authenticated:
            return "530 A login is needed"
        if self.fault == "hang":
            await asyncio.sleep(_HANG)
        if self.fault == "refuse":
            return "554 The sandbox was told to refuse"
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = email.message_from_bytes(content, policy=email.policy.default)
        with self._lock:
            self._taken.append(Taken(to=tuple(envelope.rcpt_tos), message=message))
        return "250 Taken"
