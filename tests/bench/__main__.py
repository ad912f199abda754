"""``python -m tests.bench [--quick]``: the whole table; ``--quick`` leaves out what takes 500 MB."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.bench import acks, archives, backups
from tests.bench.lines import Line


def lines(*, quick: bool) -> Iterator[Line]:
    """Every line, as soon as it is known."""
    yield from acks.figures()
    yield from backups.quick()
    yield from backups.full(1, 5)
    if quick:
        yield from archives.figures(50, 5)
    else:
        yield from backups.full(500, 3)
        yield from archives.figures(500, 5)


def main() -> None:
    """Print the table."""
    print(f"{'what':<58} {'ours':>22} {'beside':>30}   aim")
    for line in lines(quick="--quick" in sys.argv):
        print(line.row, flush=True)


if __name__ == "__main__":
    main()
