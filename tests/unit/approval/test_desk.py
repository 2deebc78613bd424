"""Every rule of approving: who counts, for what, how long, and what a hold may become."""

from itertools import product
from typing import get_args

import pytest
from msgspec.structs import replace

from jumphost.approval.desk import LIVE, MOVES, SKEW_NS, answered, due, met, move, standing
from jumphost.clock import NS_PER_S, rfc3339
from jumphost.errors import Code, Refused
from jumphost.model.approval import Approver, Hold, State, Term
from jumphost.testing.clock import ManualClock
from jumphost.testing.people import Person, approvers, pending
from jumphost.testing.signing import new_public_line

ALICE, BOB, CAROL = Person("alice"), Person("bob", ("security",)), Person("carol", ("dba", "security"))
EVERYBODY = approvers([ALICE, BOB, CAROL])
BOTH = (Term(("dba",), 1, 60), Term(("security",), 1, 60))
MS = 1_000_000  # nanoseconds: the steps of a time in a statement
STATES: tuple[State, ...] = get_args(State)
ALLOWED = {
    ("pending", "approved"), ("pending", "rejected"), ("pending", "expired"), ("pending", "withdrawn"),
    ("approved", "consumed"), ("approved", "rejected"), ("approved", "expired"), ("approved", "withdrawn"),
}  # fmt: skip


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def give(hold: Hold, person: Person, clock: ManualClock, people: dict[str, Approver] = EVERYBODY, /, **changes) -> Hold:
    return answered(hold, person.answers(hold, clock, **changes), people, clock.now_ns())


def refusal(hold: Hold, person: Person, clock: ManualClock, people: dict[str, Approver] = EVERYBODY, /, **changes):
    with pytest.raises(Refused) as caught:
        give(hold, person, clock, people, **changes)
    return caught.value.code


@pytest.mark.parametrize(("before", "after"), list(product(STATES, STATES)))
def test_every_move(clock: ManualClock, before: State, after: State) -> None:
    hold = pending(clock, state=before)
    if (before, after) in ALLOWED:
        assert move(hold, after, "why") == replace(hold, state=after, reason="why")
    else:
        with pytest.raises(Refused, match=f"got {after} for hold {hold.id}, which is {before}") as caught:
            move(hold, after)
        assert caught.value.code is Code.APPROVAL_CLOSED


def test_the_table_is_total_and_its_final_states_are_final() -> None:
    assert set(MOVES) == set(STATES)
    assert set(STATES) - LIVE == {"consumed", "rejected", "expired", "withdrawn"}


@pytest.mark.parametrize("state", STATES)
def test_only_live_holds_are_due(clock: ManualClock, state: State) -> None:
    hold = pending(clock, state=state)
    assert not due(hold, hold.expires_ns - 1)
    assert due(hold, hold.expires_ns) is (state in LIVE)


def test_one_approval_meets_one_term(clock: ManualClock) -> None:
    after = give(pending(clock), ALICE, clock, reason="fine")
    assert after.state == "approved"
    assert [(given.approver, given.groups, given.reason) for given in after.approvals] == [("alice", ("dba",), "fine")]


def test_one_rejection_is_enough_and_says_why(clock: ManualClock) -> None:
    hold = give(pending(clock, terms=BOTH), ALICE, clock)
    after = give(hold, BOB, clock, verdict="reject", reason="not tonight")
    assert (after.state, after.reason) == ("rejected", "not tonight")
    assert [given.verdict for given in after.approvals] == ["approve", "reject"]


def test_an_approved_hold_can_still_be_rejected_even_by_who_approved_it(clock: ManualClock) -> None:
    approved = give(pending(clock), ALICE, clock)
    assert refusal(approved, CAROL, clock) is Code.APPROVAL_CLOSED
    assert give(approved, CAROL, clock, verdict="reject").state == "rejected"
    assert give(approved, ALICE, clock, verdict="reject").state == "rejected"


@pytest.mark.parametrize("state", sorted(set(STATES) - LIVE))
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_nobody_answers_what_has_ended(clock: ManualClock, state: State, verdict: str) -> None:
    assert refusal(pending(clock, state=state), ALICE, clock, verdict=verdict) is Code.APPROVAL_CLOSED


def test_an_approval_of_what_is_approved_already_does_not_count(clock: ManualClock) -> None:
    hold = give(pending(clock), ALICE, clock)
    assert hold.state == "approved"
    with pytest.raises(Refused, match=f"hold {hold.id} is approved: nobody needs to approve it") as caught:
        give(hold, CAROL, clock)
    assert caught.value.code is Code.APPROVAL_CLOSED


def test_nobody_answers_what_has_expired(clock: ManualClock) -> None:
    hold = pending(clock)
    late = ALICE.answers(hold, clock, not_after=rfc3339(hold.expires_ns + NS_PER_S))
    with pytest.raises(Refused) as caught:
        answered(hold, late, EVERYBODY, hold.expires_ns)
    assert caught.value.code is Code.APPROVAL_EXPIRED


def test_a_person_counts_once_however_many_groups_and_keys_they_have(clock: ManualClock) -> None:
    hold = give(pending(clock, terms=BOTH), CAROL, clock)
    assert hold.state == "pending"
    assert refusal(hold, CAROL, clock) is Code.APPROVAL_NOT_ALLOWED
    twice = Person("carol", CAROL.groups)
    people = {**EVERYBODY, "carol": Approver(keys=CAROL.entry.keys + twice.entry.keys, groups=CAROL.groups)}
    assert refusal(hold, twice, clock, people) is Code.APPROVAL_NOT_ALLOWED


@pytest.mark.parametrize("second", [ALICE, BOB])
def test_places_are_given_out_so_that_all_are_filled(clock: ManualClock, second: Person) -> None:
    first = give(pending(clock, terms=BOTH), CAROL, clock)
    assert give(first, second, clock).state == "approved"


@pytest.mark.parametrize("interest", ["identity", "owner"])
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_neither_caller_nor_owner_answers(clock: ManualClock, interest: str, verdict: str) -> None:
    hold = pending(clock, **{interest: "alice"})
    assert refusal(hold, ALICE, clock, verdict=verdict) is Code.APPROVAL_NOT_ALLOWED


@pytest.mark.parametrize(
    "people", [{}, approvers([BOB]), {"alice": replace(ALICE.entry, groups=())}, approvers([Person("alice", ("web",))])]
)
def test_who_is_not_of_a_wanted_group_does_not_answer(clock: ManualClock, people: dict[str, Approver]) -> None:
    assert refusal(pending(clock), ALICE, clock, people) is Code.APPROVAL_NOT_ALLOWED


@pytest.mark.parametrize("changed", ["hold", "request_digest"])
def test_a_statement_is_about_one_hold_and_one_request(clock: ManualClock, changed: str) -> None:
    assert refusal(pending(clock), ALICE, clock, **{changed: "another"}) is Code.APPROVAL_INVALID


@pytest.mark.parametrize(
    "changed", [{"approver": "carol"}, {"verdict": "reject"}, {"reason": "x"}, {"not_after": "2027-01-01T00:00:00Z"}]
)
def test_what_was_signed_is_what_counts(clock: ManualClock, changed: dict[str, str]) -> None:
    hold = pending(clock)
    with pytest.raises(Refused) as caught:
        answered(hold, replace(ALICE.answers(hold, clock), **changed), EVERYBODY, clock.now_ns())
    assert caught.value.code is Code.SIGNATURE_INVALID


def test_only_their_own_keys_sign_for_a_person(clock: ManualClock) -> None:
    thief = Person("alice")
    with pytest.raises(Refused, match="which is no key of alice") as caught:
        give(pending(clock), thief, clock)
    assert caught.value.code is Code.APPROVAL_INVALID
    several = replace(ALICE.entry, keys=(new_public_line(), *ALICE.entry.keys))
    assert give(pending(clock), ALICE, clock, {"alice": several}).state == "approved"


@pytest.mark.parametrize(
    ("at", "not_after", "counts"),
    [
        (0, MS, True),
        (SKEW_NS, 2 * SKEW_NS, True),  # an approver's clock that runs ahead
        (SKEW_NS + MS, 2 * SKEW_NS, False),
        (-2 * SKEW_NS, 0, False),
        (-2 * SKEW_NS, MS, True),
    ],
)
def test_a_statement_counts_in_its_time(clock: ManualClock, at: int, not_after: int, counts: bool) -> None:
    now = clock.now_ns()
    times = {"at": rfc3339(now + at), "not_after": rfc3339(now + not_after)}
    if counts:
        assert give(pending(clock), ALICE, clock, **times).state == "approved"
    else:
        assert refusal(pending(clock), ALICE, clock, **times) is Code.APPROVAL_INVALID


@pytest.mark.parametrize("times", [{"at": "yesterday"}, {"not_after": "2026-11-22T02:00:00"}, {"not_after": ""}])
def test_a_time_that_is_none_is_refused(clock: ManualClock, times: dict[str, str]) -> None:
    assert refusal(pending(clock), ALICE, clock, **times) is Code.APPROVAL_INVALID


def test_who_left_before_the_release_does_not_count(clock: ManualClock) -> None:
    hold = give(give(pending(clock, terms=BOTH), ALICE, clock), BOB, clock)
    now = clock.now_ns()
    assert met(hold.terms, standing(hold, EVERYBODY, now))
    assert not met(hold.terms, standing(hold, approvers([BOB]), now))
    moved = {**EVERYBODY, "alice": replace(ALICE.entry, groups=("security",))}
    [alice, bob] = standing(hold, moved, now)
    assert (alice.groups, bob.groups) == (("security",), ("security",))
    assert not met(hold.terms, [alice, bob])


def test_what_counts_at_the_release(clock: ManualClock) -> None:
    hold = give(pending(clock), ALICE, clock)
    assert len(standing(hold, EVERYBODY, hold.expires_ns - 1)) == 1
    assert standing(hold, EVERYBODY, hold.expires_ns) == ()  # not_after is over
    assert standing(replace(hold, owner="alice"), EVERYBODY, clock.now_ns()) == ()
    rejected = give(hold, CAROL, clock, verdict="reject")
    assert [given.approver for given in standing(rejected, EVERYBODY, clock.now_ns())] == ["alice"]


def test_who_left_does_not_help_the_next_one(clock: ManualClock) -> None:
    hold = give(pending(clock, terms=(Term(("dba",), 2, 60),)), ALICE, clock)
    after = give(hold, CAROL, clock, approvers([CAROL]))
    assert (after.state, len(after.approvals)) == ("pending", 2)
