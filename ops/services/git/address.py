"""Where the repository is, apart from what opens it: an address is shown, a password never is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

USERNAME = "BACKSTOP_GIT_USERNAME"
PASSWORD = "BACKSTOP_GIT_PASSWORD"  # noqa: S105 - the variable's name

# A password in an address would stand in the argument list of git's own children, which every user of the machine can
# read. So git gets the address without it, and asks this helper, which finds it in the environment.
# Source: https://git-scm.com/docs/gitcredentials#_custom_helpers
_HELPER = f"""!f() {{ test "$1" = get && printf 'username=%s\\npassword=%s\\n' "${USERNAME}" "${PASSWORD}"; }}; f"""


@dataclass(frozen=True, kw_only=True)
class Address:
    """A remote, as git is told it and as people are shown it."""

    url: str  # without credentials
    user: str | None = field(default=None, repr=False)  # of a web address; for some hosts it is the token
    password: str | None = field(default=None, repr=False)

    @property
    def by_ssh(self) -> bool:
        """Whether ssh opens it: ``ssh://…`` or ``git@host:path``."""
        return self.url.startswith(("ssh://", "git+ssh://")) or bool(re.match(r"^[^/]+:(?!//)", self.url))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any text."""
        return (self.password,) if self.password else ()

    @property
    def config(self) -> dict[str, str]:
        """Git settings that hand over the credentials, to that host alone."""
        if self.user is None:
            return {}
        host = f"credential.{_host(self.url)}"
        # With a password of our own, the person's helpers are left out: they would be told to store it.
        return {"credential.helper": "", f"{host}.helper": _HELPER} if self.password is not None else {f"{host}.username": self.user}

    @property
    def environ(self) -> Mapping[str, str]:
        """Where the helper finds them."""
        return {USERNAME: self.user or "", PASSWORD: self.password} if self.password is not None else {}


def parse(repository: str) -> Address:
    """Take an address apart. A path and ``git@host:path`` stay as they are."""
    if not re.match(r"^[a-z][a-z0-9+.-]*://", repository, re.IGNORECASE):
        return Address(url=repository)
    parts = urlsplit(repository)
    userinfo, _, host = parts.netloc.rpartition("@")
    user, colon, password = userinfo.partition(":")
    if parts.scheme not in {"http", "https"}:
        return Address(url=urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host)))
    return Address(
        url=urlunsplit(parts._replace(netloc=host)),
        user=unquote(user) if userinfo else None,
        password=unquote(password) if colon else None,
    )


def _host(url: str) -> str:
    """Scheme, host and port, as git's credential settings are named."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
