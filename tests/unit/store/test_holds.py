"""Holds and approvals as rows: what goes in comes out, and of two who change one row one succeeds."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from msgspec.structs import replace

from jumphost.errors import Code, Refused
from jumphost.model.approval import Hold, State, Term
from jumphost.store import holds, migrations
from jumphost.testing.clock import ManualClock
from jumphost.testing.people import Person, pending

CLOCK = ManualClock()
ALICE, CAROL = Person("alice", ("dba", "security")), Person("carol")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.migrate(connection, migrations.journal)
        yield connection


def new(**changes: object) -> Hold:
    CLOCK.advance(0.001)
    return pending(CLOCK, **changes)


def with_answers(hold: Hold, *people: Person) -> Hold:
    answers = (replace(person.answers(hold, CLOCK, reason="é"), groups=person.groups) for person in people)
    return replace(hold, approvals=(*hold.approvals, *answers))


def test_a_hold_comes_back_as_it_was(connection: sqlite3.Connection) -> None:
    hold = new(
        terms=(Term(("dba", "security"), 2, 60), Term(("dba",), 1, 7)),
        command="'echo' 'é; drop'",
        correlation="c",
        purpose="p",
        message="m",
    )
    holds.insert(connection, hold)
    assert holds.live(connection) == [hold]


def test_answers_come_back_in_the_order_they_came(connection: sqlite3.Connection) -> None:
    hold = new()
    holds.insert(connection, hold)
    one = with_answers(hold, CAROL)
    holds.update(connection, hold, one)
    two = replace(with_answers(one, ALICE), state="approved")
    holds.update(connection, one, two)
    assert holds.live(connection) == [two]


def test_live_holds_are_pending_or_approved_and_oldest_first(connection: sqlite3.Connection) -> None:
    states: list[State] = ["pending", "consumed", "approved", "rejected", "expired", "withdrawn", "pending"]
    made = [new(state=state) for state in states]
    for hold in reversed(made):
        holds.insert(connection, hold)
    assert holds.live(connection) == [hold for hold in made if hold.state in ("pending", "approved")]


def test_a_request_has_one_live_hold(connection: sqlite3.Connection) -> None:
    first, second = new(request_digest="same"), new(request_digest="same")
    holds.insert(connection, first)
    with pytest.raises(sqlite3.IntegrityError):
        holds.insert(connection, second)
    holds.update(connection, first, replace(first, state="rejected", reason="no"))
    holds.insert(connection, second)
    assert holds.live(connection) == [second]


def test_of_two_who_change_a_hold_one_succeeds(connection: sqlite3.Connection) -> None:
    hold = new(state="approved")
    holds.insert(connection, hold)
    holds.update(connection, hold, replace(hold, state="consumed"))
    with pytest.raises(Refused, match=f"hold {hold.id} is no longer approved") as caught:
        holds.update(connection, hold, with_answers(replace(hold, state="rejected"), ALICE))
    assert caught.value.code is Code.APPROVAL_CLOSED
    [(state,)] = connection.execute("SELECT state FROM hold")
    [(answers,)] = connection.execute("SELECT count(*) FROM approval")
    assert (state, answers) == ("consumed", 0)


def test_an_unknown_hold_is_not_changed(connection: sqlite3.Connection) -> None:
    hold = new()
    with pytest.raises(Refused):
        holds.update(connection, hold, replace(hold, state="approved"))


@pytest.mark.parametrize("wrong", [{"state": "paused"}, {"created_ns": "now"}, {"command": None}])
def test_the_table_is_strict(connection: sqlite3.Connection, wrong: dict[str, object]) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        holds.insert(connection, new(**wrong))
