"""A member's bytes in small blocks: 32 KiB in, 128 KiB out at most, so that no archive can make us hold more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from isal import igzip_lib, isal_zlib

from ops.archive.layout import Member, Unreadable

_IN, _OUT = 32 * 1024, 128 * 1024  # both stay in a core's cache: twice as fast as larger ones


def blocks(file: IO[bytes], member: Member) -> Iterator[bytes]:
    """The uncompressed bytes of a member.

    Raises:
        Unreadable: damaged, longer or shorter than the directory says, or its CRC differs.
    """
    crc = length = 0
    for block in _stored(file, member) if member.stored else _deflated(file, member):
        crc = isal_zlib.crc32(block, crc)
        length += len(block)
        if length > member.size:
            raise Unreadable(f"{member.name} holds more than the {member.size} bytes that it claims")
        yield block
    if length != member.size:
        raise Unreadable(f"{member.name} is cut: {length} of {member.size} bytes")
    if crc != member.crc:
        raise Unreadable(f"{member.name} is damaged (CRC)")


def _raw(file: IO[bytes], member: Member) -> Iterator[bytes]:
    """The bytes as they lie in the file."""
    file.seek(member.start)
    left = member.compressed
    while left:
        block = file.read(min(_IN, left))
        if not block:
            raise Unreadable(f"{member.name} is cut")
        left -= len(block)
        yield block


_stored = _raw


def _deflated(file: IO[bytes], member: Member) -> Iterator[bytes]:
    """Inflate, never more than a block at a time."""
    inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
    try:
        for raw in _raw(file, member):
            block = inflater.decompress(raw, _OUT)
            while block:
                yield block
                block = b"" if inflater.eof or inflater.needs_input else inflater.decompress(b"", _OUT)
            if inflater.eof:
                break
    except (igzip_lib.error, EOFError, ValueError) as error:
        raise Unreadable(f"{member.name} is damaged ({error})") from None
    if not inflater.eof:
        raise Unreadable(f"{member.name} is cut")
