"""What somebody did at a terminal some hours ago, while no bot ran: Debian's ``faketime`` sets the clock back for it."""

from __future__ import annotations

import shutil
import subprocess
import sys

from tests.browser import require
from tests.world import ROOT, World, plain


def terminal(around: World, hours: int, *words: str) -> str:
    """Run ``python -m ops`` so many hours ago; what it said."""
    if shutil.which("faketime") is None:
        require("faketime is not on this machine (apt-get install faketime)")
    environ = {name: value for name, value in around.environ.items() if not name.startswith("SLACK")}
    command = ["faketime", "-f", f"-{hours}h", sys.executable, "-m", "ops", *words]
    done = subprocess.run(command, cwd=ROOT, env={**plain(), **environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
