"""What of the CLI's words may stand on a card: no key, no place on this machine, no decoration, and nothing of a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ops.services.convex.target import Target
from ops.services.convex.trouble import plain

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # tsc paints its errors whatever it is told
_NOISE = re.compile(r"^(▌|Command would write file|Learn more at|Tip: )")
_WORD = re.compile(r"\w{2,}")
# From here on the CLI quotes the row that does not fit. The error that follows says what is wrong with it, without its content.
_QUOTES = re.compile(r"does not match the schema|Schema validation failed|Hit an error while importing|^(✖ )?Importing data from .* failed")


def uncoloured(said: str) -> str:
    """The text without its colours."""
    return _COLOUR.sub("", said)


@dataclass
class Shown:
    """Passes on the lines of one run, as far as they may be shown."""

    said: Callable[[str], None]
    target: Target
    places: Mapping[str, str] = field(default_factory=dict)  # what stands for a path of this machine
    quoting: bool = False

    def hear(self, line: str) -> None:
        """A line of either stream."""
        bare = uncoloured(line).strip()
        self.quoting = self.quoting or bool(_QUOTES.search(bare))
        if self.quoting or _NOISE.search(bare) or not _WORD.search(bare):
            return
        for path, name in self.places.items():
            bare = bare.replace(path, name)
        self.said(plain(bare, self.target))
