"""The log on stderr: one line an event, with the operation it belongs to, and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Collection
from contextvars import ContextVar

operation: ContextVar[str] = ContextVar("operation", default="-")
"""The operation that the running task or thread works for."""

_FORM = "%(asctime)s %(levelname)s %(name)s operation=%(operation)s %(message)s"
_SHAPES = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|ticket=[^&\s'\"]+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|https?://hooks\.slack\.com/\S+")


class Masking(logging.Formatter):
    """Blacks out known secrets, and whatever looks like one, in the finished line and its traceback."""

    def __init__(self, hidden: Collection[str]) -> None:
        super().__init__(_FORM)
        self._hidden = sorted(hidden, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The line, safe to keep."""
        record.operation = operation.get()
        line = super().format(record)
        for secret in self._hidden:
            line = line.replace(secret, "***")
        return _SHAPES.sub("***", line)


def start(hidden: Collection[str], level: str = "INFO") -> None:
    """Log to stderr from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Masking(hidden))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "asyncio", "alembic", "apscheduler", "git"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
