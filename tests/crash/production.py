"""A production in a folder, and a rollback of it: steps that are safe to repeat, steps that must look, and one that halts."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ops.journal import Halted, Interrupted, Operation

REDO = Interrupted.REDO
STEPS = ["look", "safety backup", "maintenance on", "restore", "switch", "invoice", "smoke test", "maintenance off"]
FORMER, WANTED = "v2", "v1"


def unwatched(_name: str) -> None:
    """Nobody kills us here."""


@dataclass(frozen=True)
class Production:
    """Files that stand for servers; ``point`` marks where the process may be killed."""

    root: Path
    point: Callable[[str], None] = unwatched

    def make(self) -> None:
        """As it is before the rollback."""
        self.root.mkdir(parents=True)
        for name, text in {"release": FORMER, "database": f"data of {FORMER}", "maintenance": "off"}.items():
            (self.root / name).write_text(text)

    def read(self, name: str) -> str:
        """One of its files."""
        return (self.root / name).read_text()

    def effects(self) -> list[str]:
        """What was done to it, in order."""
        path = self.root / "effects.log"
        return path.read_text().splitlines() if path.exists() else []

    def did(self, effect: str) -> None:
        """Note an effect, for good."""
        with (self.root / "effects.log").open("a") as log:
            log.write(f"{effect}\n")
            log.flush()
            os.fsync(log.fileno())

    def write(self, name: str, text: str) -> str:
        """Change a file in one go."""
        (self.root / f"{name}.new").write_text(text)
        self.point(f"{name} half written")
        (self.root / f"{name}.new").rename(self.root / name)
        self.did(f"{name}={text}")
        self.point(f"{name} written")
        return text

    def restore(self, operation_id: str) -> str:
        """Change the data in place: a crash leaves it half restored."""
        self.did("restore begins")
        (self.root / "database").write_text("half")
        self.point("database half restored")
        (self.root / "database").write_text(f"data of {WANTED} by {operation_id}")
        self.did("restore ends")
        self.point("database restored")
        return WANTED

    def restored(self, operation_id: str) -> str | None:
        """Whether the data was restored."""
        if self.read("database") == "half":
            raise Halted("The database is half restored.", "The safety backup has its former content.")
        return WANTED if self.read("database").endswith(operation_id) else None

    def switched(self) -> str | None:
        """Whether the release was switched."""
        return WANTED if self.read("release") == WANTED else None

    def invoice(self) -> str:
        """Something that nobody can look up."""
        self.point("before the invoice")
        self.did("invoice")
        self.point("after the invoice")
        return "sent"

    def smoke_test(self, op: Operation) -> str:
        """Look whether it answers."""
        op.progress(asked=1)
        self.point("smoke test")
        return f"{self.read('release')} answers"


def rollback(op: Operation, production: Production) -> None:
    """Return to the former release, with its data."""
    op.step("look", lambda: production.read("release"), if_interrupted=REDO)
    op.step("safety backup", lambda: production.write("backup", production.read("database")), if_interrupted=REDO)
    op.step("maintenance on", lambda: production.write("maintenance", "on"), if_interrupted=REDO)
    op.step("restore", lambda: production.restore(op.id), if_interrupted=partial(production.restored, op.id), touches=True)
    op.step("switch", lambda: production.write("release", WANTED), if_interrupted=production.switched)
    op.step("invoice", production.invoice)
    op.step("smoke test", lambda: production.smoke_test(op), if_interrupted=REDO)
    op.step("maintenance off", lambda: production.write("maintenance", "off"), if_interrupted=REDO, cancellable=False)
    op.result(release=WANTED)
