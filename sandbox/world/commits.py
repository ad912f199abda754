"""New commits on production: a fix, or a change of the schema. Each kind starts over when its list has been used up."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from sandbox.world.repository import NADIA, PRIYA, TOMAS, WEI, Author, Repository

_FIXES: tuple[tuple[Author, str], ...] = (
    (PRIYA, "Do not charge a cancelled booking"),
    (TOMAS, "Send the receipt in the customer's language"),
    (WEI, "Count a guest who booked twice once"),
    (NADIA, "Let a lesson be moved to another day"),
    (TOMAS, "Show prices with two digits after the point"),
    (PRIYA, "Refuse a booking that ends before it begins"),
)
_FIELDS: tuple[tuple[Author, str, str, str], ...] = (
    (NADIA, "orders", "refundedAt", "number"),
    (WEI, "bookings", "notes", "string"),
    (PRIYA, "invoices", "reminders", "number"),
    (TOMAS, "products", "colour", "string"),
    (NADIA, "users", "birthday", "string"),
    (WEI, "reviews", "answer", "string"),
)


def fix(repository: Repository, *, ships: bool = True) -> None:
    """Land a fix: the schema stays."""
    notes = repository.read("CHANGES.md")
    landed = notes.count("\n- ")
    author, message = _FIXES[landed % len(_FIXES)]
    repository.land(author, message, {"CHANGES.md": f"{notes}- {message}\n"}, ships=ships)


def schema(repository: Repository, *, ships: bool = True) -> None:
    """Land a change of the schema: one more optional field in one table."""
    text = repository.read("convex/schema.ts")
    author, table, field, kind = _next_field(text)
    line = f"    {field}: v.optional(v.{kind}()),\n"
    changed = re.sub(rf"(  {table}: defineTable\(\{{\n)", rf"\g<1>{line}", text)
    repository.land(author, f"Give {table} the field {field}", {"convex/schema.ts": changed}, ships=ships)


def _next_field(text: str) -> tuple[Author, str, str, str]:
    """The first field that the schema lacks; with a number when it has them all."""
    for turn in range(1, 1000):
        for author, table, field, kind in _FIELDS:
            name = field if turn == 1 else f"{field}{turn}"
            if f"    {name}: " not in text:
                return author, table, name, kind
    raise RuntimeError("The schema has grown by thousands of fields: start the sandbox with a new folder.")


KINDS: dict[str, Callable[[Repository], None]] = {
    "fix": fix,
    "schema": schema,
    "next fix": partial(fix, ships=False),
    "next schema": partial(schema, ships=False),
}
"""What can be landed."""
