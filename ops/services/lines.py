"""The output of a program as lines: without secrets, and bounded whatever it floods."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection

_LONGEST = 64_000  # bytes of a line; a longer one is cut into pieces
_KEPT = 4_000_000  # characters: enough for any answer
_MOST = 50_000  # lines
_SHORTEST = 8  # characters of a secret's line that is masked by itself
_MASK = "•••"


def mask(text: str, secrets: Collection[str]) -> str:
    """The text without the secrets; a longer one first, as it may hold a shorter. Pure."""
    for secret in _parts(secrets):
        text = text.replace(secret, _MASK)
    return text


def _parts(secrets: Collection[str]) -> list[str]:
    """The secrets and, as output comes in lines, the lines of those that have several; the longest first."""
    lines = {line.strip() for secret in secrets for line in secret.splitlines() if len(line.strip()) >= _SHORTEST}
    return sorted(lines | {secret for secret in secrets if secret}, key=len, reverse=True)


class Lines:
    """One stream."""

    def __init__(self, secrets: Collection[str] = (), on_line: Callable[[str], None] | None = None) -> None:
        self.cut = False  # whether the beginning was let go
        self._secrets = _parts(secrets)
        self._overlap = max((len(secret.encode()) for secret in self._secrets), default=0)
        self._on_line = on_line
        self._lines: deque[str] = deque()
        self._size = 0
        self._rest = b""

    @property
    def text(self) -> str:
        """What is kept of it."""
        return "\n".join(self._lines)

    def feed(self, said: bytes) -> None:
        """Take in what was read."""
        *whole, self._rest = (self._rest + said).split(b"\n")
        for line in whole:
            self._add(line)
        if self._is_endless():
            self._rest = mask(self._rest.decode("utf-8", "surrogateescape"), self._secrets).encode("utf-8", "surrogateescape")
        while self._is_endless():
            self._add(self._rest[:_LONGEST])
            self._rest = self._rest[_LONGEST:]

    def close(self) -> None:
        """Take in the last line, which may lack its end."""
        if self._rest:
            self._add(self._rest)
            self._rest = b""

    def _is_endless(self) -> bool:
        """Whether a piece of the line can be broken off: so much is kept back that no secret lies across the cut unmasked."""
        return len(self._rest) > _LONGEST + self._overlap

    def _add(self, raw: bytes) -> None:
        """Keep a line, and let go of the first ones when it is too much."""
        line = mask(raw.decode("utf-8", "replace").rstrip("\r"), self._secrets)
        self._lines.append(line)
        self._size += len(line) + 1
        while self._size > _KEPT or len(self._lines) > _MOST:
            self._size -= len(self._lines.popleft()) + 1
            self.cut = True
        if self._on_line:
            self._on_line(line)
