"""The ids of rows that were created or changed, written down by table while two archives are compared."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

WIDTH = 16  # bytes that are known of an id
CREATED, CHANGED = SORTS = ("created", "changed")


class Marks:
    """Writes them down, where somebody wants to know."""

    def __init__(self, folder: Path | None, table: str) -> None:
        self._files = {sort: place(folder, sort, table).open("wb") for sort in SORTS} if folder else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def note(self, sort: str, mark: bytes) -> None:
        """One of that sort."""
        if self._files:
            self._files[sort].write(mark)


def place(folder: Path, sort: str, table: str) -> Path:
    """Where the ids of a sort lie."""
    return folder / f"{sort}-{file_name(table)}"


def digest(row_id: Any) -> bytes:
    """What is known of an id."""
    return blake2b(str(row_id).encode(), digest_size=WIDTH).digest()


def file_name(table: str) -> str:
    """A table's name as a file's; a component's table has its path in it."""
    return table.replace("/", "~")
