"""What leaves with the data: the safety backup's rows that the backup does not have, counted and kept by table (X2).

Both archives lie here, so it is counted while the import runs: nobody waits for it with the site in maintenance. A delta is made of
it only once the import is done: what never went must not be offered to be brought back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ops import deltas, files, loss
from ops.context import Services
from ops.errors import OpsError
from ops.journal import Operation
from ops.journal.reading import Readings
from ops.restoring.looking import COUNTING, scratch
from ops.services.process import Stopped

STEP = "delta"
Counted = tuple[loss.Loss, list[dict[str, Any]]]
"""What went by table, and what of it is kept."""

_LOOKS = 0.2  # seconds between two looks whether the operation should end


@contextmanager
def leaving(op: Operation, services: Services, *, backup: str, safety: str, shared: bool) -> Iterator[Callable[[], dict[str, Any]]]:
    """Count and keep while the block runs; what is not done when it ends is ended. ``shared``: other tables are left alone.

    Yields:
        what waits for it: what was counted and the delta's id, or why neither is known. It raises Stopped when the process
        goes down; the next one counts again.
    """
    if Readings(services.engine).step_result(op.id, STEP) is not None:
        yield dict  # kept by an earlier process: it is not written again beside its record
        return
    stop, part = threading.Event(), files.temporary(deltas.place(services.settings.folder, safety), op.id)
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="leaving") as pool:
            found = pool.submit(_count, services, backup, safety, part, stop, shared=shared)
            try:
                yield lambda: _kept(found, op, services, part, backup=backup, safety=safety, stop=stop)
            finally:
                stop.set()
    finally:
        part.unlink(missing_ok=True)


def _count(  # noqa: PLR0913 # the facts of one comparison
    services: Services, backup: str, safety: str, part: Path, stop: threading.Event, *, shared: bool
) -> Counted:
    """Compare, and write the rows that go to a file of no name yet."""
    files.make_folder(part.parent)
    part.unlink(missing_ok=True)
    with scratch(services) as folder:
        old, new = map(services.catalogue.archive, (backup, safety))
        return loss.keep(old, new, into=part, scratch=folder, deadline=COUNTING, stop=stop, shared=shared)


def _kept(  # noqa: PLR0913 # where the rows come from and go to, all named
    found: Future[Counted], op: Operation, services: Services, part: Path, *, backup: str, safety: str, stop: threading.Event
) -> dict[str, Any]:
    """Make a delta of them, now that they went; that it cannot be known is no reason to end half-way: the safety backup has every row."""
    while not wait([found], timeout=_LOOKS).done:
        if op.stop.is_set():
            stop.set()
    try:
        counted, kept = found.result()
        if not kept:
            return {"loss": counted.as_json(), "delta": None}
        into = deltas.place(services.settings.folder, safety)
        files.keep(part, into)
        return {"loss": counted.as_json(), "delta": deltas.record(into, kept, backup=backup, safety=safety, operation=op.id).id}
    except Stopped:
        raise
    except OpsError as error:
        return {"unknown": error.message}
    except OSError as error:
        return {"unknown": f"It could not be written down ({error.strerror})."}
