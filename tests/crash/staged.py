"""The same for what works in staging: a verification, a drill, a rehearsal. Staging ends as it was, and production is never touched.

``python -m tests.crash staged sqlite|postgresql [stride] [offset]``.
"""

from __future__ import annotations

from typing import Any

from ops import drill, notes, restore, staging, verification
from ops.choosing import Choice
from ops.journal import Status
from sandbox.convex import ConvexServer
from tests.crash.lives import ID
from tests.crash.real import PUSH, Scene
from tests.shipping import NEVER, Shop, taken

NAME = "gentle-trout-7"
KEY = f"{NAME}|02f00d"
KINDS = (verification.KIND, drill.KIND, restore.STAGING)
SEED = 7


class StagedScene(Scene):
    """A production with a full backup, and a staging with rows of its own, just before the operation."""

    environment = staging.ENVIRONMENT

    def _open(self) -> Shop:
        self.trout = ConvexServer(NAME, [KEY], self.folder / "trout", step=0.01).start()
        self._port = self.trout._serving.port
        self.trout.insert("users", {"name": "somebody on staging"})
        more: dict[str, Any] = {
            "convex": {"deadline": PUSH if self.database else 90, "staging": {"name": "trout", "url": self.trout.url}},
            "secrets": {"convex_staging_key": KEY},
            "verification": {"put_back": True},
        }
        if self.database:
            more["database_url"] = self.database
        return Shop(self.folder, **more)

    def _closed(self) -> None:
        self.trout.stop()

    def _reopened(self) -> None:
        self.trout = ConvexServer(NAME, [KEY], self.folder / "trout", step=0.01, port=self._port).start()

    def _prepare(self, shop: Shop) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """A backup, a staging that proves itself, and what people will say in the drill."""
        with shop.backstop(adopts=False) as backstop:
            services = backstop.services
            made = taken(backstop, "full")
            staging.mark(services)
            if self.kind == verification.KIND:
                choice = Choice(backup=backstop.catalogue.get(made), why="named by a person", seed=SEED)
                params = verification.ask(services, choice)
            elif self.kind == restore.STAGING:
                plan = restore.plan(shop.settings, restore.look(services, made, "staging", stop=NEVER, rehearsal=True), "a rehearsal")
                params = self._started(plan.bound, plan.shown)
            else:
                params = drill.ask(services, drill.find("B"), SEED)
                for kind, text in ((drill.DETECTED, "orders are half gone"), (drill.DECIDED, made)):
                    notes.write(backstop.engine, ID, kind, text, by="U0BOB", id=kind)
            state = self._state(shop)
            return state, state, params

    def _state(self, shop: Shop) -> dict[str, Any]:
        rows = {table: self.trout.fingerprint(table) for table in self.trout.tables() if self.trout.tables()[table]}
        return {**super()._state(shop), "staging": rows, "paused": self.trout.paused}

    def _after_death(self, shop: Shop) -> list[str]:
        """Production is as it was, whatever happens in staging."""
        now = super()._state(shop)
        return [f"production's {name} changed" for name in now if now[name] != self.start[name]]

    def _judged(self, shop: Shop, end: str) -> list[str]:
        wrong = super()._judged(shop, end)
        if left := list((self.folder / "backups").rglob("staging-*.zip")) + list((self.folder / "state").rglob("staging-*.zip")):
            wrong.append(f"staging's own data are still kept: {[path.name for path in left]}")
        view = self._view(shop)
        if view is not None and view.status is Status.SUCCEEDED and (kept := view.result.get("staging")):
            wrong.append(f"staging was not put back: {kept['why']}")
        if view is not None and self.kind == drill.KIND and view.status is Status.SUCCEEDED:
            reports = list((shop.settings.folder / "reports").glob("drill-*.md"))
            wrong += [] if len(reports) == 1 else [f"{len(reports)} reports were written"]
        return wrong
