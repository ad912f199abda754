"""Load pushed modules in node, as Convex does in its own runtime, to learn the schema and the functions.

This runs the top level of the pushed code on this machine: the sandbox takes pushes on loopback only.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from sandbox.convex.code import Source
from sandbox.convex.refusals import Refusal

_PROGRAM = Path(__file__).with_name("analyse.mjs")
_SECONDS = 60
_SHARED = "_deps/"  # chunks that modules import, no modules of their own


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What the code defines."""

    schema: dict[str, Any] | None
    modules: dict[str, Any]


def analyse(modules: Mapping[str, Source], schema: Source | None, variables: Mapping[str, str]) -> Analysis:
    """Load all of it. Raise Refusal with node's words if it does not load."""
    with tempfile.TemporaryDirectory(prefix="sandbox-analysis-") as name:
        folder = Path(name)
        for module in [*modules.values(), *([schema] if schema else [])]:
            _write(folder, module)
        own = [path for path in modules if not path.startswith(_SHARED)]
        asked = {"schema": schema["path"] if schema else None, "modules": own, "variables": dict(variables)}
        (folder / "asked.json").write_bytes(orjson.dumps(asked))
        (folder / "package.json").write_text('{"type": "module"}')
        _run(folder)
        return Analysis(**orjson.loads((folder / "found.json").read_bytes()))


def _write(folder: Path, module: Source) -> None:
    top = folder / "modules"
    path = (top / module["path"]).resolve()
    if not path.is_relative_to(top.resolve()):
        raise Refusal("InvalidModulePath", f"{module['path']} is no path of a module")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(module["source"])


def _run(folder: Path) -> None:
    try:
        done = subprocess.run(["node", _PROGRAM, folder], capture_output=True, text=True, timeout=_SECONDS, check=False, cwd=folder)
    except subprocess.TimeoutExpired as error:
        raise Refusal("ModulesError", "Hit an error while pushing:\nLoading the pushed modules took too long") from error
    if done.returncode:
        said = "Hit an error while pushing:\nLoading the pushed modules encountered the following error:"
        raise Refusal("ModulesError", f"{said}\n{done.stderr.strip()[-800:]}")
