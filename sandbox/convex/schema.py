"""A schema: which tables it knows, what their documents must be, which indexes they have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.convex import validators
from sandbox.convex.validators import Names, Validator
from sandbox.convex.values import Document

Export = dict[str, Any]
"""What ``export()`` of a schema gives, as JSON."""

_OF_THE_SYSTEM = ("_id", "_creationTime")


@dataclass(frozen=True, kw_only=True)
class Schema:
    """An app's schema; without a schema.ts it is empty and demands nothing."""

    tables: dict[str, Export] = field(default_factory=dict)
    validation: bool = False

    @classmethod
    def of(cls, export: Export | None) -> Schema:
        """The schema that was exported."""
        if export is None:
            return cls()
        return cls(tables={table["tableName"]: table for table in export["tables"]}, validation=export["schemaValidation"])

    def demanded(self, table: str) -> Validator | None:
        """What every document of a table must be; None if they may be anything."""
        return self.tables.get(table, {}).get("documentType") if self.validation else None

    def problem(self, table: str, document: Document, names: Names) -> str | None:
        """Say what is wrong with a document; None if it may be in the table."""
        validator = self.demanded(table)
        if validator is None:
            return None
        own = {name: value for name, value in document.items() if name not in _OF_THE_SYSTEM}
        return validators.problem(own, validator, names)

    def references(self, table: str) -> set[str]:
        """The tables that the documents of a table point to."""
        validator = self.demanded(table)
        return set(validators.referenced(validator)) if validator else set()

    def indexes(self) -> dict[str, Export]:
        """Every index by its full name, such as ``users.by_email``, as the CLI reads it."""
        return {index["name"]: index for name, table in self.tables.items() for index in _indexes(name, table)}


def _indexes(name: str, table: Export) -> list[Export]:
    return [
        *({"name": _full(name, it), "type": "database", "fields": [*it["fields"], "_creationTime"]} for it in table["indexes"]),
        *(
            {"name": _full(name, it), "type": "search", "searchField": it["searchField"], "filterFields": it["filterFields"]}
            for it in table.get("searchIndexes") or []
        ),
        *(
            {"name": _full(name, it), "type": "vector"} | {key: it[key] for key in ("vectorField", "dimensions", "filterFields")}
            for it in table.get("vectorIndexes") or []
        ),
    ]


def _full(table: str, index: Export) -> str:
    return f"{table}.{index['indexDescriptor']}"
