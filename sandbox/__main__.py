"""``python -m sandbox``: a Slack workspace, a production and the real bot, at one address."""

from __future__ import annotations

import argparse
import errno
import signal
import socket
import sys
import threading
from pathlib import Path

from sandbox.attendant import GaveUp
from sandbox.demo import PAGE, Demo
from sandbox.folder import Taken

PORT = 4800
"""Always the same, so that an address that somebody kept stays right."""
REFUSED = 2  # exit code: it could not be started as asked

_START = "python -m sandbox"


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C; the exit code."""
    asked = _parser().parse_args(arguments)
    stop = _stop_on_signals()
    if not (PAGE / "index.html").exists():
        return _refuse(f"The page is not built yet ({PAGE}). `make demo` builds it.")
    try:
        Demo(asked.folder, asked.port, _say, staging=asked.staging).run(stop)
    except Taken as taken:
        return _refuse(f"{taken} End that one, or give this one a folder of its own: {_START} --folder DIR --port {_free_port()}")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return _refuse(f"The sandbox cannot be started: {error}.")
        return _refuse(f"Port {asked.port} is taken by another program. Choose another: {_START} --port {_free_port()}")
    except GaveUp as gave_up:
        _say(str(gave_up))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_START, description="A Slack workspace and a production on this machine, with the real bot.")
    parser.add_argument("--port", type=_port, default=PORT, help=f"where the page is (default: {PORT})")
    parser.add_argument("--folder", type=Path, default=Path(".sandbox"), help="where everything is kept (default: .sandbox)")
    parser.add_argument("--staging", action="store_true", help="with a staging deployment, for drills and weekly verifications")
    return parser


def _port(text: str) -> int:
    """A port's number; 0 takes a free one."""
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: a number from 0 to 65535 belongs here")
    return int(text)


def _stop_on_signals() -> threading.Event:
    """An event that is set by Ctrl-C, by a plain kill, and by a terminal that closes."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return REFUSED


def _say(what: str) -> None:
    print(what, flush=True)


def _free_port() -> int:
    """A port that is free at the moment, near ours."""
    for port in range(PORT + 1, PORT + 200):
        with socket.socket() as found:
            if found.connect_ex(("127.0.0.1", port)):
                return port
    return 0


if __name__ == "__main__":
    sys.exit(main())
