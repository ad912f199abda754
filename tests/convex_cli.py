"""The real Convex CLI, for the tests of the sandbox's Convex: as a person at a terminal calls it."""

from __future__ import annotations

import json
import os
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from ops.services.convex.program import entry
from ops.services.trusted import certificates
from sandbox.convex import ConvexServer, archive

MODULES = Path(__file__).parent.parent / "node_modules"
MAIN = MODULES / "convex" / "bin" / "main.js"
KEY = "bright-sturgeon-101|a-key-of-the-sandbox"

TYPES = {"strict": True, "noEmit": True, "skipLibCheck": True, "module": "ESNext", "moduleResolution": "Bundler", "target": "ESNext"}
LIST = """import { query } from "./_generated/server";
export const list = query({ args: {}, handler: async (ctx) => await ctx.db.query("users").collect() });
"""


class Ran(NamedTuple):
    """What a run of the CLI gave."""

    code: int
    out: str
    told: str
    """What it said to a person, on stderr."""


class Cli:
    """The CLI in a folder, pointed at a deployment as somebody with a self-hosted one does it."""

    def __init__(self, folder: Path, server: ConvexServer, key: str = KEY) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "package.json").exists():
            (folder / "package.json").write_text('{"dependencies": {"convex": "*"}}')
        self.environment = plain(folder) | {"CONVEX_SELF_HOSTED_URL": server.url, "CONVEX_SELF_HOSTED_ADMIN_KEY": key}

    def run(self, *words: str) -> Ran:
        """Run it to its end."""
        with self.running(*words) as process:
            out, told = process.communicate(timeout=90)
        return Ran(process.returncode, out, told)

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Run it, and go on; what runs at the end is killed."""
        command = ["node", str(entry(MAIN)), *words]
        stdin, pipe = subprocess.DEVNULL, subprocess.PIPE
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment, text=True, stdin=stdin, stdout=pipe, stderr=pipe)
        with process:
            try:
                yield process
            finally:
                process.kill()

    def export(self, name: str, *words: str) -> Path:
        """Export to a new file."""
        path = self.folder / name
        ran = self.run("export", "--path", str(path), *words)
        assert ran.code == 0, ran.told
        return path


class App(Cli):
    """A small real app with a schema and a function."""

    def write_schema(self, tables: str, options: str = "") -> None:
        """Give it a schema."""
        heads = 'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n'
        self.write("schema.ts", f"{heads}export default defineSchema({{ {tables} }}{options});\n")

    def write(self, name: str, text: str) -> None:
        """Give it a module."""
        folder = self.folder / "convex"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        if not (self.folder / "node_modules").exists():
            (self.folder / "node_modules").symlink_to(MODULES)
            (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": TYPES}))

    def deploy(self, *words: str) -> Ran:
        """Deploy, without asking tsc: it takes a second."""
        return self.run("deploy", "--typecheck", "disable", *words)


@contextmanager
def serving() -> Iterator[ConvexServer]:
    """A deployment with two users, and three messages of one of them."""
    server = ConvexServer("bright-sturgeon-101", [KEY], step=0.005).start()
    ada = server.insert("users", {"name": "ada", "age": 36, "height": 1.7, "photo": {"$bytes": "AAEC"}})
    server.insert("users", {"name": "bob", "age": 41, "height": 2.0, "odd": {"$float": "AAAAAAAA+H8="}})
    for number in range(3):
        server.insert("messages", {"author": ada, "body": f"hello {number} é😀"})
    yield server
    server.stop()


def prints(server: ConvexServer) -> dict[str, str]:
    """Every table's fingerprint."""
    return {table: server.fingerprint(table) for table in server.tables()}


def call(server: ConvexServer, address: str, content: bytes | None = None, **asked: Any) -> Any:
    """Call the deployment without the CLI."""
    body = json.dumps(asked).encode() if content is None else content
    answer = httpx.post(server.url + address, headers={"Authorization": f"Convex {KEY}"}, timeout=60, content=body, verify=certificates())
    return answer.json() if answer.content else None


def query(server: ConvexServer, path: str, **arguments: object) -> Any:
    """Ask one of the system's queries."""
    return call(server, "/api/query", path=path, format="convex_encoded_json", args=[arguments])["value"]


def uploaded(server: ConvexServer, archive: bytes, mode: str = "replaceAll") -> str:
    """An import that waits to be confirmed."""
    token = call(server, "/api/import/start_upload")["uploadToken"]
    part = call(server, f"/api/import/upload_part?uploadToken={token}&partNumber=1", archive)
    asked = {"import": {"mode": mode, "format": "zip"}, "uploadToken": token, "partTokens": [part]}
    identifier = str(call(server, "/api/import/finish_upload", **asked)["importId"])
    wait_until(lambda: state(server, identifier) == "waiting_for_confirmation", "the import waits")
    return identifier


def state(server: ConvexServer, identifier: str) -> str:
    """How far an import is."""
    return str(query(server, "_system/cli/queryImport:default", importId=identifier)["state"]["state"])


def archive_of(server: ConvexServer, path: Path, *, with_files: bool = False) -> Path:
    """What an export would give now, without the CLI: a second is saved."""
    with server._deployment.database.snapshot() as snapshot, path.open("wb") as out:
        archive.write(snapshot.connection, out, with_files=with_files)
    return path


def refused(ran: Ran, words: str) -> None:
    """The CLI failed, and said so."""
    assert ran.code == 1, ran
    assert words in ran.told


def plain(home: Path) -> dict[str, str]:
    """An environment with nobody's settings."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "CI": "1", "NO_COLOR": "1"}


def rows(path: Path, table: str) -> list[bytes]:
    """A table's lines in an archive."""
    with zipfile.ZipFile(path) as opened:
        return opened.read(f"{table}/documents.jsonl").splitlines()


def rewritten(path: Path, new: Path, changed: dict[str, bytes | None]) -> Path:
    """A copy of an archive with some members changed, added or (None) left out."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(new, "w") as out:
        for name in old.namelist():
            if name not in changed:
                out.writestr(name, old.read(name))
        for name, content in changed.items():
            if content is not None:
                out.writestr(name, content)
    return new


def line(document: dict[str, object]) -> bytes:
    """A document as a line of JSON."""
    return json.dumps(document).encode() + b"\n"


def wait_until(so: Callable[[], bool], what: str) -> None:
    """Wait for a state, for as long as a busy machine may need."""
    end = time.monotonic() + 60
    while not so():
        assert time.monotonic() < end, f"it never happened: {what}"
        time.sleep(0.02)
