"""The rows that production has when the sandbox is first started: made up, and the same each time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]
Maker = Callable[[random.Random, list[str]], Iterator[Row]]

_FIRST = [
    "Amara",
    "Ben",
    "Chloé",
    "Davide",
    "Elif",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Keiko",
    "Lars",
    "Mei",
    "Noor",
    "Oskar",
    "Pia",
]
_LAST = [
    "Abara",
    "Bianchi",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Gupta",
    "Haddad",
    "Ibsen",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
]
_CITIES = ["Bergen", "Ghent", "Lisbon", "Malmö", "Marseille", "Porto", "Rotterdam", "Tallinn", "Trieste", "Valencia"]
_ROOMS = ["Lighthouse", "Boathouse", "Harbour view", "Captain's room", "Sail loft", "Net store", "Pilot's cabin", "Quay room"]
_PRODUCTS = [
    *((room, "room", 90 + 15 * place) for place, room in enumerate(_ROOMS)),
    *((f"{boat} lesson", "lesson", price) for boat, price in (("Dinghy", 55), ("Keelboat", 85), ("Kayak", 35), ("Navigation", 60))),
    *(
        (thing, "equipment", price)
        for thing, price in (("Life jacket", 12), ("Wetsuit", 18), ("Dry bag", 6), ("Paddle", 9), ("Compass", 14))
    ),
]
_TEXTS = [
    "Quiet, and the view is worth it",
    "Good value",
    "The lesson began late",
    "Would come again",
    "Bed a little short",
    "Friendly people",
]
_SETTINGS: tuple[tuple[str, str | int | bool], ...] = (
    ("currency", "EUR"),
    ("deposit percent", 20),
    ("checkout", "11:00"),
    ("check-in", "15:00"),
    ("season opens", "1 April"),
    ("lessons on Sunday", False),
    ("newsletter", True),
    ("late cancellation hours", 48),
)
_DEVICES = ["Firefox on Linux", "Safari on iPhone", "Chrome on Android", "Edge on Windows", "Safari on macOS"]


def rows(seed: int = 101) -> Iterator[tuple[str, Row]]:
    """Every table with its rows, each row older than the one after it."""
    chance = random.Random(seed)
    people = [f"{chance.choice(_FIRST)} {chance.choice(_LAST)}" for _ in range(420)]
    start = datetime.now(UTC) - timedelta(days=400)
    made: dict[str, Maker] = {"users": _users, "products": _products, "orders": _orders, "bookings": _bookings}
    made |= {"invoices": _invoices, "reviews": _reviews, "sessions": _sessions, "settings": _settings}
    for table, make in made.items():
        found = list(make(chance, people))
        for place, row in enumerate(found):
            yield table, {"_creationTime": _moment(start, place / len(found)), **_as_convex(row)}


def order(chance: random.Random, number: int, customer: str) -> Row:
    """An order that somebody just placed."""
    item, _, price = chance.choice(_PRODUCTS)
    quantity = chance.randint(1, 4)
    bill = {"number": number, "customer": customer, "item": item, "quantity": quantity, "total": price * quantity}
    return _as_convex({**bill, "status": "placed"})


def _as_convex(row: Row) -> Row:
    """Convex's own number is a float; a whole number in JSON would be another type, which the schema refuses."""
    return {name: float(value) if type(value) is int else value for name, value in row.items()}


def _moment(start: datetime, part: float) -> float:
    """A time on the way from the start to an hour ago, in milliseconds."""
    return round((start + timedelta(days=400 * part) - timedelta(hours=1)).timestamp() * 1000, 1)


def _day(distance: int) -> str:
    """A date so many days from now."""
    return (datetime.now(UTC) + timedelta(days=distance)).date().isoformat()


def _users(chance: random.Random, people: list[str]) -> Iterator[Row]:
    for place, name in enumerate(people):
        mailbox = name.lower().replace(" ", ".").encode("ascii", "ignore").decode()
        role = "owner" if place == 0 else "staff" if place < 9 else "customer"
        yield {
            "name": name,
            "email": f"{mailbox}{place}@mail.example",
            "city": chance.choice(_CITIES),
            "role": role,
            "active": place % 17 != 0,
        }


def _products(chance: random.Random, _: list[str]) -> Iterator[Row]:
    for name, kind, price in _PRODUCTS:
        yield {"name": name, "kind": kind, "price": price, "stock": chance.randint(1, 40)}


def _orders(chance: random.Random, people: list[str]) -> Iterator[Row]:
    for number in range(10_001, 11_861):
        status = chance.choices(["sent", "paid", "placed", "cancelled"], [80, 9, 6, 5])[0]
        yield order(chance, number, chance.choice(people)) | {"status": status}


def _bookings(chance: random.Random, people: list[str]) -> Iterator[Row]:
    for _ in range(940):
        stay = {
            "room": chance.choice(_ROOMS),
            "from": _day(chance.randint(-380, 120)),
            "nights": chance.randint(1, 9),
            "guests": chance.randint(1, 4),
        }
        yield {"customer": chance.choice(people), **stay, "paid": chance.random() < 0.9}


def _invoices(chance: random.Random, people: list[str]) -> Iterator[Row]:
    for number in range(1, 1_791):
        amount = chance.randint(12, 900) + chance.randint(0, 99) / 100
        bill = {"number": f"H-{number:05}", "customer": chance.choice(people), "amount": amount, "currency": "EUR"}
        yield {**bill, "due": _day(chance.randint(-380, 30)), "settled": chance.random() < 0.93}


def _reviews(chance: random.Random, people: list[str]) -> Iterator[Row]:
    for _ in range(310):
        product = chance.choice(_PRODUCTS)[0]
        yield {"customer": chance.choice(people), "product": product, "stars": chance.randint(2, 5), "text": chance.choice(_TEXTS)}


def _sessions(chance: random.Random, people: list[str]) -> Iterator[Row]:
    now = datetime.now(UTC)
    for _ in range(2_600):
        expires = now + timedelta(hours=chance.randint(-4000, 300))
        yield {"customer": chance.choice(people), "device": chance.choice(_DEVICES), "expires": int(expires.timestamp() * 1000)}


def _settings(_: random.Random, __: list[str]) -> Iterator[Row]:
    for key, value in _SETTINGS:
        yield {"key": key, "value": value}
