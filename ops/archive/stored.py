"""Stored files: each that is listed is there, with the SHA-256 that its row says."""

from __future__ import annotations

import base64
import hashlib
from binascii import Error
from collections.abc import Iterable, Iterator

import orjson

from ops.archive.layout import Member
from ops.archive.words import STORAGE, lists_files


class Stored:
    """What was listed, and what was there, of an archive that is read from its beginning to its end."""

    def __init__(self) -> None:
        self._listed: dict[str, bytes | None] = {}
        self._there: dict[str, bytes] = {}

    @staticmethod
    def lists(member: Member) -> bool:
        """Whether its rows are files."""
        return member.table is not None and lists_files(member.table)

    @staticmethod
    def is_file(member: Member) -> bool:
        """Whether it is the content of one."""
        return member.table is None and member.name.split("/")[-2:-1] == [STORAGE] and not member.name.endswith(".jsonl")

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
        self._there[f"{folder}/{name.partition('.')[0]}"] = digest.digest()

    def problems(self) -> Iterator[str]:
        """Files that are not there, or are others; an export without any content was taken without file storage."""
        for name, wanted in sorted(self._listed.items()):
            found = self._there.get(name)
            if found is None:
                yield f"the stored file {name.rpartition('/')[2]} is listed and not there"
            elif wanted is not None and found != wanted:
                yield f"the stored file {name.rpartition('/')[2]} is not the one that is listed (sha256 differs)"

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
