"""Compile every payload that was sent against Slack's own types, after checking it against Slack's limits.

A type alone allows any block in a window, and lengths are comments only: so blocks are narrowed to those that are known, the
payloads are written as literals (only these are checked for unknown keys), and the limits are looked at here. Slack's types do not
have ``data_visualization`` yet: the one of ours is from its reference.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.views.limits import BadPayload, Surface, check

ROOT = Path(__file__).resolve().parent.parent.parent
TSC = ROOT / "node_modules" / ".bin" / "tsc"
TYPES = ROOT / "node_modules" / "@slack" / "types" / "dist" / "index.d.ts"

HEAD = """\
import type { HomeView, KnownBlock, ModalView } from "@slack/types";
type Series = { name: string; data: { label: string; value: number }[] };
type Line = { type: "line"; series: Series[]; axis_config: { categories: string[] } };
type Chart = { type: "data_visualization"; block_id?: string; title: string; chart: Line };
type Known = KnownBlock | Chart;
type Of<View> = Omit<View, "blocks"> & { blocks: Known[] };
type message = { text: string; blocks?: Known[] }; type modal = Of<ModalView>; type home = Of<HomeView>;
"""
_OPTIONS = {"strict": True, "noEmit": True, "module": "esnext", "moduleResolution": "bundler", "types": [], "skipLibCheck": True}
_COMPLAINT = re.compile(r"^payloads\.ts\((\d+),\d+\): error (.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One payload, where it was shown, and where it was found."""

    name: str
    surface: Surface
    payload: Mapping[str, Any]

    @property
    def literal(self) -> str:
        """As TypeScript: what is not Block Kit (a channel, a thread) is left out of a message."""
        kept = self.payload if self.surface != "message" else {key: self.payload[key] for key in ("text", "blocks") if key in self.payload}
        return json.dumps(kept)


def collect(folder: Path) -> list[Sent]:
    """The payloads in a folder, each once."""
    found: dict[str, Sent] = {}
    for path in sorted(folder.rglob("*.json")):
        values = json.loads(path.read_text("utf-8"))
        sent = Sent(name=path.name, surface=values["surface"], payload=values["payload"])
        found.setdefault(f"{sent.surface} {sent.literal}", sent)
    return list(found.values())


def complaints(payloads: Iterable[Sent]) -> list[str]:
    """What is wrong with these: with their lengths, then with their types."""
    whole = list(payloads)
    return [*_too_much(whole), *_mistyped(whole)]


def _too_much(payloads: Iterable[Sent]) -> list[str]:
    """What breaks a limit."""
    found = []
    for sent in payloads:
        try:
            check(sent.payload, sent.surface)
        except BadPayload as bad:
            found.append(f"{sent.name}: {bad}")
    return found


def _mistyped(payloads: list[Sent]) -> list[str]:
    """What the compiler says, with the payload's name: each literal is one line."""
    with tempfile.TemporaryDirectory(prefix="compile-") as name:
        folder = Path(name)
        lines = [f"export const p{place}: {sent.surface} = {sent.literal};" for place, sent in enumerate(payloads)]
        (folder / "payloads.ts").write_text(HEAD + "\n".join(lines) + "\n", "utf-8")
        options = {**_OPTIONS, "paths": {"@slack/types": [str(TYPES)]}}
        (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["payloads.ts"]}), "utf-8")
        done = subprocess.run([TSC, "--project", folder, "--pretty", "false"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    first = HEAD.count("\n") + 1
    found = [f"{payloads[int(line) - first].name}: {what}" for line, what in _COMPLAINT.findall(done.stdout)]
    return found or [f"tsc: {(done.stdout + done.stderr).strip()}"]


def main(arguments: list[str]) -> int:
    """``python -m tests.payloads FOLDER``: 0 when every payload there is as Slack wants it; none at all is a failure."""
    payloads = collect(Path(arguments[0]))
    wrong = complaints(payloads) if payloads else [f"{arguments[0]} holds no payload: nothing was checked."]
    print("\n".join(wrong) if wrong else f"{len(payloads)} payloads compile against @slack/types and keep Slack's limits.")
    return 1 if wrong else 0
