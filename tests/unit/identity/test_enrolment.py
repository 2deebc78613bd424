"""Enrolment tokens: one machine, one use, one key, and nothing of a token on disk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jumphost.clock import NS_PER_S
from jumphost.errors import Code, Refused
from jumphost.identity.enrolment import AGAIN_S, Enrolments, is_token
from jumphost.secret import Secret
from jumphost.store.sqlite import Store
from jumphost.testing.clock import ManualClock

KEY, OTHER, ADDRESS = "SHA256:key", "SHA256:other", "192.0.2.7"


class Desk:
    def __init__(self, folder: Path) -> None:
        self.path, self.clock = folder / "journal.db", ManualClock()
        self.store = Store.open(self.path, log="gw")
        self.enrolments = Enrolments(self.store, self.clock)

    async def events(self) -> list[dict[str, Any]]:
        return await self.store.read(
            lambda opened: [
                msgspec.json.decode(body) for (body,) in opened.execute("SELECT body FROM event ORDER BY idx")
            ]
        )

    async def redeemed(self, token: Secret, key: str = KEY) -> str:
        return await self.enrolments.redeem(token, key, ADDRESS, lambda _: None)

    async def refused(self, token: Secret, key: str = KEY) -> Refused:
        with pytest.raises(Refused) as caught:
            await self.redeemed(token, key)
        assert caught.value.code is Code.TOKEN_ENROLMENT
        return caught.value


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.store.close()


async def test_a_token_is_for_one_identity_and_in_the_journal_by_its_id(at: Desk) -> None:
    one, two = await at.enrolments.open("job", 60), await at.enrolments.open("other", 60)
    assert one.expires_ns == at.clock.now_ns() + 60 * NS_PER_S
    assert await at.redeemed(two.token) == "other"
    assert await at.redeemed(one.token) == "job"
    told = [(event["kind"], event["identity"], event["enrolment"], event["state"]) for event in await at.events()]
    assert told == [
        ("identity.enroll", "job", one.id, "opened"),
        ("identity.enroll", "other", two.id, "opened"),
        ("identity.enroll", "other", two.id, "redeemed"),
        ("identity.enroll", "job", one.id, "redeemed"),
    ]
    last = (await at.events())[-1]
    assert (last["key"], last["source"]) == (KEY, ADDRESS)


async def test_it_is_used_once_and_by_the_same_key_again_for_a_moment(at: Desk) -> None:
    opened = await at.enrolments.open("job", 3600)
    await at.redeemed(opened.token)
    assert OTHER not in str(await at.refused(opened.token, OTHER))
    at.clock.advance(AGAIN_S)
    assert await at.redeemed(opened.token) == "job"
    at.clock.advance(1)
    assert f"redeemed 2026-11-22T02:00:00.000Z by {KEY}" in (await at.refused(opened.token)).detail


async def test_it_expires(at: Desk) -> None:
    opened = await at.enrolments.open("job", 60)
    at.clock.advance(60)
    assert "expired" in (await at.refused(opened.token)).detail


async def test_whatever_is_wrong_a_stranger_is_told_the_same(at: Desk) -> None:
    used, old = await at.enrolments.open("job", 3600), await at.enrolments.open("job", 1)
    await at.redeemed(used.token, OTHER)
    at.clock.advance(2)
    wrong = [used.token, old.token, Secret(b"jhe_"), Secret(b""), Secret(used.token.reveal()[:-1]), Secret(b"\xff")]
    assert len({(await at.refused(token)).message for token in wrong}) == 1
    assert [event["state"] for event in await at.events()] == ["opened", "opened", "redeemed"]


async def test_of_many_who_come_at_once_one_gets_it(at: Desk) -> None:
    opened = await at.enrolments.open("job", 60)
    keys = [f"SHA256:{number}" for number in range(20)]
    found = await asyncio.gather(*(at.redeemed(opened.token, key) for key in keys), return_exceptions=True)
    assert [one for one in found if isinstance(one, str)] == ["job"]


async def test_it_survives_a_restart_and_is_not_on_disk(at: Desk) -> None:
    opened = await at.enrolments.open("job", 60)
    await at.store.close()
    everything = b"".join(path.read_bytes() for path in at.path.parent.iterdir())
    assert opened.token.reveal() not in everything
    at.store = Store.open(at.path, log="gw")
    at.enrolments = Enrolments(at.store, at.clock)
    assert await at.redeemed(opened.token) == "job"
    assert is_token(opened.token)
    assert not is_token(Secret(b"eyJhbGciOiJSUzI1NiJ9.e30.x"))


async def test_those_of_yesterday_are_forgotten(at: Desk) -> None:
    await at.enrolments.open("job", 1)
    at.clock.advance(86_402)
    await at.enrolments.open("job", 1)
    count = await at.store.read(lambda opened: opened.execute("SELECT count(*) FROM enrolment").fetchone()[0])
    assert count == 1
