"""A deployment of the sandbox and the app's code, for the tests of what changes it: pushes, imports, pauses."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.services.convex import Convex, in_between
from ops.settings import Settings, parse
from sandbox.convex import ConvexServer
from tests.convex_cli import KEY, LIST, App, serving

USERS = (
    "users: defineTable({ name: v.string(), age: v.int64(), height: v.number(), photo: v.optional(v.bytes()), odd: v.optional(v.any()) })"
)

MESSAGES = 'messages: defineTable({ author: v.id("users"), body: v.string() }).index("by_author", ["author"])'

NEW_MESSAGES = 'messages: defineTable({ author: v.id("users"), body: v.string(), read: v.boolean() }).index("by_author", ["author"])'
OLD, NEW = f"{USERS}, {MESSAGES}", f"{USERS}, {NEW_MESSAGES}"

PRODUCTION = "production"

GENERATED = Path(__file__).parent.parent / "sandbox/app/convex/_generated"


@pytest.fixture
def server() -> Iterator[ConvexServer]:
    with serving() as server:
        yield server


@pytest.fixture
def app(tmp_path: Path, server: ConvexServer) -> App:
    app = App(tmp_path / "app", server)
    app.write("users.ts", LIST)
    app.write_schema(OLD)
    for name in ("server.js", "server.d.ts", "dataModel.d.ts"):
        app.write(f"_generated/{name}", (GENERATED / name).read_text())
    return app


def convex(server: ConvexServer, folder: Path, key: str = KEY, deadline: int = 60) -> Convex:
    values = {
        "app": {"repository": str(folder)},
        "convex": {"production": {"name": "sturgeon", "url": server.url}, "deadline": deadline},
        "backups": {"folder": str(folder / "backups")},
        "secrets": {"convex_production_key": key},
    }
    return Convex(parse(Settings, values, folder))


@pytest.fixture
def ours(server: ConvexServer, tmp_path: Path) -> Convex:
    return convex(server, tmp_path)


def indexes(server: ConvexServer) -> str:
    """The indexes of the messages, as the schema in force has them."""
    schema = server.deployed.schema
    assert schema
    (table,) = (each for each in schema["tables"] if each["tableName"] == "messages")
    return json.dumps(table["indexes"], sort_keys=True)


def silent(_line: str) -> None:
    """Nobody listens."""


def push(ours: Convex, app: App) -> None:
    ours.deploy(PRODUCTION, app.folder, stop=threading.Event(), said=silent)


def bring(ours: Convex, archive: Path) -> int | None:
    return ours.bring(PRODUCTION, archive, mode="replace-all", stop=threading.Event(), said=silent).rows


def with_new_rows(server: ConvexServer) -> None:
    """Every message is as the new schema wants it, and as the old one does not."""
    for each in server.documents("messages"):
        server.remove("messages", each["_id"])
    author = server.documents("users")[0]["_id"]
    for number in range(2):
        server.insert("messages", {"author": author, "body": f"new {number}", "read": False})


def with_new_rows_through_an_open_schema(ours: Convex, app: App, server: ConvexServer) -> None:
    with in_between(app.folder):
        push(ours, app)
    with_new_rows(server)
