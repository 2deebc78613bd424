"""Logins that serve a connection of a caller: whom, how many commands, and until when."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncssh
import pytest
from msgspec.structs import replace

from jumphost.errors import Code, Refused, Unavailable
from jumphost.model.target import Target
from jumphost.target import logins
from jumphost.target.base import Exit, Order
from jumphost.target.connection import Reach, TargetConnection, connect
from jumphost.target.logins import AT_ONCE, Logins, Seat
from jumphost.target.ssh import Session
from jumphost.testing.ca import TargetCA
from jumphost.testing.contracts import PATIENCE_S, Collected

REACH = Reach(login_s=10)
MakeOrder = Callable[..., Order]


class House:
    """Logins of one gateway, with what they asked for."""

    def __init__(self, order: MakeOrder, ca: TargetCA) -> None:
        self.logins = Logins(REACH)
        self.made: list[TargetConnection] = []
        self.used: list[str] = []
        self.fault: Exception | None = None
        self._order, self._ca = order, ca

    def order(self, owner: str = "one", text: str = "echo 'ran'", **changes: object) -> Order:
        return replace(self._order(text), connection=owner, **changes)

    async def seat(self, order: Order) -> Seat:
        return await self.logins.seat(order, lambda: self._log_in(order), self._use)

    async def run(self, order: Order) -> tuple[Exit, bytes]:
        seat = await self.seat(order)
        output = Collected()
        session = Session(output)
        channel = await seat.execute(session, order.line, REACH.window_bytes)
        channel.write_eof()
        channel.resume_reading()
        end = await session.ended
        await seat.end()
        return end, output.stdout

    async def _log_in(self, order: Order) -> TargetConnection:
        async def credential(address: str) -> asyncssh.SSHKeyPair:
            return self._ca.certified(principal=order.target.principal(order.login), line="", address=address)

        self.made.append(await connect(order.target, order.login, credential, REACH))
        return self.made[-1]

    async def _use(self, login: str) -> None:
        self.used.append(login)
        if self.fault is not None:
            raise self.fault


@pytest.fixture
async def house(target: Target, order: MakeOrder, target_ca: TargetCA) -> AsyncIterator[House]:
    made = House(order, target_ca)
    yield made
    for connection in made.made:
        connection.abort()
        await connection.wait_closed()


async def closed(connection: TargetConnection) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await connection.wait_closed()


async def test_later_commands_run_on_the_login_of_the_first_and_say_so(house: House) -> None:
    first = house.order(text="echo 1")
    assert await house.run(first) == (Exit(), b"1\n")
    assert await house.run(house.order(text="sh -c 'echo 2; exit 3'")) == (Exit(status=3), b"2\n")
    assert house.used == [first.request]
    assert len(house.made) == 1


async def test_another_connection_login_or_entry_has_a_login_of_its_own(house: House) -> None:
    await house.run(house.order())
    await house.run(house.order("two"))
    moved = replace(house.order().target, labels={"env": "prod"})
    await house.run(house.order(target=moved))
    assert house.used == []
    assert len(house.made) == 3


async def test_who_comes_while_the_first_logs_in_waits_for_its_login(house: House) -> None:
    seats = await asyncio.gather(*(house.seat(house.order()) for _ in range(AT_ONCE + 1)))
    assert len(house.made) == 2, "one more than sshd's sessions: another login"
    assert len(house.used) == AT_ONCE - 1
    for seat in seats:
        await seat.end()


async def test_what_cannot_be_noted_does_not_run_and_takes_no_room(house: House) -> None:
    first = await house.seat(house.order())
    house.fault = Refused(Code.SIGNER_REFUSED, "no")
    for _ in range(AT_ONCE):
        with pytest.raises(Refused):
            await house.seat(house.order())
    house.fault = None
    second = await house.seat(house.order())
    assert len(house.made) == 1
    await first.end()
    await second.end()


async def test_it_ends_when_nothing_ran_on_it_for_a_while(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "IDLE_S", 0.01)
    await house.run(house.order())
    await closed(house.made[0])
    await house.run(house.order())
    assert len(house.made) == 2


async def test_it_ends_with_the_connection_it_serves(house: House) -> None:
    await house.run(house.order())
    await house.run(house.order("two"))
    house.logins.leave("one")
    await closed(house.made[0])
    assert not house.made[1].is_closed()


async def test_what_runs_when_its_connection_leaves_ends_first(house: House) -> None:
    seat = await house.seat(house.order())
    house.logins.leave("one")
    await asyncio.sleep(0)
    assert not house.made[0].is_closed()
    await seat.end()
    await closed(house.made[0])


async def test_a_login_that_is_made_after_its_connection_left_serves_one_command(house: House) -> None:
    going = asyncio.ensure_future(house.seat(house.order()))
    while not house.logins._rows:
        await asyncio.sleep(0)
    house.logins.leave("one")
    await (await going).end()
    await closed(house.made[0])


async def test_after_its_life_it_begins_nothing_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "LOGIN_LIFE_S", logins.MARGIN_S)
    await house.run(house.order())
    await house.run(house.order())
    assert len(house.made) == 2


async def test_a_login_that_died_is_followed_by_another(house: House) -> None:
    await house.run(house.order())
    house.made[0].abort()
    await closed(house.made[0])
    assert await house.run(house.order()) == (Exit(), b"ran\n")
    assert len(house.made) == 2


async def test_breaking_off_one_command_leaves_the_others(house: House) -> None:
    other = await house.seat(house.order())
    seat = await house.seat(house.order())
    await seat.execute(Session(Collected()), house.order(text="sleep 1").line, REACH.window_bytes)
    seat.abort()
    seat.abort()
    assert await house.run(house.order()) == (Exit(), b"ran\n")
    assert len(house.made) == 1
    await other.end()


async def test_breaking_off_what_the_target_has_not_answered_ends_the_login(house: House) -> None:
    seat = await house.seat(house.order())
    asking = asyncio.ensure_future(seat.execute(Session(Collected()), house.order().line, REACH.window_bytes))
    await asyncio.sleep(0)
    seat.abort()
    await closed(house.made[0])
    with pytest.raises(Exception):  # noqa: B017, PT011  # whatever says that it did not begin
        await asking


async def test_nobody_waits_for_ever_for_another_who_logs_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.logins, "_reach", Reach(login_s=0.01))
    blocked = asyncio.Event()

    async def never() -> TargetConnection:
        await blocked.wait()
        raise AssertionError

    first: Awaitable[Seat] = asyncio.ensure_future(house.logins.seat(house.order(), never, house._use))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as caught:
        await house.seat(house.order())
    assert caught.value.code is Code.TARGET_UNREACHABLE
    blocked.set()
    with pytest.raises(AssertionError):
        await first


async def test_a_login_whose_target_does_not_confirm_an_end_takes_no_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logins, "CLOSE_S", 0.0)
    seat = await house.seat(house.order())
    await seat.execute(Session(Collected()), house.order(text="sleep 1").line, REACH.window_bytes)
    await seat.end()
    await closed(house.made[0])
    await house.run(house.order())
    assert len(house.made) == 2
