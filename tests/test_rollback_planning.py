"""A3, A4, X1: what a rollback decides before it does anything."""

from __future__ import annotations

import pytest

from ops.archive import Table
from ops.restoring.data import differences
from ops.rollback.planning import order, seconds


def table(rows: int, mark: str = "a") -> Table:
    return Table(rows=rows, bytes=rows * 10, fingerprint=mark * 64)


@pytest.mark.parametrize(
    ("schema_differs", "old_code_fits", "wanted"),
    [
        (False, True, "data, functions"),
        (False, False, "data, functions"),
        (True, True, "functions, data"),
        (True, False, "open, data, functions"),
    ],
)
def test_the_order_of_data_and_functions_is_one_that_convex_accepts(schema_differs: bool, old_code_fits: bool, wanted: str) -> None:
    assert order(schema_differs=schema_differs, old_code_fits=old_code_fits) == wanted


def test_tables_with_the_same_rows_are_equal_in_whatever_order_they_were_exported() -> None:
    assert differences({"orders": table(3), "users": table(2)}, {"users": table(2), "orders": table(3)}) == []


def test_a_table_that_lost_gained_or_changed_rows_differs() -> None:
    before = {"orders": table(3), "users": table(2), "rooms": table(1)}
    after = {"orders": table(4), "users": table(2, "b"), "guests": table(1)}
    assert differences(before, after) == ["guests", "orders", "rooms", "users"]


def test_an_empty_table_is_the_same_as_none() -> None:
    assert differences({"orders": table(0)}, {}) == []
    assert differences({}, {"orders": table(0)}) == []


def test_how_long_it_takes_is_the_median_of_former_ones_and_a_guess_before_there_are_any() -> None:
    assert seconds([300.0, 20.0, 30.0], data=True) == 30.0
    assert seconds([], data=False) < seconds([], data=True)
