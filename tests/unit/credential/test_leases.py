"""The desk of leases: in the journal before the server hears of one, and until it is known to be gone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from jumphost.clock import NS_PER_S
from jumphost.credential import leases as module
from jumphost.credential.base import Minted
from jumphost.credential.leases import Leases
from jumphost.errors import Code, Unavailable
from jumphost.model.event import Event, Kind
from jumphost.model.lease import Lease
from jumphost.store.sqlite import Store
from jumphost.store.writer import unavailable
from jumphost.testing.clock import ManualClock
from jumphost.testing.leases import Accounts, MemoryProvider

REQUEST = "01890a5d-ac96-774b-bcce-b302099a8057"
PATIENCE_S = 20.0


@dataclass
class Desk:
    """A desk with one provider, ``db``."""

    leases: Leases
    store: Store
    clock: ManualClock
    provider: MemoryProvider

    def plan(self, identity: str = "batch", ttl_s: int = 60) -> Lease:
        return self.leases.plan("db", request=REQUEST, identity=identity, ttl_s=ttl_s)

    def about(self, lease: Lease) -> Event:
        told = {"lease": lease.id, "name": lease.name, "provider": lease.provider, "subject": lease.subject}
        more = {"template": lease.template, "expires_ns": lease.expires_ns}
        of = (REQUEST, "connection", "decision", lease.identity, "target")
        return Event(Kind.CREDENTIAL_ISSUE, self.clock.now_ns(), *of, {**told, **more})

    async def issued(self, **planned: Any) -> Minted:
        lease = self.plan(**planned)
        return await self.leases.issue(lease, self.about(lease))

    async def events(self, kind: Kind = Kind.CREDENTIAL_REVOKE) -> list[dict[str, Any]]:
        query = "SELECT body FROM event WHERE kind = ? ORDER BY idx"
        return await self.store.read(
            lambda journal: [msgspec.json.decode(body) for (body,) in journal.execute(query, (kind.value,))]
        )

    def restarted(self) -> "Desk":
        """The desk of the next process, on the same journal and server."""
        provider = MemoryProvider(self.provider.accounts)
        return Desk(Leases(self.store, self.clock, {"db": provider}), self.store, self.clock, provider)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(module, "BEAT_S", 0.001)
    store, clock, provider = Store.open(tmp_path / "j.db", log="gw"), ManualClock(), MemoryProvider(Accounts())
    yield Desk(Leases(store, clock, {"db": provider}), store, clock, provider)
    await store.close()


async def until(reached: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not reached():
            await asyncio.sleep(0.001)


async def test_the_way_of_one_lease(desk: Desk) -> None:
    minted = await desk.issued()
    lease = minted.lease
    assert (lease.provider, lease.name, lease.template, lease.request) == ("memory", "db", "reader", REQUEST)
    assert lease.expires_ns == desk.clock.now_ns() + 60 * NS_PER_S
    assert [kept.lease for kept in desk.leases.live()] == [lease]
    desk.provider.accounts.enter(minted.material)
    assert await desk.leases.end(lease)
    assert (desk.leases.live(), desk.provider.accounts.known) == ([], {})
    (event,) = await desk.events()
    shown = {name: event[name] for name in ("session", "connection", "decision", "identity", "target")}
    assert shown == {
        "session": REQUEST,
        "connection": "connection",
        "decision": "decision",
        "identity": "batch",
        "target": "target",
    }
    assert (event["lease"], event["subject"], event["reason"], event["left"]) == (
        lease.id,
        lease.subject,
        "ended",
        False,
    )


async def test_it_is_durable_before_the_server_hears_of_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    known: list[int] = []
    issue = desk.provider.issue

    async def seen(lease: Lease) -> Minted:
        known.append(len(await desk.events(Kind.CREDENTIAL_ISSUE)))
        return await issue(lease)

    monkeypatch.setattr(desk.provider, "issue", seen)
    await desk.issued()
    assert known == [1]


async def test_nothing_is_made_that_cannot_be_journalled(desk: Desk) -> None:
    lease = desk.plan()

    def full(_: object) -> None:
        raise unavailable("disk full")

    class Full:
        write = staticmethod(lambda *_: desk.store.write(full))

    leases = Leases(Full(), desk.clock, {"db": desk.provider})  # type: ignore[arg-type]
    with pytest.raises(Unavailable) as failed:
        await leases.issue(lease, desk.about(lease))
    assert (failed.value.code, desk.provider.asked) == (Code.JOURNAL_UNAVAILABLE, [])
    assert not await leases.end(lease)
    assert [kept.lease for kept in leases.live()] == [lease], "what is not journalled is not over"


async def test_a_server_that_is_down(desk: Desk) -> None:
    desk.provider.accounts.down = True
    lease = desk.plan()
    with pytest.raises(Unavailable, match="the credential db cannot be had now") as failed:
        await desk.leases.issue(lease, desk.about(lease))
    assert failed.value.code is Code.CREDENTIAL_UNAVAILABLE
    assert "does not answer" in failed.value.detail


async def test_a_fault_of_a_provider_says_nothing_that_it_may_know(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fault(_: Lease) -> Minted:
        raise ValueError("s3cret")

    monkeypatch.setattr(desk.provider, "issue", fault)
    monkeypatch.setattr(desk.provider, "revoke", fault)
    lease = desk.plan()
    with capture_logs() as logs, pytest.raises(Unavailable) as failed:
        await desk.leases.issue(lease, desk.about(lease))
    with capture_logs() as more:
        assert not await desk.leases.end(lease)
    assert "s3cret" not in f"{failed.value} {failed.value.detail} {failed.value.__cause__} {logs} {more}"
    assert failed.value.__suppress_context__


async def test_a_server_that_hangs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(_: Lease) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(module, "ISSUE_S", 0.01)
    monkeypatch.setattr(module, "REVOKE_S", 0.01)
    monkeypatch.setattr(desk.provider, "issue", hangs)
    monkeypatch.setattr(desk.provider, "revoke", hangs)
    lease = desk.plan()
    with pytest.raises(Unavailable) as failed:
        await desk.leases.issue(lease, desk.about(lease))
    assert failed.value.code is Code.CREDENTIAL_UNAVAILABLE
    assert not await desk.leases.end(lease)


async def test_what_cannot_be_ended_is_tried_until_it_is(desk: Desk) -> None:
    lease = (await desk.issued()).lease
    desk.provider.accounts.down = True
    assert not await desk.leases.end(lease)
    (left,) = await desk.events()
    assert (left["left"], left["reason"]) == (True, "ended")
    desk.provider.asked.clear()
    async with desk.leases.reaping():
        for seconds in module.RETRY_S[:3]:
            desk.clock.advance(seconds)
            await until(lambda: ("revoke", lease.subject) in desk.provider.asked)
            desk.provider.asked.clear()
        assert len(await desk.events()) == 1, "only the first failure is an event"
        desk.provider.accounts.down = False
        desk.clock.advance(module.RETRY_S[3])
        await until(lambda: not desk.leases.live())
    assert [event["left"] for event in await desk.events()] == [True, False]
    assert desk.provider.accounts.known == {}


async def test_it_is_ended_once_however_many_ask(desk: Desk) -> None:
    lease = (await desk.issued()).lease
    assert all(await asyncio.gather(*(desk.leases.end(lease) for _ in range(5))))
    assert await desk.leases.end(lease)
    assert desk.provider.asked.count(("revoke", lease.subject)) == 1
    assert len(await desk.events()) == 1


async def test_what_expires_is_ended(desk: Desk) -> None:
    short, long = await desk.issued(ttl_s=5), await desk.issued(ttl_s=60)
    async with desk.leases.reaping():
        desk.clock.advance(5)
        await until(lambda: len(desk.leases.live()) == 1)
    assert [kept.lease for kept in desk.leases.live()] == [long.lease]
    (event,) = await desk.events()
    assert (event["lease"], event["reason"]) == (short.lease.id, "expired")


async def test_all_of_one_identity_are_ended(desk: Desk) -> None:
    mine = [await desk.issued(identity="batch") for _ in range(2)]
    other = await desk.issued(identity="another")
    assert await desk.leases.revoke_of({"batch"}) == len(mine)
    assert await desk.leases.revoke_of({"batch"}) == 0
    assert set(desk.provider.accounts.known) == {other.lease.subject}
    assert {event["reason"] for event in await desk.events()} == {"revoked"}


@pytest.mark.parametrize("asker", ["revocation", "expiry"])
async def test_it_is_not_ended_before_it_is_made(desk: Desk, monkeypatch: pytest.MonkeyPatch, asker: str) -> None:
    """Whoever came first would find nothing at the server, and nobody would look again."""
    issue, asked, goes_on = desk.provider.issue, asyncio.Event(), asyncio.Event()

    async def slow(lease: Lease) -> Minted:
        asked.set()
        await goes_on.wait()
        return await issue(lease)

    monkeypatch.setattr(desk.provider, "issue", slow)
    lease = desk.plan()
    async with asyncio.TaskGroup() as group, desk.leases.reaping():
        making = group.create_task(desk.leases.issue(lease, desk.about(lease)))
        await asked.wait()
        if asker == "revocation":
            group.create_task(desk.leases.revoke_of({"batch"}))
        else:
            desk.clock.advance(60)
        await asyncio.sleep(0.02)
        assert desk.provider.asked in ([], [("left", "")])
        goes_on.set()
        await making
        await until(lambda: not desk.leases.live())
    assert desk.provider.accounts.known == {}


async def test_what_an_earlier_process_left_is_ended(desk: Desk) -> None:
    minted = await desk.issued()
    planned = desk.plan()
    await desk.store.write(None, desk.about(planned))  # killed before the server heard of it
    after = desk.restarted()
    await after.leases.load()
    assert {kept.lease.id for kept in after.leases.live()} == {minted.lease.id, planned.id}
    async with after.leases.reaping():
        await until(lambda: not after.leases.live())
    assert after.provider.accounts.known == {}
    assert {(event["lease"], event["reason"]) for event in await after.events()} == {
        (minted.lease.id, "restart"),
        (planned.id, "restart"),
    }


async def test_what_no_journal_knows_is_found_at_the_server(desk: Desk) -> None:
    mine = await desk.issued()
    desk.provider.accounts.known |= {"lease_lost": b"x", "of somebody": b"y"}
    async with desk.leases.reaping():
        await until(lambda: "lease_lost" not in desk.provider.accounts.known)
        await until(lambda: len(desk.leases.live()) == 1)
    assert set(desk.provider.accounts.known) == {mine.lease.subject, "of somebody"}
    (event,) = await desk.events()
    assert (event["subject"], event["reason"], event["session"]) == ("lease_lost", "found", "")


async def test_a_server_that_cannot_be_asked_is_asked_again(desk: Desk) -> None:
    desk.provider.accounts.known["lease_lost"] = b"x"
    desk.provider.accounts.down = True
    async with desk.leases.reaping():
        await until(lambda: ("left", "") in desk.provider.asked)
        desk.provider.accounts.down = False
        desk.clock.advance(module.RETRY_S[-1])
        await until(lambda: not desk.provider.accounts.known)


async def test_a_name_that_is_gone_waits_until_it_is_back(desk: Desk) -> None:
    minted = await desk.issued()
    without = Leases(desk.store, desk.clock, {})
    with capture_logs() as logs:
        await without.load()
    assert [entry["event"] for entry in logs] == ["lease.no_provider"]
    async with without.reaping():
        await asyncio.sleep(0.01)
    assert [kept.lease for kept in without.live()] == [minted.lease]
    with pytest.raises(Unavailable, match="no credential db is served"):
        without.plan("db", request=REQUEST, identity="batch", ttl_s=1)
    after = desk.restarted()
    await after.leases.load()
    async with after.leases.reaping():
        await until(lambda: not after.leases.live())


async def test_the_servers_are_let_go(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    async def close() -> None:
        closed.append(True)

    monkeypatch.setattr(desk.provider, "close", close)
    await desk.leases.close()
    assert closed == [True]


async def test_an_end_that_ends_nothing_is_journalled_as_that(desk: Desk) -> None:
    class Lasting(MemoryProvider):
        outlives = "until it is changed"

    desk.leases = Leases(desk.store, desk.clock, {"db": Lasting(desk.provider.accounts), "other": desk.provider})
    assert await desk.leases.end((await desk.issued()).lease)
    other = desk.leases.plan("other", request=REQUEST, identity="batch", ttl_s=60)
    await desk.leases.issue(other, desk.about(other))
    assert await desk.leases.end(other)
    assert [event.get("outlives") for event in await desk.events()] == ["until it is changed", None]
