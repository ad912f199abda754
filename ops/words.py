"""The few ways in which ops itself puts a figure into words: log lines and error texts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ops.schedules import is_ahead

THIN = "\u202f"
"""The narrow space, never broken, that groups a number's digits."""
_COMMAND = re.compile(r"(?<![\w./])/(backup|ops)\b(?![/.])(?! verify weekly)(?: (\w+))?")
_CHANGE = re.compile(r"(?<=`)/(deploy|rollback|restore database|restore salvage)(?=[` ])")
_CHANGES = {"deploy": "deploy", "rollback": "rollback ID", "restore database": "restore ID", "restore salvage": "deltas"}
_SLACK_ONLY = frozenset({"alerts", "branches", "metrics", "post"})  # no such word at a terminal, so it stays what is typed in Slack


def decimal_size(count: int) -> str:
    """Bytes for people, decimal with one digit: 5242880 is "5.2 MB"."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.95:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def number(count: int) -> str:
    """A count with its digits grouped: "118 204"."""
    return f"{count:,}".replace(",", THIN)


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 row", "118 204 rows"."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def elapsed(span: timedelta) -> str:
    """A span for people: "0.4 s", "38 s", "3 m 02 s", "6 h 12 m", "3 days"."""
    if 0.05 <= span.total_seconds() < 0.95:
        return f"{span.total_seconds():.1f} s"
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} m {seconds % 60:02d} s"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} m"
    return f"{seconds // 86400} days"


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in words; of what lies ahead, that it does."""
    return f"{elapsed(at - now)} ahead of this machine's clock" if is_ahead(at, now) else f"{elapsed(now - at)} ago"


def one_line(text: str, limit: int) -> str:
    """A text without control characters or line ends, cut at a limit with an ellipsis."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def paragraphs(text: str, limit: int) -> str:
    """A text that may have lines, without other control characters, cut at a limit with an ellipsis."""
    clean = "".join(c for c in text.replace("\r\n", "\n") if c.isprintable() or c in "\n\t").strip()
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"


def for_terminal(text: str) -> str:
    """A sentence that names Slack's commands, for somebody at a terminal: `/backup full` is `python -m ops backup full` there."""
    return _CHANGE.sub(_changed, _COMMAND.sub(_typed, text))


def _typed(match: re.Match[str]) -> str:
    """One command as it is typed at a terminal."""
    if match[2] in _SLACK_ONLY:
        return match[0]
    word = match[2] or ("list" if match[1] == "backup" else "--help")
    word = "--help" if word == "help" else word
    return f"python -m ops {'backup ' if word in {'quick', 'full'} else ''}{word}"


def _changed(match: re.Match[str]) -> str:
    """A command that changes production; one without more words only looks, as it does in Slack."""
    alone = match[1] == "deploy" and match.string[match.end()] == "`"
    return f"python -m ops {_CHANGES[match[1]]}{' --dry-run' if alone else ''}"
