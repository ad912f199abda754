"""A whole production that can be deployed to and rolled back: a real app with its convex CLI, a Convex, a Vercel, a remote."""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ops.backstop import Backstop
from ops.journal import OperationView
from ops.settings import Settings, parse
from sandbox.convex import ConvexServer
from sandbox.vercel import VercelServer
from tests.convex_cli import LIST, MODULES, TYPES, archive_of
from tests.remotes import Remote, git

NAME = "bright-sturgeon-101"
KEY = f"{NAME}|01f00d5eedba5e"
GENERATED = Path(__file__).parent.parent / "sandbox/app/convex/_generated"
PATIENCE = 120.0  # seconds

USERS = "users: defineTable({ name: v.string() })"
ORDERS = "orders: defineTable({ total: v.number(), user: v.string() })"
NEW_ORDERS = "orders: defineTable({ total: v.number(), user: v.string(), paid: v.boolean() })"


def schema(*tables: str) -> str:
    """A schema file."""
    heads = 'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n'
    return f"{heads}export default defineSchema({{\n{chr(10).join(f'  {table},' for table in tables)}\n}});\n"


FILES = {
    "package.json": '{"name": "shop", "dependencies": {"convex": "*"}}\n',
    "package-lock.json": '{"lockfileVersion": 3}\n',
    "convex/tsconfig.json": json.dumps({"compilerOptions": TYPES}),
    "convex/users.ts": LIST,
    "convex/schema.ts": schema(USERS, ORDERS),
    **{f"convex/_generated/{name}": (GENERATED / name).read_text() for name in ("server.js", "server.d.ts", "dataModel.d.ts")},
}


def untyped() -> Path:
    """The packages without TypeScript: the CLI then asks no tsc, which takes a second of every push and is tested elsewhere."""
    slim = MODULES.parent / "build" / "untyped" / "node_modules"
    slim.mkdir(parents=True, exist_ok=True)
    for package in MODULES.iterdir():
        if package.name not in {"typescript", ".package-lock.json"}:
            with suppress(FileExistsError):
                (slim / package.name).symlink_to(package)
    return slim


INSTALL = f"ln -s {untyped()} node_modules"


class Shop:
    """The production, and Backstop beside it."""

    def __init__(self, folder: Path, *, vercel: bool = True, template: Path | None = None, **more: Any) -> None:
        self.folder = folder
        if template is not None:
            shutil.copytree(template, folder, symlinks=True, dirs_exist_ok=True)
        self.remote = Remote(folder)
        if template is not None:
            git(self.remote.work, "checkout", "-q", "main")
            self.first = git(self.remote.path, "rev-list", "--max-parents=0", "refs/heads/master")
        else:
            self.first = self.remote.land("Open the shop", FILES)
            git(self.remote.work, "checkout", "-q", "-b", "main")
            self.remote.push("main")
        self.convex = ConvexServer(NAME, [KEY], folder / "convex", step=0.01).start()
        self.vercel: VercelServer | None = VercelServer(self.remote.path, folder / "vercel", build=0.3).start() if vercel else None
        self.more = more
        if template is None:
            self._fill()

    def _fill(self) -> None:
        """Some rows."""
        for number in range(5):
            self.convex.insert("users", {"name": f"user {number}"})
        for number in range(8):
            self.convex.insert("orders", {"total": float(number), "user": f"user {number % 5}"})

    def close(self) -> None:
        """Stop serving."""
        self.convex.stop()
        if self.vercel:
            self.vercel.stop()

    @property
    def values(self) -> dict[str, Any]:
        """The settings."""
        values: dict[str, Any] = {
            "app": {"repository": str(self.remote.path), "install": INSTALL},
            "convex": {"production": {"name": "sturgeon", "url": self.convex.url}, "deadline": 90},
            "backups": {"folder": str(self.folder / "backups")},
            "roles": {"developer": ["U0ALICE"], "eng_lead": ["U0BOB"], "cto": ["U0CAROL"], "devops": ["U0DAVE"]},
            "secrets": {"convex_production_key": KEY},
        }
        if self.vercel:
            values["vercel"] = {"project": self.vercel.name, "site": self.vercel.site_url}
            values["secrets"]["vercel_token"] = self.vercel.token
            values["vercel_api_url"] = self.vercel.url
            values["smoke"] = [{"url": f"{self.vercel.site_url}/", "text": "Version"}]
        for section, change in self.more.items():
            values[section] = {**values[section], **change} if isinstance(change, dict) and section in values else change
        return values

    @property
    def settings(self) -> Settings:
        """The settings, read as the bot reads them."""
        return parse(Settings, self.values, self.folder)

    @contextmanager
    def backstop(self, *, adopts: bool = True) -> Iterator[Backstop]:
        """Backstop, opened as the bot opens it."""
        backstop = Backstop.open(self.settings, adopts=adopts)
        backstop.journal.open()
        try:
            yield backstop
        finally:
            backstop.close()

    def commit(self, message: str, files: dict[str, str] | None = None) -> str:
        """A commit on main that production does not have."""
        commit = self.remote.commit(message, files or {f"src/{message.replace(' ', '-')}.ts": f"export const said = {message!r};\n"})
        self.remote.push("main")
        return commit

    def deployed(self, backstop: Backstop, message: str, files: dict[str, str] | None = None) -> str:
        """A commit that was deployed after a full backup of what was there; the commit."""
        from ops import asking, deploy
        from ops.deploy import Choice
        from ops.people import at_terminal

        commit = self.commit(message, files)
        plan = deploy.plan(self.settings, deploy.look(backstop.services), Choice(backup="full"), at_terminal())
        view = ended(backstop, asking.ask(backstop, at_terminal(), plan, id=uuid.uuid4().hex[:12]).operation_id)
        assert view.status == "succeeded", view
        return commit

    @property
    def live(self) -> str:
        """The commit of production's branch."""
        return git(self.remote.path, "rev-parse", "refs/heads/master")

    def archive(self, name: str = "now") -> Path:
        """What an export would give now."""
        return archive_of(self.convex, self.folder / f"{name}.zip")

    def rows(self) -> dict[str, str]:
        """Every table's fingerprint."""
        return {table: self.convex.fingerprint(table) for table in self.convex.tables()}


def ended(backstop: Backstop, operation_id: str) -> OperationView:
    """How an operation ended."""
    view = backstop.journal.wait(operation_id, PATIENCE)
    assert view.status != "running", view
    return view


def taken(backstop: Backstop, kind: str) -> str:
    """A backup that was taken; its id."""
    from ops import backup
    from ops.people import at_terminal

    wanted = backup.ask(backstop.services, "full" if kind == "full" else "quick", at_terminal().id)
    view = ended(backstop, backstop.journal.start(wanted.kind, wanted.dump(), by="terminal:test", environment="production"))
    assert view.status == "succeeded", view
    return str(view.result["backup"]["id"])


NEVER = threading.Event()


def second(folder: Path) -> Path:
    """A shop whose second commit was deployed after a full backup, to be copied: it takes ten seconds to come so far."""
    shop = Shop(folder)
    with shop.backstop() as backstop:
        shop.deployed(backstop, "Second")
    shop.close()
    return folder
