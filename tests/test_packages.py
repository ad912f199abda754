"""A deploy's packages: those of its commit, installed once for every lock file, by the team's own command."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ops import packages
from ops.areas import Area, by_area
from ops.errors import Failed, Refused
from ops.services.git import Git
from ops.settings import Settings, parse
from tests.remotes import Remote, executable, git

LOCK = {"package.json": '{"name": "app"}', "package-lock.json": '{"lockfileVersion": 3}'}


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote(tmp_path)
    remote.land("First", LOCK)
    return remote


def settings(remote: Remote, folder: Path, install: str) -> Settings:
    values = {
        "app": {"repository": str(remote.path), "install": install},
        "convex": {"production": {"name": "sturgeon"}, "deadline": 30},
        "backups": {"folder": str(folder / "backups")},
    }
    return parse(Settings, values, folder)


def ours(remote: Remote, folder: Path) -> Git:
    return Git(str(remote.path), folder / "backups/.state/repository.git", deadline=30)


def installer(folder: Path, more: str = "") -> str:
    """A package manager that says when it ran, and makes a package."""
    makes = "mkdir -p node_modules/left-pad && cat package.json > node_modules/left-pad/index.js"
    return str(executable(folder / "manager", f"#!/bin/sh\necho ran >> {folder}/runs\n{more}\n{makes}\n"))


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text().splitlines()) if (folder / "runs").exists() else 0


def head(remote: Remote) -> str:
    return git(remote.work, "rev-parse", "HEAD")


def test_the_packages_of_a_lock_file_seen_before_are_not_installed_again(remote: Remote, tmp_path: Path) -> None:
    set_, clone, first = settings(remote, tmp_path, installer(tmp_path)), ours(remote, tmp_path), head(remote)
    second = remote.land("Code only", {"x.ts": "1"})
    for commit, fresh in ((first, True), (first, False), (second, False)):
        with packages.workspace(clone, set_, commit, stop=None) as space:
            assert (space.app / "node_modules/left-pad/index.js").read_text() == LOCK["package.json"]
            assert space.installed is fresh
    assert runs(tmp_path) == 1


def test_another_lock_file_means_other_packages(remote: Remote, tmp_path: Path) -> None:
    set_, clone, first = settings(remote, tmp_path, installer(tmp_path)), ours(remote, tmp_path), head(remote)
    second = remote.land("More packages", {"package.json": '{"name": "other"}', "package-lock.json": '{"lockfileVersion": 4}'})
    for commit, wanted in ((first, LOCK["package.json"]), (second, '{"name": "other"}'), (first, LOCK["package.json"])):
        with packages.workspace(clone, set_, commit, stop=None) as space:
            assert (space.app / "node_modules/left-pad/index.js").read_text() == wanted
    assert runs(tmp_path) == 2


def test_an_installation_that_fails_says_the_managers_last_words_and_is_not_kept(remote: Remote, tmp_path: Path) -> None:
    broken = settings(remote, tmp_path, installer(tmp_path, "mkdir -p node_modules/half; echo 'npm error code E404' >&2; exit 3"))
    clone = ours(remote, tmp_path)
    for _ in range(2):
        with pytest.raises(Failed, match="ended with 3: npm error code E404"), packages.workspace(clone, broken, head(remote), stop=None):
            pass
    assert runs(tmp_path) == 2


def test_a_killed_installation_leaves_nothing_that_counts(remote: Remote, tmp_path: Path) -> None:
    slow = installer(tmp_path, f"[ -e {tmp_path}/slow ] && rm {tmp_path}/slow && mkdir -p node_modules/half && sleep 60")
    (tmp_path / "slow").touch()
    work = (
        "import pathlib, sys; from tests.test_packages import *\n"
        "install, folder, commit = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]\n"
        "remote = Remote.__new__(Remote); remote.path = folder / 'remote.git'\n"
        "with packages.workspace(ours(remote, folder), settings(remote, folder, install), commit, stop=None): pass"
    )
    child = subprocess.Popen([sys.executable, "-c", work, slow, str(tmp_path), head(remote)])
    end = time.monotonic() + 30
    while (tmp_path / "slow").exists() or not runs(tmp_path):
        assert time.monotonic() < end, "the installation never began"
        time.sleep(0.02)
    child.kill()
    child.wait()
    with packages.workspace(ours(remote, tmp_path), settings(remote, tmp_path, slow), head(remote), stop=None) as space:
        assert space.installed
        assert (space.app / "node_modules/left-pad").is_dir()
        assert not (space.app / "node_modules/half").exists()


def test_two_at_once_install_once(remote: Remote, tmp_path: Path) -> None:
    set_, clone, commit = settings(remote, tmp_path, installer(tmp_path, "sleep 0.3")), ours(remote, tmp_path), head(remote)
    seen: list[bool] = []

    def work() -> None:
        with packages.workspace(clone, set_, commit, stop=None) as space:
            seen.append((space.app / "node_modules/left-pad/index.js").exists())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (seen, runs(tmp_path)) == ([True] * 3, 1)


def test_workspaces_that_link_to_the_apps_own_files_are_installed_each_time(remote: Remote, tmp_path: Path) -> None:
    commit = remote.land("Workspaces", {"packages/a/index.js": "1"})
    set_ = settings(remote, tmp_path, installer(tmp_path, "mkdir -p node_modules && ln -s ../packages/a node_modules/a"))
    for _ in range(2):
        with packages.workspace(ours(remote, tmp_path), set_, commit, stop=None) as space:
            assert (space.app / "node_modules/a/index.js").read_text() == "1"
    assert runs(tmp_path) == 2


def test_only_the_latest_trees_are_kept_and_none_that_is_in_use(remote: Remote, tmp_path: Path) -> None:
    set_, clone, first = settings(remote, tmp_path, installer(tmp_path)), ours(remote, tmp_path), head(remote)
    with packages.workspace(clone, set_, first, stop=None) as used:
        for number in range(7):
            commit = remote.land(f"Number {number}", {"package-lock.json": f'{{"lockfileVersion": {number + 10}}}'})
            with packages.workspace(clone, set_, commit, stop=None):
                pass
        assert (used.app / "node_modules/left-pad/index.js").exists()
    kept = [each for each in (tmp_path / "backups/.state/packages").iterdir() if each.is_dir()]
    assert 5 <= len(kept) <= 6


def test_a_commit_without_a_lock_file_is_refused_for_the_usual_command(tmp_path: Path) -> None:
    remote = Remote(tmp_path)
    commit = remote.land("No lock", {"package.json": "{}"})
    with (
        pytest.raises(Refused, match="has no lock file"),
        packages.workspace(ours(remote, tmp_path), settings(remote, tmp_path, "npm ci --prefer-offline"), commit, stop=None),
    ):
        pass


def test_a_manager_that_is_not_there_is_named(remote: Remote, tmp_path: Path) -> None:
    set_ = settings(remote, tmp_path, "no-such-manager install")
    with (
        pytest.raises(Refused, match="`no-such-manager` is not on this machine"),
        packages.workspace(ours(remote, tmp_path), set_, head(remote), stop=None),
    ):
        pass


def test_secrets_of_ours_are_not_in_the_managers_environment(remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONVEX_PRODUCTION_KEY", "SLACK_BOT_TOKEN", "VERCEL_TOKEN", "DATABASE_URL"):
        monkeypatch.setenv(name, "hush-hush")
    set_ = settings(remote, tmp_path, installer(tmp_path, f"env > {tmp_path}/env"))
    with packages.workspace(ours(remote, tmp_path), set_, head(remote), stop=None):
        pass
    assert "hush-hush" not in (tmp_path / "env").read_text()


def test_files_are_told_by_area() -> None:
    paths = ["convex/schema.ts", "convex/orders.ts", "convex/_generated/api.d.ts", "src/page.tsx", "package-lock.json", "README.md"]
    assert by_area(paths) == {
        Area.SCHEMA: ["convex/schema.ts"],
        Area.FUNCTIONS: ["convex/orders.ts"],
        Area.APP: ["src/page.tsx"],
        Area.PACKAGES: ["package-lock.json"],
        Area.OTHER: ["README.md"],
    }
    assert by_area(["web/convex/schema.ts", "web/src/a.ts", "docs/x.ts"], "web") == {
        Area.SCHEMA: ["web/convex/schema.ts"],
        Area.APP: ["web/src/a.ts"],
        Area.OTHER: ["docs/x.ts"],
    }
