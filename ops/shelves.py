"""The folders that backups lie in: where each file of a backup is, and their manifests as they were last read."""

from __future__ import annotations

import os
import time
from collections.abc import Container, Iterator
from pathlib import Path

from ops import manifest
from ops.manifest import Backup, Type

TYPES: tuple[Type, ...] = ("quick", "full")
_FACTS = ".facts.json"
_PLACES = ("quick", "full", "env", "config", "deltas", ".state/trash")  # what counts as room that backups take

_TRUST = 0.5  # seconds for which folders without a new or missing file are taken to hold the same files
_RACE = 10**8  # nanoseconds: a folder that changed just before we looked may change again without a new time

Stamp = tuple[int, int, int]


def facts_name(backup_id: str) -> str:
    """The name of the file in which a backup's facts stand."""
    return manifest.file_name(backup_id).removesuffix(".json") + _FACTS


class Shelves:
    """The manifests in a folder, each read again only when its file's inode, time or size changed.

    Ours are written by renaming, which changes the folder's time too; so 10,000 files are not asked one by one for each
    of several looks in a row. What a person edits in place is seen half a second later.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stamps: dict[str, Stamp] = {}
        self._read: dict[str, Backup] = {}
        self._times: tuple[int, ...] = ()
        self._trusted_until = 0.0

    def shelf(self, kind: Type) -> Path:
        """The folder of a type, made when it is missing."""
        path = self.folder / kind
        path.mkdir(parents=True, exist_ok=True)
        return path

    def of(self, backup_id: str) -> Path:
        """The folder that a backup belongs in."""
        return self.shelf(manifest.type_of(backup_id))

    def used(self) -> int:
        """Bytes that backups take, trash included."""
        places = (self.folder / name for name in _PLACES)
        return sum(_size(Path(folder) / name) for place in places for folder, _, names in os.walk(place) for name in names)

    def scan(self) -> tuple[dict[str, Backup], set[str]]:
        """Every backup that has a manifest, by id, and those that are new or changed since the last time."""
        began, times = time.time_ns(), tuple(self.shelf(kind).stat().st_mtime_ns for kind in TYPES)
        if times == self._times and time.monotonic() < self._trusted_until:
            return self._read, set()
        fresh = self._scan()
        self._times = times
        self._trusted_until = time.monotonic() + _TRUST if began - max(times) > _RACE else 0.0
        return self._read, fresh

    def _scan(self) -> set[str]:
        """Read the manifests that are new or changed, forget those that are gone; say which were read."""
        stamps = {name: (stamp, shelf) for shelf in map(self.shelf, TYPES) for name, stamp in _stamps(shelf, self._stamps)}
        fresh = {name for name, (stamp, _) in stamps.items() if self._stamps.get(name) != stamp}
        for name in self._stamps.keys() - stamps.keys():
            del self._read[_id(name)]
        for name in fresh:
            self._read[_id(name)] = manifest.read(stamps[name][1] / name)
        self._stamps = {name: stamp for name, (stamp, _) in stamps.items()}
        return set(map(_id, fresh))


def _id(name: str) -> str:
    """The id that a manifest's name carries."""
    return name.replace("-backup-", "-").removesuffix(".json")


def _stamps(shelf: Path, known: Container[str]) -> Iterator[tuple[str, Stamp]]:
    """Each manifest's name with its file's inode, time and size; names that are known need no second look."""
    with os.scandir(shelf) as entries:
        for entry in entries:
            name = entry.name
            if (name in known or manifest.id_of(name)) and (stamp := _stamp(entry)):
                yield name, stamp


def _stamp(entry: os.DirEntry[str]) -> Stamp | None:
    """The file's stamp; a link that leads nowhere has one, a file that went away meanwhile has none."""
    try:
        found = entry.stat(follow_symlinks=not entry.is_symlink() or Path(entry.path).exists())
    except FileNotFoundError:
        return None
    except OSError:  # a link that leads to itself
        found = entry.stat(follow_symlinks=False)
    return found.st_ino, found.st_mtime_ns, found.st_size


def _size(path: Path) -> int:
    """A file's bytes; none when it went away meanwhile."""
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0
