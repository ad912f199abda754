"""Which row does not fit a schema, and why, in our own words: Convex quotes the row, and no row's content leaves the deployment. Pure.

Source: the sentences of Convex's schema validation, crates/common/src/schemas/validator.rs in get-convex/convex-backend.
"""

from __future__ import annotations

import re

_SIGN = re.compile(r"does not match the schema|Schema validation failed")
_DOCUMENT = re.compile(r'Document with ID "([\w-]{1,64})" in table')
_TABLE = re.compile(r'in table "(\w{1,64})"')
_COMPONENT = re.compile(r'Schema validation failed in component "([\w/.-]{1,100})"')
_CAUSES = (
    (re.compile(r"missing the required field `(\w{1,64})`"), "the field `{}` is missing"),
    (re.compile(r"contains extra field `(\w{1,64})`"), "the schema has no field `{}`"),
    (re.compile(r"Found ID \S+ from table `(\w{1,64})`"), "an id leads to the table `{}`, where the schema wants another"),
    (re.compile(r"does not match (literal) validator"), "a value is none of those that the schema allows"),
    (re.compile(r"^Path: *\.?([\w.\[\]]{1,80})$", re.MULTILINE), "the value of `{}` is of another kind"),
    (re.compile(r"Value does not match (validator)"), "a value is of another kind"),
)


def is_misfit(said: str) -> bool:
    """Whether it is a row that does not fit."""
    return bool(_SIGN.search(said))


def table(said: str) -> str:
    """The table of the row; "" where it is not said."""
    found = _TABLE.search(said)
    return found[1] if found else ""


def sentence(said: str) -> str:
    """Table, document and cause, as far as they are said."""
    component, document = _COMPONENT.search(said), _DOCUMENT.search(said)
    where = [
        f"component {component[1]}" if component else "",
        f"table {table(said)}" if table(said) else "",
        f"document {document[1]}" if document else "",
    ]
    return ": ".join(part for part in (", ".join(filter(None, where)), _cause(said)) if part)


def _cause(said: str) -> str:
    """What is wrong with it."""
    return next((told.format(found[1]) for sign, told in _CAUSES if (found := sign.search(said))), "")
