"""``python -m tests.crash [real|staged] sqlite|postgresql [stride]``: prints what came of it; exit code 1 if anything was wrong."""

from __future__ import annotations

import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.crash import real, staged
from tests.crash.runs import Run, ground, points, run


def main(arguments: Sequence[str]) -> int:
    """Disturb an operation at every stride-th point, both ways."""
    if arguments[0] == "real":
        return real.main(arguments[1:])
    if arguments[0] == "staged":
        return real.main(arguments[1:], staged.KINDS, staged.StagedScene)
    database, stride = arguments[0], int(arguments[1]) if len(arguments) > 1 else 1
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="backstop-crash-") as folder, ground(database, Path(folder)) as where:
        names = points(where)
        runs = [
            told(run(where, at, number), names)
            for number, offset in ((signal.SIGKILL, 1), (signal.SIGTERM, 1 + stride // 2))
            for at in range(offset, len(names) + 1, stride)
        ]
    print(report(database, names, runs, time.monotonic() - began))
    return 1 if any(each.wrong for each in runs) or not any(each.hit for each in runs) else 0


def told(each: Run, names: Sequence[str]) -> Run:
    """Say at once what was wrong."""
    if each.wrong:
        print(f"WRONG at {each.at} ({names[each.at - 1]}), {each.number.name}, lives {each.codes}: {each.wrong}", flush=True)
    return each


def report(database: str, names: Sequence[str], runs: Sequence[Run], seconds: float) -> str:
    """What came of it, in a few lines."""
    lines = [f"{database}: {len(names)} points in an undisturbed operation; {seconds:.0f} s"]
    for number in (signal.SIGKILL, signal.SIGTERM):
        mine = [each for each in runs if each.number is number]
        lines.append(
            f"  {number.name}: {len(mine)} runs, {sum(each.hit for each in mine)} hit, {sum(bool(each.wrong) for each in mine)} wrong, "
            f"{sum(each.halted for each in mine)} halted for a person, a second refused {sum(each.refused for each in mine)} times, "
            f"median {statistics.median([each.seconds for each in mine] or [0]):.2f} s to the end"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
