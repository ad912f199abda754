"""The app's own manifest, as far as Slack would act on it: its commands and its scopes.

Read line by line, so that the sandbox needs no YAML library: the file is ours and its shape is plain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

MANIFEST = Path(__file__).resolve().parent.parent.parent / "docs" / "slack-manifest.yaml"


def commands(manifest: Path = MANIFEST) -> list[dict[str, str]]:
    """Each slash command with its description and usage hint."""
    found: list[dict[str, str]] = []
    for line in _under("slash_commands:", manifest):
        name, _, value = line.removeprefix("- ").partition(":")
        if line.startswith("- "):
            found.append({})
        if name in {"command", "description", "usage_hint"}:
            found[-1][name] = _scalar(value.strip())
    return found


def scopes(manifest: Path = MANIFEST) -> frozenset[str]:
    """What the bot's token may do."""
    return frozenset(line.removeprefix("- ").strip() for line in _under("bot:", manifest))


def _under(heading: str, manifest: Path) -> Iterator[str]:
    """The lines under a heading, without their indentation."""
    depth: int | None = None
    for line in manifest.read_text("utf-8").splitlines():
        indentation = len(line) - len(line.lstrip())
        if depth is not None and indentation <= depth and line.strip():
            return
        if depth is not None and line.strip():
            yield line.strip()
        elif line.strip() == heading:
            depth = indentation


def _scalar(value: str) -> str:
    return str(json.loads(value)) if value.startswith('"') else value
