"""The process that looks: ``python -m ops.archive asked.json answered.json``."""

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
    checked = look(Path(values["path"]), Expected.parse(values["expected"]), values["level"])
    Path(answered).write_text(json.dumps(asdict(checked)))


if __name__ == "__main__":
    main(*sys.argv[1:])
