"""The holds of a gateway: kept in the store, waited for by callers, answered by people.

Every change is one transaction with its event, and only then seen by anyone (DESIGN: durable before its effect). One
desk a journal; its lock makes the changes of one hold follow each other.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
from msgspec.structs import replace

from jumphost.approval import desk
from jumphost.clock import Clock
from jumphost.errors import Code, Refused
from jumphost.model.approval import Approval, Approver, Hold, State
from jumphost.model.event import Event, Kind
from jumphost.store import holds as rows
from jumphost.store.sqlite import Store

ENDED: dict[State, Kind] = {
    "rejected": Kind.HOLD_REJECT,
    "expired": Kind.HOLD_EXPIRE,
    "withdrawn": Kind.HOLD_WITHDRAW,
    "consumed": Kind.HOLD_CONSUME,
}


class Ticket:
    """One caller who waits at a hold: ``turn`` is set when it may act, or when there is nothing left to wait for."""

    def __init__(self, holds: "Holds", hold_id: str) -> None:
        self._holds, self.hold_id = holds, hold_id
        self.turn = asyncio.Event()

    @property
    def hold(self) -> Hold:
        """The hold as it is now."""
        return self._holds.get(self.hold_id)


class Holds:
    """All live holds, and the ones that ended since the start and are still looked at."""

    def __init__(
        self, store: Store, clock: Clock, approvers: Callable[[], Mapping[str, Approver]], *, per_identity: int
    ) -> None:
        self._store, self._clock, self._approvers, self._per_identity = store, clock, approvers, per_identity
        self._live: dict[str, Hold] = {}
        self._ended: dict[str, Hold] = {}
        self._tickets: dict[str, list[Ticket]] = {}
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Takes up the holds that were live when the gateway stopped."""
        self._live = {hold.id: hold for hold in await self._store.read(rows.live)}
        await self.expire_due()

    def get(self, hold_id: str) -> Hold:
        """A hold of this gateway; Refused (request.invalid) if there is none of that id."""
        hold = self._live.get(hold_id) or self._ended.get(hold_id)
        if hold is None:
            raise Refused(Code.REQUEST_INVALID, f"got no live hold {hold_id!r}: see `jumphost approval list`")
        return hold

    def live(self) -> list[Hold]:
        """Pending and approved holds, oldest first."""
        return sorted(self._live.values(), key=lambda hold: hold.id)

    def of(self, request_digest: str) -> Hold | None:
        """The live hold of a request, where there is one."""
        return next((hold for hold in self.live() if hold.request_digest == request_digest), None)

    async def open(self, hold: Hold, about: Event) -> Hold:
        """The live hold of this request digest: the one there is, or ``hold``. Refused (approval.too_many)."""
        async with self._changing:
            await self._expire_due()
            if present := self.of(hold.request_digest):
                return present
            if sum(other.identity == hold.identity for other in self._live.values()) >= self._per_identity:
                raise Refused(Code.APPROVAL_TOO_MANY, f"{hold.identity} has {self._per_identity} held commands already")
            data = {
                "hold": hold.id,
                "request_digest": hold.request_digest,
                "command": hold.command,
                "terms": msgspec.to_builtins(hold.terms),
                "expires_ns": hold.expires_ns,
            }
            opened = replace(about, kind=Kind.HOLD_OPEN, data=data)
            await _whole(self._store.write(lambda connection: rows.insert(connection, hold), opened), self._show, hold)
            return hold

    async def answer(self, given: Approval) -> Hold:
        """Takes one person's signed verdict; Refused with the reason if it does not count."""
        async with self._changing:
            await self._expire_due()
            hold = self.get(given.hold)
            after = desk.answered(hold, given, self._approvers(), self._clock.now_ns())
            kind = Kind.HOLD_APPROVE if given.verdict == "approve" else Kind.HOLD_REJECT
            await self._change(hold, after, kind, {"approval": msgspec.to_builtins(after.approvals[-1])})
            return after

    async def withdraw(self, hold_id: str, reason: str) -> Hold:
        """Ends a hold without running anything."""
        return await self._end(hold_id, "withdrawn", reason)

    async def withdraw_of(self, identities: Iterable[str], reason: str) -> int:
        """Ends every live hold of these identities; returns how many."""
        names, withdrawn = set(identities), 0
        for hold in [hold for hold in self.live() if hold.identity in names]:
            with suppress(Refused):  # it ended while another was withdrawn
                await self.withdraw(hold.id, reason)
                withdrawn += 1
        return withdrawn

    async def consume(self, hold_id: str, *events: Event) -> Hold:
        """Takes an approved hold, once, in one transaction with ``events``: only after it may anything run."""
        return await self._end(hold_id, "consumed", "", *events)

    async def expire_due(self) -> None:
        """Ends the holds whose ttl is over."""
        async with self._changing:
            await self._expire_due()

    def standing(self, hold: Hold) -> tuple[Approval, ...]:
        """The approvals of a hold that count now."""
        return desk.standing(hold, self._approvers(), self._clock.now_ns())

    @contextmanager
    def attached(self, hold_id: str) -> Iterator[Ticket]:
        """Waits at a hold; the oldest who waits has the turn when it is approved. Refused as by ``get``."""
        ticket = Ticket(self, hold_id)
        hold = ticket.hold
        self._tickets.setdefault(hold_id, []).append(ticket)
        self._announce(hold)
        try:
            yield ticket
        finally:
            self._tickets[hold_id].remove(ticket)
            if self._tickets[hold_id]:
                self._announce(ticket.hold)
            else:
                del self._tickets[hold_id]
                self._ended.pop(hold_id, None)

    async def _end(self, hold_id: str, state: State, reason: str, *events: Event) -> Hold:
        async with self._changing:
            await self._expire_due()
            hold = self.get(hold_id)
            after = desk.move(hold, state, reason)
            await self._change(hold, after, ENDED[state], {"reason": reason} if reason else {}, *events)
            return after

    async def _expire_due(self) -> None:
        now = self._clock.now_ns()
        for hold in [hold for hold in self._live.values() if desk.due(hold, now)]:
            await self._change(hold, desk.move(hold, "expired"), Kind.HOLD_EXPIRE, {})

    async def _change(self, hold: Hold, after: Hold, kind: Kind, data: dict[str, object], *events: Event) -> None:
        event = Event(
            kind=kind,
            at_ns=self._clock.now_ns(),
            decision=hold.decision,
            identity=hold.identity,
            target=hold.target,
            data={"hold": hold.id, "state": after.state, **data},
        )
        write = self._store.write(lambda connection: rows.update(connection, hold, after), event, *events)
        await _whole(write, self._show, after)

    def _show(self, hold: Hold) -> None:
        """What is on disk is what everybody here sees."""
        if hold.state in desk.LIVE:
            self._live[hold.id] = hold
        else:
            del self._live[hold.id]
            if hold.id in self._tickets:
                self._ended[hold.id] = hold
        self._announce(hold)

    def _announce(self, hold: Hold) -> None:
        waiting = self._tickets.get(hold.id, [])
        if hold.state == "approved":
            waiting = waiting[:1]
        elif hold.state == "pending":
            waiting = []
        for ticket in waiting:
            ticket.turn.set()


async def _whole(write: Coroutine[Any, Any, None], show: Callable[[Hold], None], hold: Hold) -> None:
    """Writes, then shows, also for a caller who is cancelled meanwhile: what was submitted to the store will happen."""
    writing = asyncio.get_running_loop().create_task(write)
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait([writing])
        if writing.exception() is None:
            show(hold)
        raise
    show(hold)
