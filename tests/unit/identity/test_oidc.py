"""A token of an OpenID Connect issuer, from bytes to verified claims."""

from typing import Any

import pytest

from jumphost.config.issuers import Issuer
from jumphost.errors import Code, Refused
from jumphost.identity import jws
from jumphost.identity.base import VerifiedClaims
from jumphost.identity.keys import IssuerKeys
from jumphost.identity.oidc import OidcIssuer
from jumphost.testing.clock import ManualClock
from jumphost.testing.issuer import AUDIENCE, LocalIssuer, signed, unverified


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.issuer = LocalIssuer(self.clock)
        self.loads = 0
        entry = Issuer(issuer=self.issuer.url, audience=AUDIENCE, match=())
        self.verifier = OidcIssuer("ci", entry, IssuerKeys("ci", self.load, self.clock))

    async def load(self) -> list[jws.VerifyingKey]:
        self.loads += 1
        return jws.keys(self.issuer.jwks())

    async def verify(self, token: str) -> VerifiedClaims:
        return await self.verifier.verify(unverified(token), self.clock.now_ns())


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_token_becomes_claims(bench: Bench) -> None:
    found = await bench.verify(bench.issuer.token(repository="acme/payments"))
    assert (found.issuer, found.claims["repository"]) == ("ci", "acme/payments")


async def test_a_token_of_another_issuer_costs_no_keys(bench: Bench) -> None:
    for changes in ({"iss": "https://evil.example"}, {"iss": None}, {"iss": [bench.issuer.url]}):
        with pytest.raises(Refused) as caught:
            await bench.verify(bench.issuer.token(**changes))
        assert caught.value.code is Code.TOKEN_ISSUER
    assert bench.loads == 0


@pytest.mark.parametrize(
    ("forge", "code"),
    [
        (lambda issuer: issuer.token(aud="other"), Code.TOKEN_AUDIENCE),
        (lambda issuer: issuer.token(exp=1), Code.TOKEN_EXPIRED),
        (lambda issuer: issuer.token({"alg": "none"}), Code.TOKEN_ALGORITHM),
        (lambda issuer: issuer.token().rpartition(".")[0] + ".AAAA", Code.TOKEN_SIGNATURE),
        (lambda issuer: issuer.token({"kid": "other"}), Code.TOKEN_SIGNATURE),
        (
            lambda issuer: signed(
                LocalIssuer(ManualClock()).keys.popitem()[1],
                "ES256",
                {"alg": "ES256", "kid": next(iter(issuer.keys))},
                issuer.claims(),
            ),
            Code.TOKEN_SIGNATURE,
        ),
    ],
    ids=["audience", "expired", "none", "cut", "unknown key", "another's key"],
)
async def test_a_forged_token(bench: Bench, forge: Any, code: Code) -> None:
    with pytest.raises(Refused) as caught:
        await bench.verify(forge(bench.issuer))
    assert caught.value.code is code
