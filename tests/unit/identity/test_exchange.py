"""A token buys a certificate once, or nothing is issued and nothing is spent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jumphost.config.edit import set_scalar
from jumphost.errors import Code, Refused, Unavailable
from jumphost.identity.exchange import Order
from jumphost.identity.proof import LIFE_S
from jumphost.identity.revocation import Revocation
from jumphost.store.sqlite import Store
from jumphost.testing.issuer import unverified
from jumphost.testing.market import CLAIMS, NAME, SOURCE, Market, market


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Market]:
    async with market(tmp_path) as made:
        yield made


async def refusal(here: Market, order: Order) -> Code:
    with pytest.raises(Refused) as caught:
        await here.buy(order)
    return caught.value.code


async def test_a_certificate_and_its_event(here: Market) -> None:
    token = here.issuer.token(**CLAIMS, roles=["release"], actor="alice")
    sold = await here.buy(here.order(token, ttl_s=60))
    assert (sold.identity, sold.certificate) == (NAME, here.sold[0].certificate)
    (line,) = await here.events()
    event = msgspec.json.decode(line)
    assert (event["kind"], event["identity"], event["decision"], event["how"]) == (
        "cert.issue",
        NAME,
        "attempt",
        "exchange",
    )
    assert (event["issuer"], event["actor"], event["source"]) == ("ci", "alice", SOURCE)
    assert event["serial"] == here.sold[0].serial
    assert token.encode() not in line


async def test_a_token_is_good_once(here: Market) -> None:
    token = here.issuer.token(**CLAIMS)
    await here.buy(here.order(token))
    assert await refusal(here, here.order(token)) is Code.TOKEN_REPLAYED
    await here.restart()
    assert await refusal(here, here.order(token)) is Code.TOKEN_REPLAYED
    assert len(here.sold) == 1


async def test_of_many_at_once_one_buys(here: Market) -> None:
    token = here.issuer.token(**CLAIMS)
    results = await asyncio.gather(*(here.buy(here.order(token)) for _ in range(20)), return_exceptions=True)
    refused = [one.code for one in results if isinstance(one, Refused)]
    assert refused == [Code.TOKEN_REPLAYED] * 19
    assert len(here.sold) == 1


async def test_a_nonce_is_good_once_and_for_a_minute(here: Market) -> None:
    key = Ed25519PrivateKey.generate()
    nonce = here.exchange.nonce()
    await here.buy(here.order(key=key, nonce=nonce))
    assert await refusal(here, here.order(key=key, nonce=nonce)) is Code.PROOF_INVALID
    late = here.order()
    here.bench.clock.advance(LIFE_S)
    assert await refusal(here, late) is Code.PROOF_INVALID


async def test_somebody_elses_key_is_not_certified(here: Market) -> None:
    mine, theirs = here.order(), here.order()
    stolen = msgspec.structs.replace(mine, public_key=theirs.public_key)
    assert await refusal(here, stolen) is Code.PROOF_INVALID
    assert await refusal(here, msgspec.structs.replace(mine, signature=theirs.signature)) is Code.PROOF_INVALID
    assert here.sold == []


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"repository": "acme/other"}, Code.TOKEN_NO_MATCH),
        ({"aud": "other"}, Code.TOKEN_AUDIENCE),
        ({"iss": "https://other.example"}, Code.TOKEN_ISSUER),
        ({"roles": {"a": 1}}, Code.TOKEN_CLAIMS),
    ],
)
async def test_what_buys_nothing_spends_nothing(here: Market, claims: dict[str, Any], code: Code) -> None:
    assert await refusal(here, here.order(here.issuer.token(**{**CLAIMS, **claims}))) is code
    assert (here.sold, await here.events()) == ([], [])


async def test_what_the_signer_refuses_can_be_asked_better(here: Market) -> None:
    token = here.issuer.token(**CLAIMS)
    assert await refusal(here, here.order(token, ttl_s=301)) is Code.SIGNER_REFUSED
    assert (await here.buy(here.order(token, ttl_s=300))).identity == NAME


async def test_no_certificate_leaves_without_its_row(
    here: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, write = here.issuer.token(**CLAIMS), Store.write

    async def failing(*_: Any) -> None:
        raise Unavailable(Code.JOURNAL_UNAVAILABLE, "the disk is full")

    monkeypatch.setattr(Store, "write", failing)
    with pytest.raises(Unavailable):
        await here.buy(here.order(token))
    monkeypatch.setattr(Store, "write", write)
    await here.buy(here.order(token))
    assert len(here.sold) == 2, "the first never left"


async def test_an_unknown_form_is_malformed(here: Market) -> None:
    assert await refusal(here, here.order(token="x")) is Code.TOKEN_MALFORMED
    assert await refusal(here, msgspec.structs.replace(here.order(), token=unverified("\x00"))) is Code.TOKEN_MALFORMED


async def test_an_enrolment_token_buys_a_first_certificate_once(here: Market) -> None:
    key, opened = Ed25519PrivateKey.generate(), await here.enrolments.open(NAME, 60)
    sold = await here.buy(here.order(key=key, token=opened.told()["token"], scope=("exec:a",)))
    assert (sold.identity, sold.certificate) == (NAME, here.sold[0].certificate)
    event = msgspec.json.decode((await here.events())[-1])
    assert (event["kind"], event["how"], event["source"], event["serial"]) == (
        "cert.issue", "enrolment", SOURCE, here.sold[0].serial,
    )  # fmt: skip
    assert await refusal(here, here.order(token=opened.told()["token"])) is Code.TOKEN_ENROLMENT
    await here.buy(here.order(key=key, token=opened.told()["token"]))  # the answer may have got lost
    here.bench.clock.advance(61)
    assert await refusal(here, here.order(key=key, token=opened.told()["token"])) is Code.TOKEN_ENROLMENT


async def test_an_enrolment_token_of_nobody_or_too_much_buys_nothing(here: Market) -> None:
    opened = await here.enrolments.open("nobody", 60)
    assert await refusal(here, here.order(token=opened.told()["token"])) is Code.IDENTITY_UNKNOWN
    opened = await here.enrolments.open(NAME, 60)
    assert await refusal(here, here.order(token=opened.told()["token"], ttl_s=100_000)) is Code.SIGNER_REFUSED
    assert await refusal(here, here.order(token="jhe_made-up")) is Code.TOKEN_ENROLMENT
    assert here.sold == []


def disabled(here: Market) -> None:
    set_scalar(here.bench.site.identities, NAME, "enabled", value=False, check=lambda _: None)
    here.standing.reload()


UNENTITLED = {
    Code.IDENTITY_LOCKED: lambda here: here.standing.lock(NAME),
    Code.IDENTITY_REVOKED: lambda here: here.standing.revoke(Revocation("identity", NAME)),
    Code.IDENTITY_DISABLED: disabled,
}


@pytest.mark.parametrize(("code", "happens"), UNENTITLED.items())
async def test_who_may_have_none_buys_none_and_spends_nothing(
    here: Market, code: Code, happens: Callable[[Market], None]
) -> None:
    token, opened = here.issuer.token(**CLAIMS), await here.enrolments.open(NAME, 60)
    happens(here)
    before = await here.events()
    for brought in (token, opened.told()["token"]):
        assert await refusal(here, here.order(brought)) is code
    assert (here.sold, await here.events()) == ([], before)


async def test_a_lock_taken_away_leaves_the_tokens_good(here: Market) -> None:
    token, opened = here.issuer.token(**CLAIMS), await here.enrolments.open(NAME, 60)
    here.standing.lock(NAME)
    for brought in (token, opened.told()["token"]):
        assert await refusal(here, here.order(brought)) is Code.IDENTITY_LOCKED
    here.standing.unlock(NAME)
    for brought in (token, opened.told()["token"]):
        assert (await here.buy(here.order(brought))).identity == NAME
