"""Print the promised figures, all from one run: ``python -m tests.bench [--quick]``; ``--quick`` leaves out what is 500 MB."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.bench import acks, changing, checking, full, history, losing, quick, rest, restoring
from tests.bench.figures import Figure, table

Part = Callable[[Path], Iterator[Figure]]


def parts(*, short: bool) -> dict[str, Part]:
    """What is measured, in this order."""
    large: dict[str, Part] = (
        {"checking": partial(checking.measured, megabytes=20, n=5)}
        if short
        else {"full-500": partial(full.measured, megabytes=500, n=2), "checking": partial(checking.measured, megabytes=500, n=5)}
    )
    return {
        "acks": acks.measured,
        "quick": quick.measured,
        "full-1": partial(full.measured, megabytes=1, n=5),
        **large,
        "listing": rest.listing,
        "history": history.measured,
        "changing": changing.beside,
        "click": changing.click,
        "packages": changing.kept,
        "journal": changing.journal,
        "restore": partial(restoring.beside, megabytes=20 if short else 100, n=5),
        "loss": partial(losing.measured, sizes=(5, 20) if short else (50, 500, 2000)),
        "idle": rest.idle,
    }


def measured(name: str, part: Part) -> list[Figure]:
    """A part's figures, in a folder of its own; one that breaks says so and lets the others be measured."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"backstop-bench-{name}-") as folder:
        figures: list[Figure] = []
        try:
            figures.extend(part(Path(folder)))
        except Exception:  # noqa: BLE001  # whatever it was, it is printed, and the run ends with 1
            traceback.print_exc()
            figures.append(Figure(what=f"{name}: broke off, see above", ours=0, unit="", most=-1, n=0))
    sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    return figures


def main() -> int:
    """Measure all, print the table; 1 if a part broke off, for an aim that is missed is a figure too."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    asked.add_argument("--quick", action="store_true", help="leave out what is 500 MB")
    asked.add_argument("--only", action="append", metavar="PART", help="measure this part only; may be given again")
    options = asked.parse_args()
    wanted = {name: part for name, part in parts(short=options.quick).items() if not options.only or name in options.only}
    figures = [figure for name, part in wanted.items() for figure in measured(name, part)]
    print(table(figures))
    print(f"\n{sum(figure.missed for figure in figures)} of {len(figures)} figures miss their aim. Medians of n; times are wall times.")
    return int(any(not figure.n for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
