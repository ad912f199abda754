"""The words in which Slack's rules are written down: each is a shape that a value has, or complaints with JSON pointers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Shape = Callable[[Any, str], Iterator[str]]
"""Given a value and its JSON pointer, what is wrong with it."""


def complaint(what: str, pointer: str) -> str:
    """As Slack words it."""
    return f"[ERROR] {what} [json-pointer:{pointer}]"


def string(most: int, fewest: int = 1) -> Shape:
    """A string of so many characters."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield complaint("must be a string", pointer)
        elif len(value) > most:
            yield complaint(f"must be less than {most + 1} characters", pointer)
        elif len(value) < fewest:
            yield complaint(f"must be more than {fewest - 1} characters", pointer)

    return check


def boolean(value: Any, pointer: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield complaint("must be a boolean", pointer)


def number(low: float, high: float) -> Shape:
    """A number, or one written as a string, within bounds."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        try:
            fits = not isinstance(value, bool) and low <= float(value) <= high
        except (TypeError, ValueError):
            fits = False
        if not fits:
            yield complaint(f"must be a number from {low:g} to {high:g}", pointer)

    return check


def anything(_value: Any, _pointer: str) -> Iterator[str]:
    """Whatever it is: not looked into."""
    return iter(())


def word(*allowed: Any) -> Shape:
    """One of these."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if value not in allowed:
            yield complaint(f"must be a valid enum value, one of {', '.join(map(str, allowed))}", pointer)

    return check


def several(low: int, high: int, each: Shape) -> Shape:
    """A list of so many."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield complaint("must be an array", pointer)
            return
        if len(value) > high:
            yield complaint(f"no more than {high} items allowed", pointer)
        if len(value) < low:
            yield complaint(f"no fewer than {low} items allowed", pointer)
        for place, item in enumerate(value):
            yield from each(item, f"{pointer}/{place}")

    return check


def record(needed: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None, either: Sequence[str] = ()) -> Shape:
    """An object with these keys and no others; ``either``: at least one of these."""
    known = {**needed, **(optional or {})}

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield complaint("must be an object", pointer)
            return
        yield from (complaint(f"missing required field: {name}", pointer) for name in needed if value.get(name) is None)
        if either and not any(value.get(name) for name in either):
            yield complaint(f"missing one of the fields: {', '.join(either)}", pointer)
        for name, part in value.items():
            if name not in known:
                yield complaint(f"invalid additional property: {name}", pointer)
            elif part is not None:
                yield from known[name](part, f"{pointer}/{name}")

    return check


def typed(shapes: Mapping[str, Shape]) -> Shape:
    """An object whose ``type`` says which of these it is."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        kind = str(value.get("type")) if isinstance(value, Mapping) else ""
        if kind in shapes:
            yield from shapes[kind](value, pointer)
        else:
            yield complaint(f"unsupported type: {kind}", f"{pointer}/type")

    return check
