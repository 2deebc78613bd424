"""JWT-SVIDs: the subject is a workload of the trust domain, the audience is ours."""

from typing import Any

import pytest

from jumphost.config.issuers import Issuer
from jumphost.errors import Code, Refused
from jumphost.identity import jws
from jumphost.identity.keys import IssuerKeys
from jumphost.identity.spiffe import SpiffeIssuer, trust_domain
from jumphost.testing.clock import ManualClock
from jumphost.testing.issuer import AUDIENCE, LocalIssuer, unverified

DOMAIN = "spiffe://prod.acme.example"
WORKLOAD = f"{DOMAIN}/payments/order-service"
CLOCK = ManualClock()
ISSUER = LocalIssuer(CLOCK)


async def load() -> list[jws.VerifyingKey]:
    return jws.keys(ISSUER.jwks())


async def verify(**changes: Any) -> str:
    verifier = SpiffeIssuer("mesh", Issuer(DOMAIN, AUDIENCE, (), kind="spiffe"), IssuerKeys("mesh", load, CLOCK))
    token = ISSUER.token(**{"sub": WORKLOAD, "iss": None, "iat": None, "nbf": None, **changes})
    return (await verifier.verify(unverified(token), CLOCK.now_ns())).subject


async def test_a_workload() -> None:
    assert await verify() == WORKLOAD
    assert await verify(iss="https://spire.example") == WORKLOAD, "who runs the server is nothing to us"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sub": "spiffe://dev.acme.example/payments"}, Code.TOKEN_ISSUER),
        ({"sub": "spiffe://prod.acme.example.evil.example/x"}, Code.TOKEN_ISSUER),
        ({"sub": DOMAIN}, Code.TOKEN_ISSUER),
        ({"sub": None}, Code.TOKEN_ISSUER),
        ({"aud": None}, Code.TOKEN_AUDIENCE),
        ({"aud": "other"}, Code.TOKEN_AUDIENCE),
        ({"exp": None}, Code.TOKEN_CLAIMS),
        ({"exp": 1}, Code.TOKEN_EXPIRED),
    ],
)
async def test_what_is_refused(changes: dict[str, Any], code: Code) -> None:
    with pytest.raises(Refused) as caught:
        await verify(**changes)
    assert caught.value.code is code


@pytest.mark.parametrize(
    ("subject", "domain"),
    [
        ("spiffe://a.b/c", "spiffe://a.b"),
        ("spiffe://a.b/C/d-e_f.g", "spiffe://a.b"),
        ("spiffe://a.b", ""),
        ("spiffe://a.b/", ""),
        ("spiffe://a.b/c/", ""),
        ("spiffe://a.b//c", ""),
        ("spiffe://a.b/../c", ""),
        ("spiffe://a.b/./c", ""),
        ("spiffe://A.b/c", ""),
        ("SPIFFE://a.b/c", ""),
        ("spiffe://user@a.b/c", ""),
        ("spiffe://a.b:1/c", ""),
        ("spiffe://a.b/c?d", ""),
        ("spiffe://a.b/c#d", ""),
        ("spiffe://a.b/%41", ""),
        ("spiffe://a.b/c\n", ""),
        ("spiffe:///c", ""),
        ("spiffe://a.b/" + "c" * 2048, ""),
        (7, ""),
        (None, ""),
    ],
)
def test_trust_domains(subject: Any, domain: str) -> None:
    assert trust_domain(subject) == domain
