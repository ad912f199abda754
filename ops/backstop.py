"""Everything of ops, opened from the settings once: by the bot, and by the terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Engine

from ops import backup, deploy, drill, maintenance, pausing, restore, retaining, rollback, salvage, verification, verify, watch
from ops.catalogue import Catalogue
from ops.context import Services
from ops.database import open_database
from ops.journal import Journal
from ops.services.convex import Convex
from ops.services.git import Git
from ops.services.vercel import Vercel
from ops.settings import Settings
from ops.sweep import Swept, sweep
from ops.trash import Trash

LEASE = 30.0  # seconds that an operation stays a silent process's, where nothing can prove that process dead


def _nobody(_operation_id: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, kw_only=True)
class Backstop:
    """What can be done, and what it is done with."""

    services: Services
    journal: Journal

    @classmethod
    def open(cls, settings: Settings, *, adopts: bool, changed: Callable[[str], None] = _nobody, lease: float = LEASE) -> Backstop:
        """Open the folder, the database and the journal; operations that a dead process left are taken up (by the bot)."""
        for folder in (settings.folder / "quick", settings.folder / "full", settings.state / "runners"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = open_database(settings.database)
        services = Services(
            settings=settings,
            engine=engine,
            catalogue=Catalogue(settings.folder, engine),
            git=Git(settings.app.repository, settings.state / "repository.git"),
            convex=Convex(settings),
            vercel=Vercel(settings),
        )
        kinds = (
            *backup.kinds(services),
            verify.kind(services),
            verification.kind(services),
            drill.kind(services),
            deploy.kind(services),
            *rollback.kinds(services),
            *restore.kinds(services),
            salvage.kind(services),
            watch.kind(services),
            *maintenance.kinds(services),
            pausing.kind(services),
        )
        runners = settings.state / "runners"
        return cls(services=services, journal=Journal(engine, kinds, adopts=adopts, lease=lease, runners=runners, changed=changed))

    def close(self) -> None:
        """End what runs as interrupted, and let go of the database."""
        self.journal.close()
        self.engine.dispose()

    @property
    def settings(self) -> Settings:
        """The settings it was opened from."""
        return self.services.settings

    @property
    def engine(self) -> Engine:
        """The database."""
        return self.services.engine

    @property
    def catalogue(self) -> Catalogue:
        """All backups."""
        return self.services.catalogue

    @cached_property
    def trash(self) -> Trash:
        """The deleted ones."""
        return Trash(self.catalogue, self.settings.retention.trash_hours)

    def in_use(self) -> set[str]:
        """Backups that an unfinished operation works with."""
        return retaining.in_use(self.engine)

    def tidy(self) -> Swept:
        """At start: finish what a crash left of deletions, remove temporary files whose operation has ended, apply retention."""
        self.trash.finish()
        self.catalogue.rebuild()
        swept = sweep(self.settings.folder, self._ended)
        retaining.apply(self.services)
        return swept

    def _ended(self, operation_id: str) -> bool:
        """Whether an operation is known, and over."""
        view = self.journal.get(operation_id)
        return view is not None and view.finished_at is not None
