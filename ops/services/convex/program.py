"""Run the convex CLI in an empty folder of its own, where no `.env.local` of anybody's is read and no login found."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.errors import Refused
from ops.services import process
from ops.services.convex.target import Target

_PACKAGE = '{"dependencies":{"convex":"*"}}'  # all that the CLI wants to see of a project
_SCRATCH = "convex-"
_ONLY_IMPORTS = re.compile(r'#![^\n]*\n\s*import\("([^"]+\.cjs)"\);?\s*')
_OLD = 24 * 3600  # seconds: a folder of that age was left by a killed process


def entry(cli: Path) -> Path:
    """What node is to run of a CLI: where its main file does nothing but import a bundle, that bundle.

    Node reads a CommonJS file twice when it is imported; of the six megabytes that this is, 40 % of the CLI's start.
    """
    only = _ONLY_IMPORTS.fullmatch(cli.read_text(errors="replace"))
    bundle = cli.resolve().parent / only[1] if only else cli
    return bundle.resolve() if bundle.is_file() else cli.resolve()


@dataclass(frozen=True, kw_only=True)
class Running:
    """The CLI at work in a thread of its own; the caller's thread looks after it."""

    outcome: Future[process.Finished]
    stop: threading.Event

    def ended(self, within: float) -> bool:
        """Whether it ends within these seconds."""
        return bool(wait([self.outcome], within).done)

    def end(self) -> None:
        """End it and its children, and return when they are gone."""
        self.stop.set()
        wait([self.outcome])

    def finished(self) -> process.Finished:
        """How it ended."""
        return self.outcome.result()


@dataclass(frozen=True, kw_only=True)
class Program:
    """The CLI, pointed at one deployment."""

    cli: Path
    state: Path  # where its scratch folders are made
    target: Target

    @contextmanager
    def start(self, *words: str, deadline: float, on_line: Callable[[str], None]) -> Iterator[Running]:
        """Run it while the block runs; what is left of it when the block ends is ended.

        Raises:
            Refused: the CLI is not there.
        """
        if not self.cli.is_file():
            raise Refused(f"The Convex CLI is not at {self.cli}.", "Run `make setup`, or correct `[convex] cli`.")
        stop = threading.Event()
        with self._scratch() as folder, ThreadPoolExecutor(1, thread_name_prefix="convex") as pool:
            outcome = pool.submit(
                process.run,
                ("node", str(entry(self.cli)), *words),
                cwd=folder,
                environ={**self.target.environ, "HOME": str(folder)},
                deadline=deadline,
                stop=stop,
                secrets=self.target.secrets,
                on_line=on_line,
            )
            try:
                yield Running(outcome=outcome, stop=stop)
            finally:
                stop.set()

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        """A folder with nothing in it but what the CLI wants to see, gone afterwards."""
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweep()
        with TemporaryDirectory(prefix=_SCRATCH, dir=self.state) as name:
            (Path(name) / "package.json").write_text(_PACKAGE)
            yield Path(name)

    def _sweep(self) -> None:
        """Remove what a killed process left."""
        for left in self.state.glob(f"{_SCRATCH}*"):
            if time.time() - left.stat().st_mtime > _OLD:
                shutil.rmtree(left, ignore_errors=True)
