"""The clone that Backstop keeps, and a remote for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.services.git import Git
from tests.remotes import Remote

QUICK = "quick-1701450000000"

FULL = "full-1701450000001"


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote(tmp_path)
    remote.land("First", {"convex/schema.ts": "export default 1;\n", "README.md": "hello\n"})
    return remote


@pytest.fixture
def ours(tmp_path: Path, remote: Remote) -> Git:
    return Git(str(remote.path), tmp_path / "state" / "repository.git", deadline=30)


def anew(ours: Git) -> Git:
    """Another process's view of the same clone."""
    return Git(ours.address.url, ours.clone.path, deadline=30)
