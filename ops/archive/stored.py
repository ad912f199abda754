"""Stored files: each that is listed is there, with the SHA-256 that its row says."""

from __future__ import annotations

import base64
import hashlib
from binascii import Error
from collections.abc import Iterable, Iterator

import orjson

from ops.archive.layout import SHAPE, Member
from ops.archive.words import STORAGE, lists_files


class Stored:
    """What was listed, and what was there, of an archive that is read from its beginning to its end."""

    def __init__(self) -> None:
        self._listed: dict[str, bytes | None] = {}
        self._there: dict[str, bytes] = {}
        self._twice: set[str] = set()

    @staticmethod
    def lists(member: Member) -> bool:
        """Whether its rows are files."""
        return member.table is not None and lists_files(member.table)

    @staticmethod
    def is_file(member: Member) -> bool:
        """Whether it is the content of one."""
        folder, name = ["", *member.name.split("/")][-2:]
        return member.table is None and folder == STORAGE and name not in {"", SHAPE}  # the folder itself may be a member

    def rows(self, member: Member, several: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
        """Note what is listed; the rows are handed on."""
        folder = member.name.rpartition("/")[0]
        for rows in several:
            for row in rows:
                self._note(folder, row)
            yield rows

    def _note(self, folder: str, row: bytes) -> None:
        """One file, if the row is one; what is none is told elsewhere."""
        try:
            found = orjson.loads(row)
            name, said = str(found["_id"]), str(found.get("sha256") or "")
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return
        self._listed[f"{folder}/{name}"] = _hash(said)

    def file(self, member: Member, blocks: Iterable[bytes]) -> None:
        """Hash a content; its CRC is checked on the way."""
        digest = hashlib.sha256()
        for block in blocks:
            digest.update(block)
        folder, _, name = member.name.rpartition("/")
        key = f"{folder}/{name.partition('.')[0]}"  # its extension comes from its type, and an import does not ask for it
        if key in self._there:
            self._twice.add(key)
        self._there[key] = digest.digest()

    def problems(self) -> Iterator[str]:
        """Files that are not there, are others, are there twice, or are none that was listed: an import would take any of these."""
        for name, wanted in sorted(self._listed.items()):
            found = self._there.get(name)
            if found is None:
                yield f"the stored file {name.rpartition('/')[2]} is listed and not there"
            elif wanted is not None and found != wanted:
                yield f"the stored file {name.rpartition('/')[2]} is not the one that is listed (sha256 differs)"
        yield from (f"the stored file {name.rpartition('/')[2]} is there twice" for name in sorted(self._twice))
        unlisted = sorted(self._there.keys() - self._listed.keys())
        yield from (f"the stored file {name.rpartition('/')[2][:80]} is there and not listed" for name in unlisted)

    @property
    def items(self) -> int:
        """How many contents were looked at."""
        return len(self._there)


def _hash(said: str) -> bytes | None:
    """The SHA-256 of a row, in base64; None where it says none."""
    try:
        found = base64.b64decode(said, validate=True)
    except (Error, ValueError):
        return None
    return found if len(found) == hashlib.sha256().digest_size else None
