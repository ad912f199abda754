"""The few ways in which ops itself puts a figure into words: log lines and error texts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ops.schedules import is_ahead

THIN = "\u202f"
"""The narrow space, never broken, that groups a number's digits."""
_COMMAND = re.compile(r"`/((?:backup|ops|deploy|rollback|restore)(?: [^`]*)?)`")
_SLACK_ONLY = re.compile(r"backup verify weekly$|ops (alerts|branches|metrics|post)\b")  # nothing at a terminal does the same
_OTHERWISE = {  # how a command begins in Slack, and what does the same at a terminal; else the words are the same there
    r"backup$": "list",
    r"ops( help)?$": "--help",
    r"deploy$": "deploy --dry-run",
    r"rollback\b": "rollback ID",
    r"restore database\b": "restore ID",
    r"restore salvage\b": "deltas",
}
_FIRST = re.compile(r"ops |backup (?!quick\b|full\b)")  # the word that is not typed at a terminal


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
    return _COMMAND.sub(_typed, text)


def _typed(match: re.Match[str]) -> str:
    """One command as it is typed at a terminal."""
    said = match[1]
    if _SLACK_ONLY.match(said):
        return match[0]
    there = next((there for begins, there in _OTHERWISE.items() if re.match(begins, said)), _FIRST.sub("", said, count=1))
    return f"`python -m ops {there}`"
