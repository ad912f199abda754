"""A deployment's environment variables, as far as a deploy or a staging's mark needs them; no value is kept that nobody asked for."""

from __future__ import annotations

import json
from typing import Any

from ops.services.convex.door import Door


def names(door: Door) -> frozenset[str]:
    """The names of the deployment's environment variables; what they hold is dropped at once."""
    return frozenset(_all(door))


def value(door: Door, name: str) -> str | None:
    """What one of them holds; None where there is none of that name."""
    return _all(door).get(name)


def put(door: Door, name: str, content: str) -> None:
    """Set one of them."""
    door.require(door.call("POST", "/api/update_environment_variables", {"changes": [{"name": name, "value": content}]}))


def _all(door: Door) -> dict[str, str]:
    """All that the deployment says."""
    answer = door.call("GET", "/api/v1/list_environment_variables")
    door.require(answer)
    return _read(json.loads(answer.text))


def _read(said: Any) -> dict[str, str]:
    """The variables in the answer: a mapping, or a list of rows."""
    found = said.get("environmentVariables", said) if isinstance(said, dict) else said
    if isinstance(found, dict):
        return {str(name): str(content) for name, content in found.items()}
    return {str(each["name"]): str(each.get("value", "")) for each in found}
