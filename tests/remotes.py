"""Real remotes for the tests of git: a bare repository with a developer, and servers on loopback that behave badly."""

from __future__ import annotations

import base64
import contextlib
import http.server
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

PLAIN = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.com",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@example.com",
    "LC_ALL": "C",
}


def git(folder: Path, *words: str, **environ: str) -> str:
    """Run git as a person would, with nobody's settings."""
    done = subprocess.run(["git", "-C", str(folder), *words], env=PLAIN | environ, capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Remote:
    """A bare repository, and a developer who pushes to it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "remote.git"
        self.work = folder / "work"
        subprocess.run(["git", "init", "-q", "--bare", str(self.path)], env=PLAIN, check=True)
        subprocess.run(["git", "init", "-q", str(self.work)], env=PLAIN, check=True)
        if self.path.joinpath("refs/heads/master").exists():  # a copy of one that was used elsewhere
            git(self.work, "remote", "set-url", "origin", str(self.path))
            return
        git(self.work, "checkout", "-q", "-b", "master")
        git(self.work, "remote", "add", "origin", str(self.path))

    def commit(self, message: str = "Change", files: dict[str, str] | None = None, **environ: str) -> str:
        """Commit files (an empty commit if none) and return the hash."""
        for name, text in (files or {}).items():
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            (self.work / name).write_text(text)
        git(self.work, "add", "-A")
        git(self.work, "commit", "-q", "--allow-empty", "-m", message, **environ)
        return git(self.work, "rev-parse", "HEAD")

    def push(self, *words: str) -> None:
        """Push ``master``, or what is asked."""
        git(self.work, "push", "-q", "origin", *(words or ("master",)))

    def land(self, message: str = "Change", files: dict[str, str] | None = None, **environ: str) -> str:
        """Commit and push."""
        commit = self.commit(message, files, **environ)
        self.push()
        return commit

    def has(self, commit: str) -> bool:
        """Whether the remote has an object."""
        return not subprocess.run(
            ["git", "-C", str(self.path), "cat-file", "-e", commit], env=PLAIN, capture_output=True, check=False
        ).returncode

    def clean_up(self) -> None:
        """Forget everything that no ref holds."""
        git(self.path, "reflog", "expire", "--expire=now", "--all")
        git(self.path, "gc", "-q", "--prune=now")

    def hook(self, text: str) -> None:
        """Have a hook judge every push."""
        executable(self.path / "hooks" / "pre-receive", f"#!/bin/sh\n{text}\n")


def executable(path: Path, text: str) -> Path:
    """A script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@contextlib.contextmanager
def web(folder: Path, credentials: str | None = None, status: int = 401, seen: Callable[[], None] = lambda: None) -> Iterator[str]:
    """A web server with a repository's files, for those who bring the credentials; ``seen`` is called at each request."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))  # type: ignore[arg-type] # what socketserver hands over

        def do_GET(self) -> None:
            seen()
            wanted = credentials and f"Basic {base64.b64encode(credentials.encode()).decode()}"
            if self.headers["Authorization"] == wanted:
                return super().do_GET()
            self.send_response(status)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            return self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def listener(answer: bytes | None) -> Iterator[int]:
    """A port that gives an answer and hangs up, or (None) takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()
        taken: list[socket.socket] = []

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = server.accept()
                    taken.append(connection)
                    if answer is not None:
                        connection.recv(4096)
                        connection.sendall(answer)
                        connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()
            for connection in taken:
                connection.close()


def refused_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
