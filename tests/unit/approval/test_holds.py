"""The holds of a gateway, on a real store: who shares one, who may act on it, and that only one thing ever happens."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.approval.holds import Holds, Ticket
from jumphost.errors import Code, Refused, Unavailable
from jumphost.model.approval import Approver, Hold, Term
from jumphost.model.event import Event, Kind
from jumphost.store.sqlite import Store
from jumphost.testing.clock import ManualClock
from jumphost.testing.people import TTL_S, Person, approvers, pending

ALICE, CAROL = Person("alice"), Person("carol")
PER_IDENTITY = 3


class Desk:
    """Holds, the store under them, and what they go by; ``holds`` is made anew as after a restart."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.people: dict[str, Approver] = approvers([ALICE, CAROL])
        self.store = Store.open(folder / "journal.db", log="gw")
        self.holds: Holds
        self.restart()

    def restart(self) -> None:
        self.holds = Holds(self.store, self.clock, lambda: self.people, per_identity=PER_IDENTITY)

    async def open(self, **changes: Any) -> Hold:
        self.clock.advance(0.001)  # ids are in order to the millisecond
        hold = pending(self.clock, **changes)
        return await self.holds.open(hold, Event(Kind.SESSION_OPEN, self.clock.now_ns(), "s", identity=hold.identity))

    async def approved(self, **changes: Any) -> Hold:
        hold = await self.open(**changes)
        return await self.holds.answer(ALICE.answers(hold, self.clock))

    async def events(self) -> list[dict[str, Any]]:
        def bodies(connection: sqlite3.Connection) -> list[dict[str, Any]]:
            return [json.loads(body) for (body,) in connection.execute("SELECT body FROM event ORDER BY idx")]

        return await self.store.read(bodies)

    async def told(self) -> list[str]:
        return [event["kind"] for event in await self.events()]


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.store.close()


async def refusal(act: Awaitable[object]) -> Code:
    with pytest.raises(Refused) as caught:
        await act
    return caught.value.code


async def test_opening_is_journalled_with_what_is_asked(at: Desk) -> None:
    hold = await at.open()
    assert at.holds.live() == [hold] == [at.holds.get(hold.id)]
    assert at.holds.of(hold.request_digest) is hold
    [event] = await at.events()
    assert (
        event
        | {
            "kind": "hold.open",
            "session": "s",
            "identity": "order-service",
            "hold": hold.id,
            "request_digest": hold.request_digest,
            "command": "'dropdb' old",
            "terms": [{"groups": ["dba"], "count": 1, "ttl_s": TTL_S}],
            "expires_ns": hold.expires_ns,
        }
        == event
    )


async def test_equal_requests_share_one_hold(at: Desk) -> None:
    first = await at.open(request_digest="same")
    assert await at.open(request_digest="same") is first
    other = await at.open(request_digest="another")
    assert at.holds.live() == [first, other]
    assert await at.told() == ["hold.open"] * 2


async def test_equal_requests_at_once_share_one_hold(at: Desk) -> None:
    found = await asyncio.gather(*[at.open(request_digest="same") for _ in range(50)])
    assert len({hold.id for hold in found}) == len(at.holds.live()) == 1


async def test_a_request_that_ended_may_be_held_again(at: Desk) -> None:
    first = await at.open(request_digest="same")
    await at.holds.withdraw(first.id, "")
    assert at.holds.of("same") is None
    assert (await at.open(request_digest="same")).id != first.id


async def test_holds_of_one_identity_are_bounded(at: Desk) -> None:
    holds = [await at.open() for _ in range(PER_IDENTITY)]
    assert await refusal(at.open()) is Code.APPROVAL_TOO_MANY
    assert await at.open(request_digest=holds[0].request_digest) is holds[0]
    await at.open(identity="backup-job")
    await at.holds.withdraw(holds[0].id, "")
    await at.open()


async def test_an_answer_is_kept_and_journalled(at: Desk) -> None:
    hold = await at.open()
    given = ALICE.answers(hold, at.clock, reason="fine")
    after = await at.holds.answer(given)
    assert after.state == "approved"
    assert at.holds.get(hold.id) is after
    assert at.holds.standing(after) == after.approvals == (replace(given, groups=("dba",)),)
    event = (await at.events())[-1]
    assert (event["kind"], event["hold"], event["state"]) == ("hold.approve", hold.id, "approved")
    assert event["approval"]["signature"] == given.signature


async def test_what_is_refused_changes_nothing(at: Desk) -> None:
    hold = await at.open()
    assert await refusal(at.holds.answer(Person("bob").answers(hold, at.clock))) is Code.APPROVAL_NOT_ALLOWED
    assert at.holds.get(hold.id) is hold
    assert await at.told() == ["hold.open"]


async def test_rejection_and_withdrawal_end_a_hold_with_a_reason(at: Desk) -> None:
    rejected, withdrawn = await at.open(), await at.open()
    after = await at.holds.answer(ALICE.answers(rejected, at.clock, "reject", reason="no"))
    assert (after.state, after.reason) == ("rejected", "no")
    after = await at.holds.withdraw(withdrawn.id, "not needed")
    assert (after.state, after.reason) == ("withdrawn", "not needed")
    assert at.holds.live() == []
    last = (await at.events())[-1]
    assert (last["kind"], last["state"], last["reason"]) == ("hold.withdraw", "withdrawn", "not needed")


async def test_a_hold_that_ended_or_never_was_is_not_found(at: Desk) -> None:
    hold = await at.open()
    await at.holds.withdraw(hold.id, "")
    for identifier in (hold.id, "nothing"):
        with pytest.raises(Refused, match="got no live hold"):
            at.holds.get(identifier)
        with pytest.raises(Refused, match="got no live hold"), at.holds.attached(identifier):
            pytest.fail("nobody waits at what is not there")
    assert await refusal(at.holds.answer(ALICE.answers(hold, at.clock))) is Code.REQUEST_INVALID


async def test_only_an_approved_hold_is_consumed_and_only_once(at: Desk) -> None:
    hold = await at.open()
    assert await refusal(at.holds.consume(hold.id)) is Code.APPROVAL_CLOSED
    await at.holds.answer(ALICE.answers(hold, at.clock))
    with at.holds.attached(hold.id):
        start = Event(Kind.COMMAND_START, at.clock.now_ns(), "s")
        assert (await at.holds.consume(hold.id, start)).state == "consumed"
        assert await refusal(at.holds.consume(hold.id, start)) is Code.APPROVAL_CLOSED
    assert await at.told() == ["hold.open", "hold.approve", "hold.consume", "command.start"]


async def test_a_hundred_who_consume_get_one_run(at: Desk) -> None:
    hold = await at.approved()
    with at.holds.attached(hold.id):
        start = Event(Kind.COMMAND_START, at.clock.now_ns(), "s")
        done = await asyncio.gather(*[at.holds.consume(hold.id, start) for _ in range(100)], return_exceptions=True)
    assert sum(isinstance(one, Hold) for one in done) == 1
    assert {one.code for one in done if isinstance(one, Refused)} == {Code.APPROVAL_CLOSED}
    assert (await at.told()).count("command.start") == 1


async def test_a_hundred_who_approve_or_reject_get_one_end(at: Desk) -> None:
    crowd = [Person(f"p{number}") for number in range(100)]
    at.people = approvers(crowd)
    hold = await at.open()
    verdicts = ["approve" if number % 2 == 0 else "reject" for number in range(100)]
    answers = [person.answers(hold, at.clock, verdict) for person, verdict in zip(crowd, verdicts, strict=True)]
    with at.holds.attached(hold.id):
        done = await asyncio.gather(*map(at.holds.answer, answers), return_exceptions=True)
        assert at.holds.get(hold.id).state == "rejected"
    assert [one.state for one in done if isinstance(one, Hold)] == ["approved", "rejected"]
    assert {one.code for one in done if isinstance(one, Refused)} == {Code.APPROVAL_CLOSED}
    assert await at.told() == ["hold.open", "hold.approve", "hold.reject"]


async def test_a_rejection_and_a_run_exclude_each_other(at: Desk) -> None:
    hold = await at.approved()
    with at.holds.attached(hold.id):
        done = await asyncio.gather(
            *[at.holds.consume(hold.id) for _ in range(50)],
            *[at.holds.answer(CAROL.answers(hold, at.clock, "reject")) for _ in range(50)],
            return_exceptions=True,
        )
    assert len([one for one in done if isinstance(one, Hold)]) == 1


async def test_a_journal_that_fails_leaves_everything_as_it_was(at: Desk) -> None:
    hold = await at.open()
    await at.store.close()
    with pytest.raises(Unavailable):
        await at.holds.answer(ALICE.answers(hold, at.clock))
    with pytest.raises(Unavailable):
        await at.open()
    assert at.holds.live() == [hold]


async def test_a_row_that_another_changed_is_not_overwritten(at: Desk) -> None:
    hold = await at.open()
    await at.store.write(lambda connection: connection.execute("UPDATE hold SET state = 'withdrawn'"))
    assert await refusal(at.holds.answer(ALICE.answers(hold, at.clock))) is Code.APPROVAL_CLOSED
    assert await at.told() == ["hold.open"]


async def leaves_while_it_is_written(at: Desk, change: Coroutine[Any, Any, object]) -> None:
    """A caller of ``change`` who is cancelled when the store has it and has not written it yet."""
    busy = threading.Event()
    before = asyncio.ensure_future(at.store.write(lambda _: busy.wait()))
    changing = asyncio.ensure_future(change)
    for _ in range(3):  # to the store
        await asyncio.sleep(0)
    changing.cancel()
    await asyncio.sleep(0)
    busy.set()
    with pytest.raises(asyncio.CancelledError):
        await changing
    await before


async def test_what_is_written_is_seen_though_its_caller_left(at: Desk) -> None:
    await leaves_while_it_is_written(at, at.open())
    [hold] = at.holds.live()
    await leaves_while_it_is_written(at, at.holds.answer(ALICE.answers(hold, at.clock)))
    assert at.holds.get(hold.id).state == "approved"
    assert await at.told() == ["hold.open", "hold.approve"]


async def test_what_was_not_written_is_not_seen_though_its_caller_left(at: Desk) -> None:
    hold = await at.open()
    await at.store.write(lambda connection: connection.execute("UPDATE hold SET state = 'withdrawn'"))
    await leaves_while_it_is_written(at, at.holds.answer(ALICE.answers(hold, at.clock)))
    assert at.holds.get(hold.id) is hold
    assert await at.told() == ["hold.open"]


async def test_expiry_ends_what_is_due_and_nothing_else(at: Desk) -> None:
    brief = await at.open(terms=(Term(("dba",), 1, 60),), expires_ns=at.clock.now_ns() + 60_000_000_000)
    approved, later = await at.approved(), await at.open(expires_ns=at.clock.now_ns() + 10**13)
    at.clock.advance(60)
    await at.holds.expire_due()
    assert at.holds.live() == [approved, later]
    at.clock.advance(TTL_S)
    assert await refusal(at.holds.consume(approved.id)) is Code.REQUEST_INVALID  # an approval has its end too
    assert at.holds.live() == [later]
    expired = [event for event in await at.events() if event["kind"] == "hold.expire"]
    assert [event["hold"] for event in expired] == [brief.id, approved.id]


async def test_what_has_expired_makes_room_and_takes_no_answer(at: Desk) -> None:
    holds = [await at.open() for _ in range(PER_IDENTITY)]
    given = ALICE.answers(holds[0], at.clock)
    at.clock.advance(TTL_S)
    assert await refusal(at.holds.answer(given)) is Code.REQUEST_INVALID
    assert await at.open(request_digest=holds[0].request_digest) not in holds


async def test_live_holds_survive_a_restart_with_their_answers(at: Desk) -> None:
    both = (Term(("dba",), 2, TTL_S),)
    half, ended = await at.approved(terms=both), await at.open()
    whole = await at.approved()
    await at.holds.withdraw(ended.id, "")
    at.restart()
    await at.holds.load()
    assert at.holds.live() == [half, whole]
    assert (half.state, whole.state) == ("pending", "approved")
    assert (await at.holds.answer(CAROL.answers(half, at.clock))).state == "approved"
    assert (await at.holds.consume(whole.id)).state == "consumed"


async def test_what_expired_while_the_gateway_was_down_ends_at_its_start(at: Desk) -> None:
    await at.open()
    at.clock.advance(TTL_S)
    at.restart()
    await at.holds.load()
    assert at.holds.live() == []
    assert await at.told() == ["hold.open", "hold.expire"]


def turns(*tickets: Ticket) -> list[bool]:
    return [ticket.turn.is_set() for ticket in tickets]


async def test_the_oldest_has_the_turn_and_it_passes_on(at: Desk) -> None:
    hold = await at.open()
    callers = [ExitStack() for _ in range(3)]
    tickets = [caller.enter_context(at.holds.attached(hold.id)) for caller in callers]
    assert turns(*tickets) == [False, False, False]
    await at.holds.answer(ALICE.answers(hold, at.clock))
    assert turns(*tickets) == [True, False, False]
    callers[1].close()
    assert turns(*tickets) == [True, False, False]
    callers[0].close()
    assert turns(*tickets) == [True, False, True]
    callers[2].close()
    assert at.holds.get(hold.id).state == "approved"  # it waits for its caller to come back


async def test_who_comes_to_an_approved_hold_has_the_turn_at_once(at: Desk) -> None:
    hold = await at.approved()
    with at.holds.attached(hold.id) as first, at.holds.attached(hold.id) as second:
        assert turns(first, second) == [True, False]


@pytest.mark.parametrize("end", ["rejected", "withdrawn", "expired", "consumed"])
async def test_everybody_is_told_of_the_end(at: Desk, end: str) -> None:
    hold = await at.open()
    with at.holds.attached(hold.id) as first, at.holds.attached(hold.id) as second:
        if end == "rejected":
            await at.holds.answer(ALICE.answers(hold, at.clock, "reject"))
        elif end == "withdrawn":
            await at.holds.withdraw(hold.id, "")
        elif end == "expired":
            at.clock.advance(TTL_S)
            await at.holds.expire_due()
        else:
            await at.holds.answer(ALICE.answers(hold, at.clock))
            await at.holds.consume(hold.id)
        assert turns(first, second) == [True, True]
        assert first.hold.state == second.hold.state == end
        with at.holds.attached(hold.id) as late:
            assert turns(late) == [True]
    with pytest.raises(Refused):
        at.holds.get(hold.id)  # nobody looks at it any more
