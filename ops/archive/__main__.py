"""The process that looks: ``python -m ops.archive asked.json answered.json``; how far it is goes to its output."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from ops.archive.checking import look
from ops.archive.words import Expected


def main(asked: str, answered: str) -> None:
    """Look, and write down what was found."""
    os.nice(19)
    values = json.loads(Path(asked).read_bytes())
    expected = None if values["expected"] is None else Expected.parse(values["expected"])
    checked = look(Path(values["path"]), expected, values["level"], _tell)
    Path(answered).write_text(json.dumps(asdict(checked)))


def _tell(done: int, items: int) -> None:
    """One line for whoever waits."""
    sys.stdout.write(json.dumps({"done": done, "items": items}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
