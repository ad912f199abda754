"""Who may do what: alice is a developer, bob leads, carol is the CTO, dave keeps the machines, mallory has no role."""

import os

import pytest

from ops.people import NotAllowed, Person, Policy, Right, Role, at_terminal, require, titles
from ops.settings import Approvals

ALICE = Person(id="U0ALICE", roles=frozenset({Role.DEVELOPER}))
BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))
CAROL = Person(id="U0CAROL", roles=frozenset({Role.CTO}))
DAVE = Person(id="U0DAVE", roles=frozenset({Role.DEVOPS}))
MALLORY = Person(id="U0MALLORY")
POLICY: Policy = Approvals().policy

MAY = {
    Right.LOOK: {ALICE, BOB, CAROL, DAVE, MALLORY},
    Right.TAKE: {ALICE, BOB, CAROL, DAVE},
    Right.DELETE: {BOB, CAROL, DAVE},
}


@pytest.mark.parametrize("right", MAY)
@pytest.mark.parametrize("person", [ALICE, BOB, CAROL, DAVE, MALLORY], ids=lambda person: person.id)
def test_each_may_what_the_documents_table_says(person: Person, right: Right) -> None:
    if person in MAY[right]:
        require(person, right, POLICY)
        return
    with pytest.raises(NotAllowed) as caught:
        require(person, right, POLICY)
    assert caught.value.message.startswith("You may not ")
    assert ("you have none" if MAY[right] == {ALICE, BOB, CAROL, DAVE} else "Ask one of them.") in caught.value.remedy


def test_the_refusal_names_the_roles_that_may() -> None:
    with pytest.raises(NotAllowed) as caught:
        require(ALICE, Right.DELETE, POLICY)
    assert caught.value.message == "You may not delete or unpin backups."
    assert caught.value.remedy == "This needs the role Eng Lead, CTO or DevOps. Ask one of them."


def test_one_role_of_several_is_enough() -> None:
    require(Person(id="U0EVE", roles=frozenset({Role.DEVELOPER, Role.CTO})), Right.DELETE, POLICY)


def test_a_right_that_nobody_was_given_is_nobodys() -> None:
    for policy in ({}, {Right.DELETE: frozenset[Role]()}):
        with pytest.raises(NotAllowed, match="that nobody holds"):
            require(CAROL, Right.DELETE, policy)


def test_the_settings_decide_who_may() -> None:
    require(ALICE, Right.DELETE, Approvals(delete=frozenset({Role.DEVELOPER})).policy)
    with pytest.raises(NotAllowed, match="the role developer"):
        require(CAROL, Right.DELETE, Approvals(delete=frozenset({Role.DEVELOPER})).policy)


def test_whoever_sits_at_the_terminal_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "erin")
    person = at_terminal()

    assert person.id == "terminal:erin"
    for right in Right:
        require(person, right, {})


def test_a_container_may_know_no_name_for_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(_number: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", unknown)

    assert at_terminal().id == f"terminal:{os.getuid()}"


def test_the_roles_are_said_in_the_documents_order() -> None:
    assert titles(frozenset(Role)) == "developer, Eng Lead, CTO or DevOps"
    assert titles(frozenset({Role.CTO})) == "CTO"
