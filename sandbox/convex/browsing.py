"""Tables and documents as ``convex data`` looks at them."""

from __future__ import annotations

from typing import Any

from sandbox.convex import tables
from sandbox.convex.deployment import Deployment
from sandbox.convex.values import from_line


def names(deployment: Deployment, arguments: dict[str, Any]) -> dict[str, Any]:
    """Every table of the app or of a component."""
    with deployment.database.reading() as connection:
        found = [table.name for table in tables.listed(connection) if table.component == arguments["component"]]
    return {"page": [{"name": name} for name in found], "isDone": True, "continueCursor": "end"}


def page(deployment: Deployment, arguments: dict[str, Any]) -> dict[str, Any]:
    """Some documents of a table, by the time they were made."""
    options = arguments["paginationOpts"]
    start, size = int(options["cursor"] or 0), int(options["numItems"])
    with deployment.database.reading() as connection:
        table = tables.find(connection, arguments["table"], arguments["component"])
        newest_first = arguments["order"] == "desc"
        lines = tables.page(connection, table, newest_first=newest_first, part=(start, size + 1)) if table else []
    documents = [from_line(line) for line in lines]
    return {"page": documents[:size], "isDone": len(documents) <= size, "continueCursor": str(start + size)}


def size(deployment: Deployment, arguments: dict[str, Any]) -> float:
    """How many documents a table has."""
    with deployment.database.reading() as connection:
        table = tables.find(connection, arguments["tableName"], arguments["component"])
        return float(tables.count(connection, table)) if table else 0.0
