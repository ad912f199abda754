"""An operation that is killed at any point comes to its true end; ``make crash`` tries every point, this a stride of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import DATABASES, require_postgresql

STRIDE = {"sqlite": 11, "postgresql": 23}


@pytest.mark.parametrize("database", DATABASES)
def test_an_operation_that_is_killed_anywhere_comes_to_its_true_end(database: str) -> None:
    if database == "postgresql":
        require_postgresql()
    command = [sys.executable, "-m", "tests.crash", database, str(STRIDE[database])]  # a process of its own: it forks
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
