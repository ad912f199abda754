"""What leaves with the data: the safety backup's rows that the backup does not have, counted and kept by table (X2).

Both archives lie here, so it is done while the import runs: nobody waits for it with the site in maintenance.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from ops import deltas, files, loss
from ops.context import Services
from ops.errors import OpsError
from ops.journal import Operation
from ops.journal.reading import Readings
from ops.restoring.looking import COUNTING, scratch
from ops.services.process import Stopped

STEP = "delta"
_LOOKS = 0.2  # seconds between two looks whether the operation should end


@contextmanager
def leaving(op: Operation, services: Services, *, backup: str, safety: str) -> Iterator[Callable[[], dict[str, Any]]]:
    """Count and keep while the block runs; what is not done when it ends is ended.

    Yields:
        what waits for it: what was counted and the delta's id, or why neither is known. It raises Stopped when the process
        goes down; the next one counts again.
    """
    if Readings(services.engine).step_result(op.id, STEP) is not None:
        yield dict  # kept by an earlier process: it is not written again beside its record
        return
    stop = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="leaving") as pool:
        found = pool.submit(_keep, op, services, backup, safety, stop)
        try:
            yield lambda: _waited(found, op, stop)
        finally:
            stop.set()


def _waited(found: Future[dict[str, Any]], op: Operation, stop: threading.Event) -> dict[str, Any]:
    """What was found; that it cannot be known is no reason to end half-way: the safety backup has every row all the same."""
    while not wait([found], timeout=_LOOKS).done:
        if op.stop.is_set():
            stop.set()
    try:
        return found.result()
    except Stopped:
        raise
    except OpsError as error:
        return {"unknown": error.message}
    except OSError as error:
        return {"unknown": f"It could not be written down ({error.strerror})."}


def _keep(op: Operation, services: Services, backup: str, safety: str, stop: threading.Event) -> dict[str, Any]:
    """Compare, and write the rows that go to a delta beside the backups."""
    into = deltas.place(services.settings.folder, safety)
    part = files.temporary(into, op.id)
    part.unlink(missing_ok=True)
    try:
        with scratch(services) as folder:
            old, new = map(services.catalogue.archive, (backup, safety))
            counted, kept = loss.keep(old, new, into=part, scratch=folder, deadline=COUNTING, stop=stop)
        if not kept:
            return {"loss": counted.as_json(), "delta": None}
        files.keep(part, into)
        return {"loss": counted.as_json(), "delta": deltas.record(into, kept, backup=backup, safety=safety, operation=op.id).id}
    finally:
        part.unlink(missing_ok=True)
