"""Whatever is done to an archive is said in a clause: it never passes, never stops the look, and never takes much memory."""

import json
import os
import random
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.archive import Checked, Expected, checking
from tests import archives
from tests.archives import Members, line, members, packed, renamed, rows, with_entry, with_method_in_header

USERS = "users/documents.jsonl"
LIST = "_tables/documents.jsonl"
MEMORY = 60_000  # kB that the process may hold


def look(path: Path, content: Members | bytes, level: int = 3, expected: Expected | None = None) -> Checked:
    return checking.look(archives.written(path / "convex.zip", content), expected, level)


def without(content: Members, *names: str) -> Members:
    return {name: data for name, data in content.items() if name not in names}


def end_of(change: Callable[[bytes], bytes]) -> Callable[[Members], bytes]:
    return lambda content: change(packed(content))


DAMAGES: dict[str, tuple[Callable[[Members], Members | bytes], int | None, str]] = {
    "empty file": (lambda _: b"", None, "its archive is empty"),
    "a web page": (lambda _: b"<html>502 Bad Gateway</html>" * 9, 1, "it is no ZIP"),
    "22 bytes lost": (end_of(lambda data: data[:-22]), 1, "it is no ZIP, it is cut"),
    "appended": (end_of(lambda data: data + b"\n"), 1, "something was appended"),
    "put before": (end_of(lambda data: b"\x00" + data), 1, "its directory is not where it should be"),
    "hole": (end_of(lambda data: data[:100] + bytes(60) + data[160:]), 1, "is damaged"),
    "comment": (end_of(lambda data: data[:-2] + b"\x02\x00hi"), 1, "something was appended"),
    "no members": (lambda _: packed({}), 1, "it holds no list of tables"),
    "no list": (lambda content: without(content, LIST), 1, "it holds no list of tables: it is no Convex export"),
    "empty list": (lambda content: {**content, LIST: b""}, 1, "the table orders is there and not listed"),
    "no table at all": (lambda _: {"README.md": b"x", LIST: b""}, 1, "it holds no table, so nothing in it could be checked"),
    "list not JSON": (lambda content: {**content, LIST: b"<html>\n"}, 1, "its list of tables cannot be read"),
    "list of numbers": (lambda content: {**content, LIST: b"1\n"}, 1, "its list of tables cannot be read"),
    "list names a path": (lambda content: {**content, LIST: line({"id": 1, "name": "../users"})}, 1, "names '../users', which is no table"),
    "list names a number": (lambda content: {**content, LIST: line({"id": 1, "name": 7})}, 1, "names '7', which is no table"),
    "list cut": (lambda content: {**content, LIST: content[LIST][:-1]}, 1, f"{LIST} ends in the middle of a row"),
    "listed twice": (lambda content: {**content, LIST: content[LIST] + line({"id": 1, "name": "users"})}, 1, "users is listed 2 times"),
    "a stored file is missing": (lambda content: without(content, "_storage/kg2.bin"), 1, "the stored file kg2 is listed and not there"),
    "a stored file is another": (
        lambda content: {**content, "_storage/kg2.bin": b"\x00\xff\x00\xfe"},
        1,
        "the stored file kg2 is not the one that is listed (sha256 differs)",
    ),
    "a stored file more": (
        lambda content: {**content, "_storage/kg3.txt": b"x"},
        1,
        "the stored file kg3 is there and not listed",
    ),
    "a stored file twice, the right one last": (
        lambda content: {**without(content, "_storage/kg2.bin"), "_storage/kg2.png": b"x", "_storage/kg2.txt": content["_storage/kg2.bin"]},
        1,
        "the stored file kg2 is there twice",
    ),
    "stored files without their list": (
        lambda content: without(content, "_storage/documents.jsonl"),
        1,
        "the stored file kg2 is there and not listed",
    ),
    "table missing": (lambda content: without(content, USERS), 1, "the table users is listed and not there"),
    "component's table missing": (
        lambda content: without(content, "_components/waitlist/users/documents.jsonl"),
        1,
        "the table waitlist/users is listed and not there",
    ),
    "component's list missing": (
        lambda content: without(content, "_components/waitlist/_components/auth/_tables/documents.jsonl"),
        1,
        "the table waitlist/auth/tokens is there and not listed",
    ),
    "table under a path": (
        lambda content: {**without(content, USERS), "a/users/documents.jsonl": content[USERS]},
        1,
        "it holds a member named 'a/users/documents.jsonl', which no export has",
    ),
    "row cut": (lambda content: {**content, USERS: content[USERS][:-1]}, 1, f"{USERS} ends in the middle of a row"),
    "up and out": (lambda content: {**content, "../evil": b"x"}, 1, "named '../evil', which no export has"),
    "absolute": (lambda content: {**content, "/etc/passwd": b"x"}, 1, "named '/etc/passwd', which no export has"),
    "backslashes": (lambda content: renamed(packed(content), "README.md", "..\\ADM.md"), 1, "which no export has"),
    "a control character": (lambda content: renamed(packed(content), "README.md", "READM\x1b.md"), 1, "which no export has"),
    "twice": (
        lambda content: renamed(packed({**content, "userz/documents.jsonl": b""}), "userz/", "users/"),
        1,
        "it holds 'users/documents.jsonl' twice",
    ),
    "inside another": (lambda content: with_entry(packed(content), USERS, header=1), 1, "lies inside another"),
    "all at the first": (lambda content: with_entry(packed(content), "empty/documents.jsonl", header=0), 1, "lies inside another"),
    "claims less": (lambda content: with_entry(packed(content), USERS, size=1), 1, f"{USERS} holds more than the 1 bytes that it claims"),
    "claims more": (lambda content: with_entry(packed(content), USERS, size=999), 1, f"{USERS} is cut: "),
    "claims a terabyte": (lambda content: with_entry(packed(content), USERS, size=0xFFFFFFF0), 1, "claims to hold 4294967280 bytes in "),
    "compressed too short": (lambda content: with_entry(packed(content), USERS, compressed=9), 1, f"{USERS} is "),
    "compressed too long": (lambda content: with_entry(packed(content), USERS, compressed=99999), 1, "lies inside another"),
    "compressed a little too long": (
        lambda content: with_entry(packed({**content, "z": b"z" * 500}), "z", compressed=20),
        1,
        "z has something behind its end",
    ),
    "another CRC": (lambda content: with_entry(packed(content), USERS, crc=1), 1, f"{USERS} is damaged (CRC)"),
    "encrypted": (lambda content: with_entry(packed(content), USERS, flags=9), 1, f"{USERS}' is encrypted"),
    "another method": (lambda content: with_entry(packed(content), USERS, method=14), 1, "compressed in a way that no export uses"),
    "bzip2": (lambda content: packed(content, method=zipfile.ZIP_BZIP2, streamed=False), 1, "compressed in a way that no export uses"),
    "stored, but not": (lambda content: with_entry(packed(content), USERS, method=0), 1, "claims to hold"),
    "a link": (lambda content: with_entry(packed(content), USERS, attributes=0o120777 << 16), 1, f"{USERS}' is no file"),
    "a folder that holds something": (lambda content: {**content, "users/": b"x"}, 1, "'users/' is no file"),
    "half a 64-bit field": (lambda content: with_entry(packed(content), USERS, size=0xFFFFFFFF), 1, "its directory is damaged"),
    "not JSON": (lambda content: {**content, USERS: content[USERS] + b"{\n"}, 2, "row 4 of users cannot be read"),
    "an empty row": (lambda content: {**content, USERS: b"\n" + content[USERS]}, 2, "row 1 of users cannot be read"),
    "no document": (lambda content: {**content, USERS: content[USERS] + b"7\n"}, 2, "row 4 of users cannot be read"),
    "no _id": (lambda content: {**content, USERS: b"{}\n" + content[USERS]}, 2, "row 1 of users cannot be read"),
    "an _id that is none": (lambda content: {**content, USERS: line({"_id": [1]})}, 2, "row 1 of users cannot be read"),
    "an _id twice": (lambda content: {**content, USERS: content[USERS] * 2}, 2, "an _id stands twice in users"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damage_is_said_and_stops_the_level_that_it_belongs_to(tmp_path: Path, damage: str) -> None:
    change, level, says = DAMAGES[damage]

    checked = look(tmp_path, change(archives.export()))

    assert checked.level == level
    assert any(says in problem for problem in checked.problems), checked.problems


def test_an_archive_that_is_cut_anywhere_stays_below_l2(tmp_path: Path) -> None:
    whole = packed(archives.export())
    for length in range(0, len(whole), 7):
        checked = look(tmp_path, whole[:length], level=2)
        assert (checked.level or 0) < 2
        assert checked.problems


def test_no_flip_of_a_bit_lets_other_content_pass(tmp_path: Path) -> None:
    whole = packed(archives.export())
    sound = look(tmp_path, whole)
    chosen = random.Random(7)
    for _ in range(1500):
        place, bit = chosen.randrange(len(whole)), chosen.randrange(8)
        flipped = bytearray(whole)
        flipped[place] ^= 1 << bit
        checked = look(tmp_path, bytes(flipped))
        assert checked.level in {1, 3}, (place, bit, checked)
        assert checked.problems if checked.level == 1 else checked.tables == sound.tables, (place, bit, checked)


def test_a_storm_of_damage_never_stops_the_look(tmp_path: Path) -> None:
    whole = packed(archives.export())
    chosen = random.Random(11)
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(chosen.randrange(1, 40)):
            broken[-chosen.randrange(1, len(whole) // 2)] = chosen.randrange(256)
        checked = look(tmp_path, bytes(broken))
        assert checked.level == 3 or checked.problems


@pytest.mark.parametrize(
    "content", [b"PK\x05\x06" + b"\xff" * 18, b"PK\x05\x06" + bytes(18), b"PK\x06\x07" + b"\xff" * 16 + b"PK\x05\x06" + bytes(18)]
)
def test_an_end_without_a_zip_is_none(tmp_path: Path, content: bytes) -> None:
    checked = look(tmp_path, content)
    assert checked.level == 1
    assert checked.problems


def test_what_is_no_file_is_not_there(tmp_path: Path) -> None:
    assert checking.look(tmp_path, None, 3).problems == ("its archive is not there",)
    assert checking.look(tmp_path / "gone.zip", None, 3).problems == ("its archive is not there",)
    (tmp_path / "loop").symlink_to("loop")
    assert checking.look(tmp_path / "loop", None, 3).level is None


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    path = archives.written(tmp_path / "convex.zip", archives.export())
    path.chmod(0)
    if os.geteuid() == 0:
        pytest.skip("the superuser may read everything")

    checked = checking.look(path, None, 2)

    assert (checked.level, checked.problems) == (None, ("its archive cannot be read (Permission denied)",))


def test_a_file_that_goes_away_while_it_is_read_says_so(tmp_path: Path) -> None:
    large = packed({"README.md": bytes(30_000_000), **members({})}, method=zipfile.ZIP_STORED, streamed=False)
    path = archives.written(tmp_path / "convex.zip", large)

    def remove(_done: int, _items: int) -> None:
        path.write_bytes(b"")

    checked = checking.look(path, None, 2, remove)

    assert (checked.level or 0) < 2
    assert checked.problems


def _entries(count: int) -> bytes:
    """A directory of many members in next to nothing."""
    entry = b"PK\x01\x02" + bytes(24) + b"\x01\x00" + bytes(16) + b"x"
    return entry * count + b"PK\x05\x06" + bytes(4) + b"\xff\xff" * 2 + (len(entry) * count).to_bytes(4, "little") + bytes(6)


def _zeros(size: int, *, line_end: bool = False) -> bytes:
    """So many bytes, deflated."""
    squeezer, block = zlib.compressobj(9, zlib.DEFLATED, -15), (b"\n" if line_end else b"\0") * 10**6
    return b"".join([*(squeezer.compress(block) for _ in range(size // 10**6)), squeezer.flush()])


def _bomb(size: int, *, claims: int | None = None, line_end: bool = False) -> bytes:
    """A small export whose table is enormous once inflated."""
    deflated = _zeros(size, line_end=line_end)
    stored = packed({**members({"users": []}), USERS: deflated}, method=zipfile.ZIP_STORED, streamed=False)
    opened = with_entry(stored, USERS, method=8, size=claims or size, compressed=len(deflated))
    return with_method_in_header(opened, USERS, 8)


BOMBS: dict[str, tuple[Callable[[], Members | bytes], str]] = {
    "zeros": (lambda: _bomb(10**9), "has a row of more than 16 MB"),
    "zeros that claim to be few": (lambda: _bomb(10**9, claims=1000), "holds more than the 1000 bytes that it claims"),
    "line ends": (lambda: _bomb(10**9, line_end=True), "has more rows than its "),
    "a row of 100 MB": (
        lambda: {**archives.export(), USERS: b'{"_id":"' + os.urandom(50 * 10**6).hex().encode() + b'"}\n'},
        "more than 16 MB",
    ),
    "a million members": (lambda: _entries(10**6), "its end is damaged"),
    "a list of a million tables": (
        lambda: {LIST: b"".join(line({"name": f"t{n}"}) for n in range(10**6))},
        "it lists more than 100,000 tables",
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_takes_neither_much_memory_nor_long(tmp_path: Path, bomb: str) -> None:
    make, says = BOMBS[bomb]
    path = archives.written(tmp_path / "convex.zip", make())

    answer = _looked_by_itself(path)

    assert answer["level"] == 1
    assert says in answer["problems"][0]
    assert answer["memory"] < MEMORY


def _looked_by_itself(path: Path) -> dict[str, Any]:
    """The answer of the process that looks, with the most memory that it or its own child held."""
    code = (
        "import json, resource, sys; from pathlib import Path; from dataclasses import asdict; from ops.archive.checking import look;"
        "found = asdict(look(Path(sys.argv[1]), None, 3));"
        "own = next(line.split()[1] for line in Path('/proc/self/status').read_text().splitlines() if line.startswith('VmHWM'));"
        "print(json.dumps({**found, 'memory': int(own) + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=Path(__file__).parents[1], capture_output=True, check=True, timeout=120
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_a_large_table_with_its_ids_is_looked_at_in_little_memory(tmp_path: Path) -> None:
    content = members({"users": rows("u", 250_000)})
    path = archives.written(tmp_path / "convex.zip", content)

    answer = _looked_by_itself(path)

    assert (answer["level"], answer["problems"]) == (3, [])
    assert answer["memory"] < MEMORY


def test_an_id_that_stands_twice_far_apart_is_found(tmp_path: Path) -> None:
    several = rows("u", 210_000)

    checked = look(tmp_path, members({"users": [*several, several[0]]}))

    assert (checked.level, checked.problems) == (2, ("an _id stands twice in users",))
