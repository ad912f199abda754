"""One life of a bot that deploys or rolls back for real: ``python -m tests.crash.life scene.json AT SIGNAL``.

It starts the operation of the scene, or takes it up, and sees it end; at one point (its number, or the name that it has when it is
first passed) it is sent a signal. A point is: before each
BEGIN and each COMMIT, each change that is told, before, in the middle of and after each git command and each run of the CLI,
before and after each call by HTTP.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import event

from ops.backstop import Backstop
from ops.journal import Status
from ops.services import process
from ops.settings import Settings, parse
from tests.crash.lives import ID, PATIENCE, Points

_MIDDLE = 0.12  # seconds after a program's start that count as its middle


class Everywhere(Points):
    """The same points, also in the threads in which the CLI runs."""

    def __call__(self, name: str) -> None:
        """A point; the heartbeat's do not count."""
        if threading.current_thread().name.startswith(("operation-", "convex")):
            self.started = False
            if self._is_the_one(name):
                self.strike()

    def _is_the_one(self, name: str) -> bool:
        """Count it; whether the signal is sent here."""
        self.passed += 1
        with self.trace.open("a") as trace:
            trace.write(f"{name}\n")
        found = self.at in {self.passed, name}
        if found:
            self.at = 0
        return found

    def strike(self) -> None:
        """Send the signal."""
        os.kill(os.getpid(), self.number)
        if self.number == signal.SIGTERM:
            self.reached.wait(PATIENCE)

    def middle(self, name: str) -> None:
        """A point that lies in the middle of what begins now."""
        if not threading.current_thread().name.startswith(("operation-", "convex")):
            return
        if self._is_the_one(name):
            threading.Timer(_MIDDLE, self.strike).start()


def watch(points: Everywhere) -> None:
    """Make points of every program and every call by HTTP."""
    run, send = process.run, httpx.Client.send

    def running(command: Any, **facts: Any) -> process.Finished:
        name = " ".join(str(word).rpartition("/")[2] for word in command[:3])[:40]
        points(f"before {name}")
        points.middle(f"in {name}")
        finished = run(command, **facts)
        points(f"after {name}")
        return finished

    def sending(client: httpx.Client, request: httpx.Request, **facts: Any) -> httpx.Response:
        name = f"{request.method} {request.url.path}"[:60]
        points(f"before {name}")
        answer = send(client, request, **facts)
        points(f"after {name}")
        return answer

    process.run = running
    httpx.Client.send = sending  # type: ignore[method-assign, assignment] # only in this process


def main(scene: Path, at: int | str, number: signal.Signals) -> int:
    """The whole life; its exit code is 3 where the operation goes on in another one."""
    logging.disable(logging.CRITICAL)
    told = json.loads(scene.read_text())
    points = Everywhere(at, number, scene.parent / f"trace-{os.getpid()}")
    watch(points)
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    settings = parse(Settings, told["settings"], scene.parent)
    backstop = Backstop.open(settings, adopts=True, changed=lambda _: points("told"), lease=told["lease"])
    event.listen(backstop.engine, "begin", lambda _: points("begin"))
    event.listen(backstop.engine, "commit", lambda _: points("commit"))
    threading.Thread(target=_end, args=(backstop.journal.stop, ending, points), daemon=True).start()
    backstop.journal.open()
    if backstop.journal.get(ID) is None:
        backstop.journal.start(told["kind"], told["params"], by="U0BOB", environment=told["environment"], id=ID)
    view = backstop.journal.wait(ID, PATIENCE)
    backstop.close()
    return 3 if view.status is Status.RUNNING else 0


def _end(stop: Callable[[], None], ending: threading.Event, points: Everywhere) -> None:
    """What a bot does at SIGTERM."""
    ending.wait()
    stop()
    points.reached.set()


if __name__ == "__main__":
    os._exit(main(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2].isdecimal() else sys.argv[2], signal.Signals(int(sys.argv[3]))))
