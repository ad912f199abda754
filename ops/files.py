"""Writing to the disk so that a crash leaves the old or the new, never a half."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ops.errors import Failed, Refused

_TEMPORARY = re.compile(r"^\.(?P<name>.+)\.(?P<operation>[0-9A-Za-z_-]+)\.part$")


class DiskFull(Refused):
    """There is too little room left for a backup."""


class NotWritten(Failed):
    """A file could not be written."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a volume has left, in bytes."""

    free: int
    total: int

    @property
    def reserve(self) -> int:
        """What must stay free: the machine and its database live there too."""
        return max(200 * 1000**2, self.total // 20)


def room(folder: Path) -> Room:
    """Ask the volume on which the folder lies."""
    usage = shutil.disk_usage(folder)
    return Room(free=usage.free, total=usage.total)


def require_room(folder: Path) -> None:
    """Refuse to begin a backup on a volume that is nearly full.

    Raises:
        DiskFull: with what is left and what must be.
    """
    there = room(folder)
    if there.free < there.reserve:
        raise DiskFull(
            f"Only {there.free // 1000**2} MB are free where backups lie; {there.reserve // 1000**2} MB must stay free.",
            "Free some room there, or delete backups that are not needed: `/backup list`.",
        )


def temporary(path: Path, operation: str) -> Path:
    """The name under which an operation writes, beside the final one."""
    return path.with_name(f".{path.name}.{operation}.part")


def leftovers(folder: Path) -> Iterator[tuple[Path, str]]:
    """Temporary files in a folder, each with the operation that wrote it."""
    for path in sorted(folder.glob(".*.part")):
        if match := _TEMPORARY.match(path.name):
            yield path, match["operation"]


def there(path: Path) -> bool:
    """Whether a folder has an entry of that name, even a link that leads nowhere."""
    return os.path.lexists(path)


def make_folder(path: Path) -> None:
    """Make a folder, readable by us only, that is there after a crash too."""
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        sync(path.parent)


def write(path: Path, content: bytes, operation: str) -> None:
    """Write a file whole: temporary name, fsync, rename, fsync of the folder; readable by us only.

    Raises:
        NotWritten: the disk is full, or the folder is not ours; what was there is as before.
    """
    part = temporary(path, operation)
    with _or_nothing(part, path):
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        move(part, path)


@contextmanager
def _or_nothing(part: Path, path: Path) -> Iterator[None]:
    """Leave no half behind when the disk says no."""
    try:
        yield
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise NotWritten(
            f"{path.name} could not be written: {error.strerror}.",
            "See that there is room where backups lie, and that it may be written to.",
        ) from error


def keep(part: Path, path: Path) -> None:
    """Give a file that another program wrote its final name, durably."""
    part.chmod(0o600)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    move(part, path)


def move(source: Path, target: Path) -> None:
    """Rename within a volume; both folders are durable afterwards."""
    source.replace(target)
    for folder in {source.parent, target.parent}:
        sync(folder)


def sync(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
