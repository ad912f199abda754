"""Everything with blocks that an app showed, as files: the tests compile them against Slack's own types."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = "BACKSTOP_PAYLOADS"
"""The environment variable that names the folder; without it nothing is written."""


def record(surface: str, payload: Mapping[str, Any]) -> None:
    """Write down a message with blocks, a modal or a home."""
    folder = os.environ.get(FOLDER)
    if folder and payload.get("blocks"):
        path = Path(folder) / f"{surface}-{uuid.uuid4().hex}.json"
        path.write_text(json.dumps({"surface": surface, "payload": dict(payload)}), "utf-8")
