"""``python -m sandbox``, started as ``make demo`` starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from sandbox.attendant import MOST, Attendant, GaveUp

LIMIT = 60.0  # seconds


class Demo:
    """A sandbox in a process of its own."""

    def __init__(self, folder: Path, *more: str) -> None:
        self._words = [sys.executable, "-m", "sandbox", "--folder", str(folder), "--port", "0", *more]
        self.process = subprocess.Popen(self._words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.address = ""

    def until_open(self) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            if found := re.match(r"Open (http://127\.0\.0\.1:\d+)/", line):
                self.address = found[1]
                return self.address
        raise AssertionError(f"no address was printed: {self.process.stderr and self.process.stderr.read()}")

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.address + path, timeout=LIMIT) as answer:  # noqa: S310  # our own address
            return json.load(answer)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        asked = urllib.request.Request(self.address + path, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310  # our own address
        with urllib.request.urlopen(asked, timeout=LIMIT) as answer:  # noqa: S310  # as above
            return json.load(answer)

    def state(self) -> Any:
        return self.get("/client/state?user=U0ALICE")

    def texts(self) -> list[str]:
        return [message["text"] for message in self.state()["messages"]["C0ENGINEERING"]]

    def bot(self) -> psutil.Process:
        found: psutil.Process = wait(
            lambda: next((each for each in psutil.Process(self.process.pid).children() if "bot" in each.cmdline()), None)
        )
        return found

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        code = self.process.wait(LIMIT)
        self.process.communicate()
        return code


def wait(found: Callable[[], Any]) -> Any:
    until = time.monotonic() + LIMIT
    while not (answer := found()):
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)
    return answer


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def begin(*more: str) -> Demo:
        started.append(Demo(tmp_path / "sandbox", *more))
        return started[-1]

    yield begin
    for demo in started:
        if demo.process.poll() is None:
            demo.end(signal.SIGTERM)


def test_a_backup_taken_in_the_demo_is_there_when_it_is_started_again(start: Callable[[], Demo]) -> None:
    demo = start()
    demo.until_open()
    assert demo.post("/client/command", {"user": "U0ALICE", "channel": "C0ENGINEERING", "text": "/backup quick"}) == {"ok": True}
    wait(lambda: any("Quick backup created" in text for text in demo.texts()))
    ordered = demo.post("/production/change", {"what": "order"})["said"]
    landed = demo.post("/production/commit", {"kind": "schema"})["said"]
    production, bot = demo.get("/production"), demo.bot()
    assert demo.end() == 0
    assert not bot.is_running()

    again = start()
    again.until_open()
    assert any("Quick backup created" in text for text in again.texts())
    assert again.get("/production")["tables"] == production["tables"]
    assert again.get("/production")["commit"] == production["commit"]
    assert "ordered" in ordered
    assert production["commit"]["hash"][:6] in landed
    assert again.end(signal.SIGTERM) == 0


def test_a_demo_with_a_staging_deployment_restores_there_and_drills(start: Callable[..., Demo]) -> None:
    demo = start("--staging")
    demo.until_open()

    def typed(text: str, words: str) -> None:
        assert demo.post("/client/command", {"user": "U0BOB", "channel": "C0ENGINEERING", "text": text}) == {"ok": True}
        wait(lambda: any(words in text for text in demo.texts()))

    typed("/backup full", "Full backup created")
    typed("/backup verify weekly", "restored to staging · trout: 8 tables, every fingerprint equal")
    typed("/drill start B", "Drill B on staging · trout")


def test_a_second_sandbox_in_the_same_folder_is_refused_with_a_sentence(start: Callable[[], Demo]) -> None:
    address = start().until_open()
    second = start()
    out, err = second.process.communicate(timeout=LIMIT)
    assert (second.process.returncode, out) == (2, "")
    assert address in err
    assert "--folder" in err
    assert "Traceback" not in err


def test_a_taken_port_is_named_with_one_that_is_free(start: Callable[[], Demo], tmp_path: Path) -> None:
    port = start().until_open().rpartition(":")[2]
    words = [sys.executable, "-m", "sandbox", "--folder", str(tmp_path / "other"), "--port", port]
    done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 2
    assert re.search(rf"Port {port} is taken .* --port \d+", done.stderr)
    assert "Traceback" not in done.stderr


def test_a_bot_that_was_killed_is_started_again(start: Callable[[], Demo]) -> None:
    demo = start()
    demo.until_open()
    before = demo.bot()
    demo.post("/production/bot", {"what": "kill"})
    wait(lambda: not before.is_running())
    wait(lambda: demo.bot().pid != before.pid and demo.state()["connected"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_no_bot_is_left_when_the_sandbox_itself_is_killed(start: Callable[[], Demo]) -> None:
    demo = start()
    demo.until_open()
    bot = demo.bot()
    demo.end(signal.SIGKILL)
    wait(lambda: not bot.is_running())


def test_a_bot_that_cannot_start_is_given_up_with_its_last_lines(tmp_path: Path) -> None:
    attendant = Attendant({"PATH": os.environ["PATH"], "BACKSTOP_CONFIG": str(tmp_path / "none.toml")}, tmp_path / "bot.log")
    attendant.start()
    told: list[str] = []
    with pytest.raises(GaveUp, match=r"none\.toml"):
        wait(lambda: told.append(attendant.look()))  # asked until it raises
    assert sum("started again" in text for text in told) == MOST - 1
