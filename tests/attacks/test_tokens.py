"""Strangers at the exchange who have a token that is none, somebody else's, or one that was used; over HTTP."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jumphost import webclient
from jumphost.evidence import sshcert, sshsig
from jumphost.testing.issuer import AUDIENCE, LocalIssuer, encoded, signed
from jumphost.testing.market import CLAIMS, NAME, Counter, counter
from jumphost.testing.signing import public_line

PER_MINUTE = 30


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Counter]:
    async with counter(tmp_path, PER_MINUTE) as made:
        yield made


async def ask(here: Counter, body: dict[str, Any] | None, **headers: str) -> tuple[int, dict[str, Any]]:
    path = "/v1/nonce" if body is None else "/v1/certificate"
    data = None if body is None else json.dumps(body).encode()
    status, said = await webclient.ask(here.url + path, body=data, headers=headers)
    return status, json.loads(said)


async def body(here: Counter, token: str, **changes: Any) -> dict[str, Any]:
    """What an honest client would send with the token."""
    order = here.market.order(token, nonce=(await ask(here, None))[1]["nonce"])
    fields = {name: getattr(order, name) for name in ("public_key", "nonce", "signature")}
    return {**fields, "token": token, **changes}


async def bought_nothing(here: Counter, told: tuple[int, dict[str, Any]], code: str) -> None:
    """Refused with the code, which the journal has too, and with nothing else."""
    (status, said), event = told, json.loads((await here.market.events())[-1])
    assert (status // 100, said["error"], "certificate" in said) == (4, code, False)
    assert (event["kind"], event["code"], event["decision"]) == ("cert.refused", code, said["decision"])


def unsigned(issuer: LocalIssuer, algorithm: str, key: bytes = b"") -> str:
    """A token whose head says how it is signed, which is by a shared secret or not at all."""
    head = {"alg": algorithm, "typ": "JWT", "kid": next(iter(issuer.keys))}
    text = b".".join(encoded(json.dumps(part).encode()) for part in (head, issuer.claims(**CLAIMS)))
    return (text + b"." + encoded(hmac.digest(key, text, "sha256") if key else b"x")).decode()


def by_a_stranger(issuer: LocalIssuer, **head: Any) -> str:
    """A token that is right but for the key that signed it."""
    stranger = LocalIssuer(issuer._clock, issuer.url)
    kid, key = next(iter(stranger.keys.items()))
    return signed(key, "ES256", {"alg": "ES256", "kid": kid, **head}, issuer.claims(**CLAIMS))


FORGED: dict[str, tuple[str, Callable[[LocalIssuer], str]]] = {
    "signed by nobody": ("token.algorithm", lambda issuer: unsigned(issuer, "none")),
    "keyed with what everybody may read": ("token.algorithm", lambda issuer: unsigned(issuer, "HS256", issuer.jwks())),
    "by a stranger's key": ("token.signature", by_a_stranger),
    "by a stranger who takes the key's name": (
        "token.signature",
        lambda issuer: by_a_stranger(issuer, kid=next(iter(issuer.keys))),
    ),
    "that brings its own keys": (
        "token.malformed",
        lambda issuer: by_a_stranger(issuer, jku="https://evil.example/keys"),
    ),
    "for another service": ("token.audience", lambda issuer: issuer.token(**CLAIMS, aud="vault")),
    "for a name that begins as ours": ("token.audience", lambda issuer: issuer.token(**CLAIMS, aud=AUDIENCE + ".evil")),
    "of another issuer": ("token.issuer", lambda issuer: issuer.token(**CLAIMS, iss="https://evil.example")),
    "of an issuer that begins as ours": ("token.issuer", lambda issuer: issuer.token(**CLAIMS, iss=issuer.url + "/")),
    "that ended": ("token.expired", lambda issuer: issuer.token(**CLAIMS, exp=issuer.claims()["iat"] - 31)),
    "that never ends": ("token.claims", lambda issuer: issuer.token(**CLAIMS, exp=None)),
    "that lives too long": ("token.claims", lambda issuer: issuer.token(**CLAIMS, exp=issuer.claims()["iat"] + 10**6)),
    "of tomorrow": ("token.not_yet_valid", lambda issuer: issuer.token(**CLAIMS, nbf=issuer.claims()["iat"] + 31)),
    "of another branch": ("token.no_match", lambda issuer: issuer.token(**{**CLAIMS, "ref": "refs/heads/evil"})),
    "of a branch that begins as ours": (
        "token.no_match",
        lambda issuer: issuer.token(**{**CLAIMS, "ref": CLAIMS["ref"] + "-evil"}),
    ),
    "that leaves a claim out": ("token.no_match", lambda issuer: issuer.token(**{**CLAIMS, "ref": None})),
}


@pytest.mark.parametrize(("code", "forge"), FORGED.values(), ids=FORGED.keys())
async def test_a_token(here: Counter, code: str, forge: Callable[[LocalIssuer], str]) -> None:
    token = forge(here.market.issuer)
    await bought_nothing(here, await ask(here, await body(here, token)), code)
    assert here.market.sold == []
    assert token.encode() not in b"".join(await here.market.events())


@pytest.mark.parametrize("jti", [None, "", "one"])
async def test_a_token_that_was_seen_on_its_way_buys_nothing_more(here: Counter, jti: str | None) -> None:
    """At once and after a restart, with another key; without an id too, which many issuers give none."""
    token = here.market.issuer.token(**CLAIMS, jti=jti)
    bodies = [await body(here, token) for _ in range(8)]
    told = await asyncio.gather(*(ask(here, one) for one in bodies))
    assert sorted(status for status, _ in told) == [200] + [401] * 7
    assert {said.get("error") for status, said in told if status == 401} == {"token.replayed"}
    await here.market.restart()
    with pytest.raises(Exception, match="has bought a certificate already"):
        await here.market.buy(here.market.order(token))
    assert len(here.market.sold) == 1


async def test_the_same_token_signed_once_more_is_the_same(here: Counter) -> None:
    """Its issuer gives a token again, signed anew: with one id it is one token."""
    issuer = here.market.issuer
    one, two = (issuer.token(**CLAIMS, jti="one") for _ in range(2))
    assert one != two
    assert (await ask(here, await body(here, one)))[0] == 200
    await bought_nothing(here, await ask(here, await body(here, two)), "token.replayed")


async def test_a_request_that_was_seen_on_its_way_is_good_for_nobody_else(here: Counter) -> None:
    """Neither again, nor with the thief's key in it, nor with a token of the thief's choice and the owner's proof."""
    issuer, thief = here.market.issuer, Ed25519PrivateKey.generate()
    seen = await body(here, issuer.token(**CLAIMS))
    mine = {**seen, "public_key": public_line(thief)}
    await bought_nothing(here, await ask(here, mine), "proof.invalid")
    mine["signature"] = sshsig.sign(thief, seen["nonce"].encode(), "git")
    await bought_nothing(here, await ask(here, mine), "proof.invalid")
    assert (await ask(here, seen))[0] == 200
    await bought_nothing(here, await ask(here, {**seen, "token": issuer.token(**CLAIMS)}), "proof.invalid")
    assert len(here.market.sold) == 1


async def test_nobody_gets_more_than_the_site_says(here: Counter) -> None:
    """By what is asked, and by claims that a site did not name."""
    token = here.market.issuer.token(
        **CLAIMS, roles=["release", "root", "payments-admin"], identity="deploy-bot", groups=["root"], scope="*:*"
    )
    status, said = await ask(here, await body(here, token, scope=["*:*", "shell:payments-db"]))
    assert (status, said["identity"]) == (200, NAME)
    presented = sshcert.read(base64.b64decode(said["certificate"].split()[1]))
    made = {name.decode(): msgspec.json.decode(value) for name, value in presented.certificate.extensions.items()}
    assert made["scope@jumphost"] == ["exec:*"]
    assert made["groups@jumphost"] == ["payments", "release"]
    assert made["claims@jumphost"] == CLAIMS
    assert presented.certificate.valid_principals == [NAME.encode()]


@pytest.mark.parametrize("wrong", [None, {}])
async def test_an_address_is_bounded_whatever_it_says_of_others(here: Counter, wrong: dict[str, Any] | None) -> None:
    """What a proxy would say is what a stranger says."""
    told = []
    for number in range(PER_MINUTE + 3):
        claimed = f"198.51.100.{number}"
        names = {"X-Forwarded-For": claimed, "X-Real-IP": claimed, "Forwarded": f"for={claimed}"}
        told.append(await ask(here, wrong, **names))
    assert [status for status, _ in told[-3:]] == [429] * 3
    assert 429 not in [status for status, _ in told[:PER_MINUTE]]
    assert all(json.loads(line).get("source", "127.0.0.1") == "127.0.0.1" for line in await here.market.events())
