"""The process that compares: ``python -m ops.loss FOLDER``, which holds asked.json and gets answered.json."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from ops.archive.layout import Unreadable
from ops.loss.comparing import compare


def main(folder: Path) -> None:
    """Compare, and write down what was found."""
    os.nice(19)
    asked = json.loads((folder / "asked.json").read_bytes())
    answer: dict[str, Any]
    try:
        answer = {"tables": compare(Path(asked["old"]), Path(asked["new"]), folder, asked["cores"])}
    except Unreadable as error:
        answer = {"problem": str(error)}
    (folder / "answered.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
