"""The keys of an issuer over time: rotation, strangers who name none, outages."""

import asyncio
from collections.abc import Sequence

import pytest

from jumphost.errors import Code, Refused, Unavailable
from jumphost.identity import jws
from jumphost.identity.jws import VerifyingKey
from jumphost.identity.keys import REFRESH_S, RETRY_S, STALE_S, IssuerKeys
from jumphost.testing.clock import ManualClock
from jumphost.testing.issuer import LocalIssuer, unverified


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.issuer = LocalIssuer(self.clock)
        self.loads = 0
        self.keys = IssuerKeys("ci", self.load, self.clock)

    async def load(self) -> Sequence[VerifyingKey]:
        self.loads += 1
        await asyncio.sleep(0)
        if self.issuer.down:
            raise OSError("it is down")
        return jws.keys(self.issuer.jwks())

    async def find(self, token: str = "") -> str:
        return (await self.keys.find(jws.read(unverified(token or self.issuer.token())))).kid

    @property
    def newest(self) -> str:
        return list(self.issuer.keys)[-1]


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_keys_are_had_once_and_anew_when_they_are_old(bench: Bench) -> None:
    await asyncio.gather(*(bench.find() for _ in range(20)))
    bench.clock.advance(REFRESH_S - 1)
    await bench.find()
    assert bench.loads == 1
    bench.clock.advance(1)
    await asyncio.gather(*(bench.find() for _ in range(20)))
    assert bench.loads == 2


async def test_a_new_key_is_known_at_once_and_an_old_one_gone(bench: Bench) -> None:
    old = bench.issuer.token()
    await bench.find()
    bench.clock.advance(RETRY_S)
    bench.issuer.rotate()
    assert await bench.find() == bench.newest
    assert bench.loads == 2
    with pytest.raises(Refused) as caught:
        await bench.find(old)
    assert caught.value.code is Code.TOKEN_SIGNATURE


async def test_strangers_cannot_make_us_ask(bench: Bench) -> None:
    await bench.find()
    for _ in range(50):
        with pytest.raises(Refused):
            await bench.find(bench.issuer.token({"kid": "none"}))
    assert bench.loads == 1
    bench.clock.advance(RETRY_S)
    for _ in range(50):
        with pytest.raises(Refused):
            await bench.find(bench.issuer.token({"kid": "none"}))
    assert bench.loads == 2


async def test_an_outage_is_bridged_for_a_while(bench: Bench) -> None:
    await bench.find()
    bench.issuer.down = True
    bench.clock.advance(STALE_S)
    assert await bench.find() == bench.newest
    bench.clock.advance(1)
    with pytest.raises(Unavailable, match="the keys of the issuer ci cannot be had") as caught:
        await bench.find()
    assert (caught.value.code, "it is down" in caught.value.detail) == (Code.TOKEN_UNAVAILABLE, True)
    asked = bench.loads
    with pytest.raises(Unavailable):
        await bench.find()
    assert bench.loads == asked, "one attempt in a while"
    bench.issuer.down = False
    bench.clock.advance(RETRY_S)
    assert await bench.find() == bench.newest


async def test_nobody_waits_for_new_keys_who_can_do_without(bench: Bench) -> None:
    await bench.find()
    bench.clock.advance(REFRESH_S)
    open_door = asyncio.Event()
    answered = bench.load

    async def slow() -> Sequence[VerifyingKey]:
        await open_door.wait()
        return await answered()

    bench.keys._load = slow
    async with asyncio.TaskGroup() as group:
        first = group.create_task(bench.find())
        await asyncio.sleep(0)
        assert await bench.find() == bench.newest
        assert not first.done()
        open_door.set()


async def test_a_token_without_a_name_for_its_key_needs_one_key_that_fits(bench: Bench) -> None:
    nameless = bench.issuer.token({"kid": ""})
    assert await bench.find(nameless) == bench.newest
    bench.clock.advance(REFRESH_S)
    bench.issuer.rotate(keep=True)
    with pytest.raises(Refused, match="expected one key of the issuer"):
        await bench.find(nameless)


async def test_the_algorithm_is_that_of_the_key(bench: Bench) -> None:
    for algorithm in ("none", "HS256", "RS256"):
        with pytest.raises(Refused) as caught:
            await bench.find(bench.issuer.token({"alg": algorithm}))
        assert caught.value.code is Code.TOKEN_ALGORITHM
