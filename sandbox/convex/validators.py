"""Validators as a schema exports them: JSON that says what a value must be. The words are those of Convex."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from sandbox.convex import ids

Validator = dict[str, Any]
Names = Mapping[int, str]
"""Table numbers and the tables that have them."""


def problem(value: Any, validator: Validator, names: Names, path: str = "") -> str | None:
    """Say what is wrong with a value; None if it is as it must be.

    Args:
        value: as a line of an archive holds it.
        validator: what it must be.
        names: which table each number belongs to, for ids.
        path: where in the document the value is.
    """
    return _CHECKS[validator["type"]](value, validator, names, path)


def show(validator: Validator) -> str:
    """The validator as somebody would write it in schema.ts."""
    kind = validator["type"]
    return _SHOWN[kind](validator) if kind in _SHOWN else f"v.{kind}()"


def referenced(validator: Validator) -> Iterator[str]:
    """The tables that ids in such a value point to."""
    if validator["type"] == "id":
        yield validator["tableName"]
    for part in _parts(validator):
        yield from referenced(part)


def _parts(validator: Validator) -> list[Validator]:
    match validator["type"]:
        case "object":
            return [field["fieldType"] for field in validator["value"].values()]
        case "record":
            return [validator["values"]["fieldType"]]
        case "union":
            return list(validator["value"])
        case "array":
            return [validator["value"]]
        case _:
            return []


def _plain(fits: Callable[[Any], bool]) -> Callable[[Any, Validator, Names, str], str | None]:
    def check(value: Any, validator: Validator, _: Names, path: str) -> str | None:
        return None if fits(value) else _mismatch(value, validator, path)

    return check


def _literal(value: Any, validator: Validator, _: Names, __: str) -> str | None:
    wanted = validator["value"]
    if value == wanted and isinstance(value, bool) == isinstance(wanted, bool):
        return None
    return f"`{_json(value)}` does not match literal validator `v.literal({_json(wanted)})`."


def _id(value: Any, validator: Validator, names: Names, path: str) -> str | None:
    number = ids.table_number(value)
    if number is None:
        return _mismatch(value, validator, path)
    owner = names.get(number)
    if owner in (None, validator["tableName"]):
        return None
    return f'Found ID "{value}" from table `{owner}`, which does not match the table name in validator `{show(validator)}`.'


def _array(value: Any, validator: Validator, names: Names, path: str) -> str | None:
    if not isinstance(value, list):
        return _mismatch(value, validator, path)
    return _first(problem(item, validator["value"], names, f"{path}[{place}]") for place, item in enumerate(value))


def _union(value: Any, validator: Validator, names: Names, path: str) -> str | None:
    fits = any(problem(value, choice, names, path) is None for choice in validator["value"])
    return None if fits else _mismatch(value, validator, path)


def _record(value: Any, validator: Validator, names: Names, path: str) -> str | None:
    if not isinstance(value, dict):
        return _mismatch(value, validator, path)
    kind = validator["values"]["fieldType"]
    return _first(problem(item, kind, names, f"{path}.{key}") for key, item in value.items())


def _object(value: Any, validator: Validator, names: Names, path: str) -> str | None:
    if not isinstance(value, dict):
        return _mismatch(value, validator, path)
    fields = validator["value"]
    for name, field in fields.items():
        if name in value:
            found = problem(value[name], field["fieldType"], names, f"{path}.{name}")
            if found:
                return found
        elif not field["optional"]:
            return _missing(name, value, validator)
    return _first(_extra(name, value, validator) for name in value if name not in fields)


def _missing(name: str, value: Any, validator: Validator) -> str:
    said = f"Object is missing the required field `{name}`. Consider wrapping the field validator in `v.optional(...)` if this is expected."
    return f"{said}\n\nObject: {_json(value)}\nValidator: {show(validator)}"


def _extra(name: str, value: Any, validator: Validator) -> str:
    said = f"Object contains extra field `{name}` that is not in the validator."
    return f"{said}\n\nObject: {_json(value)}\nValidator: {show(validator)}"


def _mismatch(value: Any, validator: Validator, path: str) -> str:
    return f"Value does not match validator.\nPath: {path}\nValue: {_json(value)}\nValidator: {show(validator)}"


def _show_field(field: dict[str, Any]) -> str:
    shown = show(field["fieldType"])
    return f"v.optional({shown})" if field["optional"] else shown


def _first(problems: Iterator[str | None]) -> str | None:
    return next((found for found in problems if found), None)


def _has(value: Any, mark: str) -> bool:
    return isinstance(value, dict) and mark in value


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


_SHOWN: dict[str, Callable[[Validator], str]] = {
    "number": lambda _: "v.float64()",
    "bigint": lambda _: "v.int64()",
    "id": lambda it: f'v.id("{it["tableName"]}")',
    "literal": lambda it: f"v.literal({_json(it['value'])})",
    "array": lambda it: f"v.array({show(it['value'])})",
    "union": lambda it: f"v.union({', '.join(map(show, it['value']))})",
    "record": lambda it: f"v.record({show(it['keys'])}, {show(it['values']['fieldType'])})",
    "object": lambda it: f"v.object({{{', '.join(f'{name}: {_show_field(field)}' for name, field in it['value'].items())}}})",
}

_CHECKS: dict[str, Callable[[Any, Validator, Names, str], str | None]] = {
    "any": _plain(lambda _: True),
    "null": _plain(lambda value: value is None),
    "number": _plain(lambda value: isinstance(value, float) or _has(value, "$float")),
    "bigint": _plain(lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "boolean": _plain(lambda value: isinstance(value, bool)),
    "string": _plain(lambda value: isinstance(value, str)),
    "bytes": _plain(lambda value: _has(value, "$bytes")),
    "literal": _literal,
    "id": _id,
    "array": _array,
    "union": _union,
    "record": _record,
    "object": _object,
}
