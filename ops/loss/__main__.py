"""The process that compares: ``python -m ops.loss FOLDER``, which holds asked.json and gets answered.json."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from ops.archive.layout import Unreadable
from ops.loss.comparing import compare
from ops.loss.keeping import keep


def main(folder: Path) -> None:
    """Compare, and write down what was found; keep the rows themselves where a place for them is named."""
    os.nice(19)
    asked = json.loads((folder / "asked.json").read_bytes())
    answer: dict[str, Any]
    try:
        into = Path(asked["into"]) if asked["into"] else None
        old, new, marks = Path(asked["old"]), Path(asked["new"]), folder if into else None
        answer = compare(old, new, folder, asked["cores"], marks, shared=asked["shared"])
        if into is not None:
            answer["kept"] = keep(new, folder, into)
    except Unreadable as error:
        answer = {"problem": str(error)}
    (folder / "answered.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
