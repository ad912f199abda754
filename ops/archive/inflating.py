"""A member's bytes in small blocks: 32 KiB in, 128 KiB out at most, so that no archive can make us hold more."""

from __future__ import annotations

from collections.abc import Iterator

from isal import igzip_lib, isal_zlib

from ops.archive.directory import skip_local_header
from ops.archive.layout import LOCAL_HEADER, Member, Unreadable
from ops.archive.tape import Tape

_IN, _OUT = 32 * 1024, 128 * 1024  # both stay in a core's cache: twice as fast as larger ones


def blocks(tape: Tape, member: Member) -> Iterator[bytes]:
    """The uncompressed bytes of a member, which lies further on.

    Raises:
        Unreadable: damaged, longer or shorter than the directory says, or its CRC differs.
    """
    entry = member.entry
    _go_to_data(tape, member)
    crc = length = 0
    for block in _raw(tape, member) if member.stored else _inflated(tape, member):
        crc = isal_zlib.crc32(block, crc)
        length += len(block)
        if length > entry.size:
            raise Unreadable(f"{member.name} holds more than the {entry.size} bytes that it claims")
        yield block
    if length != entry.size:
        raise Unreadable(f"{member.name} is cut: {length} of {entry.size} bytes")
    if crc != entry.crc:
        raise Unreadable(f"{member.name} is damaged (CRC)")


def _go_to_data(tape: Tape, member: Member) -> None:
    """Go behind its local header, which must be this member's."""
    tape.forward(member.entry.header)
    more = skip_local_header(tape.read(LOCAL_HEADER), member.entry)
    if not tape.read(more).startswith(member.entry.raw_name):
        raise Unreadable(f"the header of {member.name} is damaged")


def _raw(tape: Tape, member: Member) -> Iterator[bytes]:
    """The bytes as they lie in the file."""
    left = member.entry.compressed
    while left:
        block = tape.read(min(_IN, left))
        if not block:
            raise Unreadable(f"{member.name} is cut")
        left -= len(block)
        yield block


def _inflated(tape: Tape, member: Member) -> Iterator[bytes]:
    """Inflate, never more than a block at a time."""
    inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
    rest = _raw(tape, member)
    try:
        for raw in rest:
            block = inflater.decompress(raw, _OUT)
            while block:
                yield block
                block = b"" if inflater.eof or inflater.needs_input else inflater.decompress(b"", _OUT)
            if inflater.eof:
                break
    except (igzip_lib.error, EOFError, ValueError) as error:  # type: ignore[misc]  # its stub takes the class for an instance
        raise Unreadable(f"{member.name} is damaged ({error})") from None
    if not inflater.eof:
        raise Unreadable(f"{member.name} is cut")
    if inflater.unused_data or next(rest, b""):
        raise Unreadable(f"{member.name} has something behind its end")
