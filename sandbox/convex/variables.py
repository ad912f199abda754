"""Environment variables of a deployment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sandbox.convex import kept
from sandbox.convex.deployment import Deployment
from sandbox.convex.refusals import Refusal

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def change(deployment: Deployment, changes: Iterable[dict[str, str | None]]) -> None:
    """Set or remove variables, all of them or none; one without a value goes."""
    with deployment.database.transaction() as connection:
        variables = deployment.variables
        for wanted in changes:
            name, value = _checked(wanted["name"]), wanted.get("value")
            if value is None:
                variables.pop(name, None)
            else:
                variables[name] = value
        kept.write(connection, "variables", variables)


def listed(deployment: Deployment) -> list[dict[str, Any]]:
    """Every variable as the CLI lists them."""
    return [_row(place, name, value) for place, (name, value) in enumerate(sorted(deployment.variables.items()))]


def find(deployment: Deployment, name: str) -> dict[str, Any] | None:
    """One of them."""
    return next((row for row in listed(deployment) if row["name"] == name), None)


def _row(place: int, name: str, value: str) -> dict[str, Any]:
    return {"_id": f"variable{place}", "_creationTime": 0.0, "name": name, "value": value}


def _checked(name: str | None) -> str:
    if name is None or not _NAME.fullmatch(name):
        raise Refusal("InvalidEnvironmentVariableName", f'Environment variable name "{name}" is not valid')
    return name
