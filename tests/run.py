"""Run every test that this machine can run, compile every payload that was sent, and name what was left out.

``python -m tests.run [pytest arguments]``. With CI=true something left out is an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import forked, payloads

COMPILED = Path(__file__).parent / "compiled" / "keep.cjs"

NEEDED = {
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "the page in a browser", "apt-get install chromium"),
    "postgresql": (("initdb",), "everything on PostgreSQL", "apt-get install postgresql"),
    "faketime": (("faketime",), "the bot under other clocks", "apt-get install faketime"),
}


def missing() -> dict[str, str]:
    """What this machine lacks, each with what is left out and how to install it."""
    places = os.pathsep.join([os.environ.get("PATH", ""), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))])
    lacking = {name: needed for name, needed in NEEDED.items() if not any(shutil.which(program, path=places) for program in needed[0])}
    return {name: f"{what} ({how})" for name, (_, what, how) in lacking.items()}


def node(folder: Path) -> Path:
    """A folder with a node in it that keeps what it compiled: the same program, started with ``tests/compiled/keep.cjs``."""
    folder.mkdir()
    found = shutil.which("node")
    (folder / "node").write_text(f'#!/bin/sh\nexec "{found}" --require "{COMPILED}" "$@"\n')
    (folder / "node").chmod(0o755)
    return folder


def main(arguments: list[str]) -> int:
    """Run pytest in parallel, then the compiler over the payloads."""
    left_out = missing()
    if left_out and os.environ.get("CI") == "true":
        print(f"Missing on this machine: {', '.join(left_out)}. Left out: {'; '.join(left_out.values())}.")
        return 1
    with tempfile.TemporaryDirectory(prefix="payloads-") as folder:
        environment = {**os.environ, "BACKSTOP_PAYLOADS": folder, forked.WANTED: "1"}
        environment["PATH"] = f"{node(Path(folder) / 'bin')}{os.pathsep}{environment['PATH']}"
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of bots and terminals start: each would compile all of it again
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            os.environ.get("WORKERS", "4"),
            "--dist",
            "worksteal",
            "--durations",
            "25",
            *arguments,
        ]
        tested = subprocess.run(command, env=environment, check=False).returncode
        compiled = 0 if arguments else payloads.main([folder])
    print(f"Left out on this machine: {'; '.join(left_out.values())}." if left_out else "Nothing was left out on this machine.")
    return tested or compiled


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
