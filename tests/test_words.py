"""Figures are put into words in one way."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ops import purposes, words
from ops.people import NotAllowed, Person, Right, Role, require
from ops.purposes import Purpose, UnknownPurpose


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (5242880, "5.2 MB"),
        (999_949_999, "999.9 MB"),
        (999_950_000, "1.0 GB"),
        (10**13, "10.0 TB"),
    ],
)
def test_sizes_are_decimal_with_one_digit(count: int, text: str) -> None:
    assert words.decimal_size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (38.4, "38 s"), (59.6, "1 m 00 s"), (182, "3 m 02 s"), (11_520, "3 h 12 m"), (3 * 86_400, "3 days"), (-5, "0 s")],
)
def test_spans_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert words.elapsed(timedelta(seconds=seconds)) == text


def test_an_age_says_ago() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert words.ago(now - timedelta(minutes=2), now) == "2 m 00 s ago"


def test_a_note_keeps_its_lines_and_loses_its_control_characters() -> None:
    assert words.paragraphs("  one\r\ntwo\x00\x1b[31m\x07  ", 100) == "one\ntwo[31m"
    assert words.one_line("one\n\ttwo  three", 100) == "one two three"


def test_what_is_too_long_is_cut_with_an_ellipsis() -> None:
    assert words.paragraphs("x" * 40_000, 2000) == "x" * 1999 + "…"


def test_the_label_is_purpose_description_and_date() -> None:
    day = date(2025, 1, 9)
    assert purposes.label(Purpose.PRE_MIGRATION, "Add salary table", day) == "Pre-migration backup - Add salary table - 2025-01-09"
    assert purposes.label(Purpose.PRE_DEPLOYMENT, "v1.0.5", day) == "Pre-deployment backup - v1.0.5 - 2025-01-09"
    assert purposes.label(Purpose.ROUTINE, "", day) == "Routine backup - 2025-01-09"


def test_a_purpose_is_read_as_people_type_it_and_an_unknown_one_lists_those_there_are() -> None:
    assert purposes.parse(" Pre Migration ") is Purpose.PRE_MIGRATION
    with pytest.raises(UnknownPurpose, match=r"routine, automated, .*safety"):
        purposes.parse("because")


ALICE = Person(id="U0ALICE", roles=frozenset({Role.DEVELOPER}))
BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))
MALLORY = Person(id="U0MALLORY")
POLICY = {Right.TAKE: frozenset(Role), Right.DELETE: frozenset({Role.ENG_LEAD, Role.CTO})}


def test_everybody_may_look_and_only_the_roles_of_the_policy_may_more() -> None:
    for person in (ALICE, BOB, MALLORY):
        require(person, Right.LOOK, POLICY)
    require(ALICE, Right.TAKE, POLICY)
    require(BOB, Right.DELETE, POLICY)
    with pytest.raises(NotAllowed, match="Eng Lead or CTO"):
        require(ALICE, Right.DELETE, POLICY)
    with pytest.raises(NotAllowed):
        require(MALLORY, Right.TAKE, POLICY)


def test_a_right_that_nobody_was_given_is_nobodys() -> None:
    with pytest.raises(NotAllowed, match="nobody holds"):
        require(BOB, Right.DELETE, {})


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("Take one: `/backup full`.", "Take one: `python -m ops backup full`."),
        ("`/backup show ID` or `/ops status`", "`python -m ops show ID` or `python -m ops status`"),
        ("Look at the gate again: `/deploy`.", "Look at the gate again: `python -m ops deploy --dry-run`."),
        ("Name one, without spaces: `/deploy main`.", "Name one, without spaces: `python -m ops deploy main`."),
        ("To go back, use `/rollback`.", "To go back, use `python -m ops rollback ID`."),
        ("`/rollback full-1 code` or `/restore database before 09:40`", "`python -m ops rollback ID` or `python -m ops restore ID`"),
        ("Plan it again: `/restore database`.", "Plan it again: `python -m ops restore ID`."),
        ("`/restore salvage` shows those there are.", "`python -m ops deltas` shows those there are."),
        ("`/ops verify-log` or `/ops help`", "`python -m ops verify-log` or `python -m ops --help`"),
        ("`/ops alerts` or `/backup verify weekly`, in Slack", "`/ops alerts` or `/backup verify weekly`, in Slack"),
        ("It lies in /srv/backup/full and ../backup/x.", "It lies in /srv/backup/full and ../backup/x."),
    ],
)
def test_a_remedy_names_the_command_of_the_terminal_to_somebody_at_one(said: str, typed: str) -> None:
    assert words.for_terminal(said) == typed
