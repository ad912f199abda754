"""An operation ends in the one outcome that is true, whatever its workflow, its listener or its database does."""

from __future__ import annotations

import logging

import pytest

from ops.errors import Failed, Refused, Unchanged
from ops.journal import Halted, Operation, Status
from tests.journals import Bots, nothing


def raising(error: Exception, *, touches: bool = False, before: bool = False) -> object:
    """A workflow that raises: in a step, or before any."""

    def fail() -> None:
        raise error

    return fail_first(fail) if before else lambda op: op.step("one", fail, touches=touches)


def fail_first(fail: object) -> object:
    """A workflow that never comes to a step."""
    return lambda _op: fail()  # type: ignore[operator] # a function


@pytest.mark.parametrize(
    ("workflow", "status"),
    [
        (raising(Refused("No.", "Never."), before=True), Status.REFUSED),
        (raising(Refused("No.", "Never.")), Status.FAILED),
        (raising(Failed("No.", "Never.")), Status.FAILED),
        (raising(Failed("No.", "Never."), touches=True), Status.HALTED),
        (raising(Halted("No.", "Never.")), Status.HALTED),
        (raising(Unchanged("No.", "Never."), touches=True), Status.FAILED),
    ],
    ids=["refused before a step", "refused in a step", "failed", "failed after production was touched", "halted", "surely unchanged"],
)
def test_the_outcome_says_what_became_of_production(bots: Bots, workflow: object, status: Status) -> None:
    view = bots.run(workflow)  # type: ignore[arg-type] # a workflow
    assert (view.status, view.error, view.remedy) == (status, "No.", "Never.")
    assert bool(bots.locks()) == (status is Status.HALTED) == (view.finished_at is None)
    assert bots.log() == [f"work {status}"]


def test_what_is_unchanged_by_a_later_step_leaves_what_earlier_ones_changed_for_a_person(bots: Bots) -> None:
    def workflow(op: Operation) -> None:
        op.step("push", lambda: None, touches=True)
        op.step("site", refuse, touches=True)

    def refuse() -> None:
        raise Unchanged("The site said no.", "Look there.")

    view = bots.run(workflow)
    assert view.status is Status.HALTED
    assert bots.locks()


@pytest.mark.parametrize("before", [True, False])
def test_a_defect_is_a_reference_for_the_person_and_a_traceback_for_the_log(
    bots: Bots, caplog: pytest.LogCaptureFixture, *, before: bool
) -> None:
    with caplog.at_level(logging.ERROR):
        view = bots.run(raising(ZeroDivisionError("inside"), before=before))  # type: ignore[arg-type] # a workflow
    assert view.status is Status.FAILED
    assert "inside" not in (view.error or "")
    reference = (view.error or "").partition("reference ")[2][:8]
    assert reference in caplog.text
    assert "ZeroDivisionError: inside" in caplog.text
    assert bots.locks() == {}


def test_an_error_that_no_database_would_take_ends_the_operation_too(bots: Bots) -> None:
    view = bots.run(raising(Failed("half \ud83d, nothing \0.", "\0")))  # type: ignore[arg-type] # a workflow
    assert (view.status, view.error) == (Status.FAILED, "half ?, nothing .")


def test_a_kind_without_words_for_the_log_ends_all_the_same(bots: Bots, caplog: pytest.LogCaptureFixture) -> None:
    view = bots.run(nothing, sentence=lambda view: view.result["missing"])
    assert view.status is Status.SUCCEEDED
    assert bots.log() == ["Work succeeded"]
    assert "has no sentence" in caplog.text


def test_an_operation_outlasts_a_database_that_goes_away(bots: Bots, caplog: pytest.LogCaptureFixture) -> None:
    ran: list[str] = []

    def two() -> None:
        ran.append("two")
        bots.go_away(lambda: "waits for the database" in caplog.text)

    def work(op: Operation) -> None:
        op.step("one", lambda: ran.append("one"))
        op.step("two", two)
        op.step("three", lambda: ran.append("three"))

    assert bots.run(work).status is Status.SUCCEEDED
    assert ran == ["one", "two", "three"]
    assert bots.log() == ["work succeeded"]
