"""Uploads: a file that comes in parts."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from sandbox.convex.refusals import Refusal


class Uploads:
    """The parts that lie here, each upload in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)  # of a server that is gone
        folder.mkdir()

    def start(self) -> str:
        """Begin an upload; return its token."""
        token = uuid.uuid4().hex
        (self._folder / token).mkdir()
        return token

    def add(self, token: str, number: int, content: bytes) -> str:
        """Keep a part; return the part's token."""
        (self._find(token) / str(number)).write_bytes(content)
        return f"{token}.{number}"

    def finish(self, token: str, parts: list[str], destination: Path) -> None:
        """Put the parts together."""
        folder = self._find(token)
        with destination.open("wb") as out:
            for part in parts:
                out.write(_part(folder, part).read_bytes())
        shutil.rmtree(folder)

    def _find(self, token: str) -> Path:
        if not token.isalnum() or not (self._folder / token).is_dir():
            raise Refusal("InvalidUploadToken", "There is no such upload")
        return self._folder / token


def _part(folder: Path, token: str) -> Path:
    upload, _, number = token.partition(".")
    if upload != folder.name or not number.isdigit() or not (folder / number).exists():
        raise Refusal("InvalidPartToken", f"The upload has no part {token}")
    return folder / number
