"""Keeps the real bot running as a child: its log in a file, started again when it dies, ended first."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

PATIENCE = 15.0  # seconds that the bot has to end in good order
MOST = 5  # deaths within
SPAN = 60.0  # seconds, after which it is left alone

_SHOWN = 12  # lines


class GaveUp(Exception):
    """The bot died again and again."""


class Attendant:
    """Starts the bot, looks after it, and ends it.

    Args:
        environ: the bot's whole environment.
        log: the file that gets what it says, begun anew.
    """

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        self._environ, self.log = environ, log
        self._child: subprocess.Popen[bytes] | None = None
        self._deaths: deque[float] = deque(maxlen=MOST)
        self._killed = False
        log.write_bytes(b"")

    def start(self) -> None:
        """Start it. Always from the same thread: on Linux the bot ends with the thread that started it."""
        with self.log.open("ab") as out:
            command = [*_guarded(), sys.executable, "-m", "bot"]
            # In a session of its own, so that Ctrl-C reaches only us: the bot is ended in our order.
            self._child = subprocess.Popen(
                command, env=self._environ, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    def renew(self, environ: Callable[[], Mapping[str, str]]) -> None:
        """End it in good order, and start it with the environment that then is; from the thread that started it."""
        self.stop()
        self._killed = False
        try:
            self._environ = environ()
        finally:
            self.start()

    def look(self) -> str:
        """Start the bot again if it is dead, and say so; an empty text while it lives.

        Raises:
            GaveUp: it died too often.
        """
        if self._child is None or self._child.poll() is None:
            return ""
        code, self._child = self._child.returncode, None
        if self._killed:
            self._killed = False
            self.start()
            return "The bot was killed from the page; it is started again."
        if self._too_often():
            raise GaveUp(f"The bot ended {MOST} times within {SPAN:.0f} seconds, the last time with code {code}. {self._tail()}")
        self.start()
        return f"The bot ended with code {code}; it is started again. {self._tail()}"

    def kill(self) -> str:
        """End it without a word, as a power cut would; from any thread."""
        if self._child is None or self._child.poll() is not None:
            return "The bot is not running."
        self._killed = True
        self._child.kill()
        return "The bot is killed."

    def stop(self) -> None:
        """End it in good order, and wait until it is gone."""
        child, self._child = self._child, None
        if child is None or child.poll() is not None:
            return
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _too_often(self) -> bool:
        now = time.monotonic()
        self._deaths.append(now)
        return len(self._deaths) == MOST and now - self._deaths[0] < SPAN

    def _tail(self) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines()[-_SHOWN:]
        return "\n".join([f"Its last lines, from {self.log}:", *(f"    {line}" for line in lines)])


def _guarded() -> list[str]:
    """Words that have the kernel end the bot when we are gone without having said so."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv and sys.platform == "linux" else []
