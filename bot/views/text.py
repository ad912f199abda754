"""Words, figures and times as Slack shows them. What other people typed goes through ``escape``, ``code`` or ``plain``, always.

In mrkdwn ``&``, ``<`` and ``>`` are the only characters that can make a mention or a link, so those become entities; marks
that would make text bold or code, or would draw an emoji that looks like the bot's own, become signs that only look like them.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, tzinfo

from ops import words
from ops.words import decimal_size, elapsed

UNKNOWN = "unknown"

_JOINERS = "\u200c\u200d"  # letters of some scripts, and families of emoji, need them
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but for tab and line end
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, or turning the direction
    "\ud800-\udfff\U000e0000-\U000e007f]"  # half a pair, tags
)
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\x85]")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_BRACKETS = str.maketrans({"<": "‹", ">": "›"})
_LOOKALIKES = {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}
_WORD = r"[^\W_ˍˋ]"
_MARKS = {mark: re.compile(rf"(?<!{_WORD})\{mark}(?=\S)|(?<=\S)\{mark}(?!{_WORD})") for mark in _LOOKALIKES}  # snake_case has none
_EMOJI = re.compile(r"(?<![\w:]):([\w+'-]+):(?![\w:])")
_EVERYBODY = re.compile(r"@(?=(?:here|channel|everyone)\b)", re.IGNORECASE)
_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")
_NAMED = re.compile(r"(?<![\w@<])[UW](?=[A-Z]*\d)[A-Z0-9]{3,}(?![\w>])")  # an id has a digit, a word in capitals has none


def clean(text: str) -> str:
    """A text without control characters, halves of surrogate pairs, or marks that turn the direction of reading."""
    return _FORBIDDEN.sub(" ", _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """A clean text on one line."""
    return " ".join(clean(text).split())


def cut(text: str, limit: int) -> str:
    """At most so many characters as Slack counts them, the last an ellipsis if something was left out."""
    if length(text) <= limit:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    while kept and (unicodedata.combining(kept[-1]) or kept[-1] in _JOINERS):
        kept = kept[:-1]
    return kept.rstrip() + "…"


def length(text: str) -> int:
    """Characters as Slack's own clients count them: those beyond the basic plane twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def escape(text: str, limit: int = 300) -> str:
    """Somebody's words on one line, as mrkdwn that shows them and does nothing else."""
    return _harmless(cut(one_line(text), limit))


def escape_lines(text: str, limit: int = 1500) -> str:
    """Somebody's words with their lines."""
    lines = [" ".join(line.split()) for line in clean(text).strip().splitlines()]
    return "\n".join(_harmless(line) for line in cut("\n".join(lines), limit).splitlines())


def prose(text: str, limit: int = 1500) -> str:
    """One of our own sentences, in which `code` stays code; what it quotes cannot become a mention."""
    return _entities(cut(one_line(text), limit))


def code(text: str, limit: int = 300) -> str:
    """Somebody's words as a span of code."""
    shown = cut(one_line(text).replace("`", "ˋ"), limit)
    return f"`{shown.translate(_ENTITIES)}`" if shown else ""


def plain(text: str, limit: int = 150) -> str:
    """Somebody's words where Slack takes plain text (buttons, options, cells)."""
    return cut(_EMOJI.sub("꞉\\1꞉", one_line(text)).translate(_BRACKETS), limit)


def _harmless(line: str) -> str:
    """A line without marks that format, draw or call everybody."""
    for mark, pattern in _MARKS.items():
        if line.count(mark) > 1:
            line = pattern.sub(_LOOKALIKES[mark], line)
    return _entities(_EMOJI.sub("꞉\\1꞉", line))


def _entities(line: str) -> str:
    """Entities for Slack's control characters; a plain "@here" calls nobody either."""
    return _EVERYBODY.sub("@\u2060", line.translate(_ENTITIES))


def mention(who: str | None) -> str:
    """Who it was: a person of Slack's as a mention, the terminal and the schedule by name."""
    if not who:
        return UNKNOWN
    if _PERSON.fullmatch(who):
        return f"<@{who}>"
    door, _, name = who.partition(":")
    return f"{escape(name, 60)} (terminal)" if door == "terminal" and name else escape(who, 60)


def people(text: str) -> str:
    """One of our own sentences, ready as mrkdwn, with the people whose ids it names as mentions."""
    return _NAMED.sub(lambda found: f"<@{found[0]}>", text)


def exact(at: datetime, zone: tzinfo | None = UTC) -> str:
    """A time in full: "2025-01-09 05:48 UTC", where Slack does not put it into the reader's own zone."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def ago(at: datetime) -> str:
    """How long ago, kept up to date by Slack, with the exact time on hover."""
    return _date(at, "{ago}")


def clock(at: datetime) -> str:
    """Day and time in the reader's own zone."""
    return _date(at, "{date_short_pretty} {time}")


def _date(at: datetime, form: str) -> str:
    """Slack's date, with the exact time for what cannot draw it."""
    return f"<!date^{int(at.timestamp())}^{form}|{exact(at)}>"


def size(count: int | None) -> str:
    """Bytes as the documents show them: 5242880 is "5.2 MB"."""
    return UNKNOWN if count is None else decimal_size(count)


def change_of_size(difference: int) -> str:
    """More or fewer bytes: "+0.2 MB", "-1.4 kB", "same size"."""
    return f"{_sign(difference)}{decimal_size(abs(difference))}" if difference else "same size"


def number(count: int | None) -> str:
    """A count with its digits grouped: "118 204"."""
    return UNKNOWN if count is None else words.number(count)


def change_of_number(difference: int) -> str:
    """More or fewer: "+120", "-3", "±0"."""
    return f"{_sign(difference)}{number(abs(difference))}"


def _sign(difference: int) -> str:
    """Plus, minus, or both for nothing."""
    return "+" if difference > 0 else "\u2212" if difference < 0 else "±"


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 row", "118 204 rows"."""
    return words.counted(count, one, many)


def takes(known: float | None, planned: float) -> str:
    """How many seconds something takes, by former ones; before the first, what is planned with, and that it is no more than that."""
    return (
        f"It usually takes about {duration(known)}."
        if known
        else f"How long it takes is not known yet: none was done. Plan with {duration(planned)}."
    )


def duration(span: timedelta | float) -> str:
    """A span: "38 s", "3 m 02 s"."""
    return elapsed(span if isinstance(span, timedelta) else timedelta(seconds=span))
