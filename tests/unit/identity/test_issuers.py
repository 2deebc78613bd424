"""Which issuer verifies a token."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from jumphost.config.issuers import Issuer, Match
from jumphost.errors import Code, Refused
from jumphost.identity.base import TokenIssuer, UnverifiedToken, VerifiedClaims
from jumphost.identity.issuers import Issuers
from jumphost.testing.clock import ManualClock
from jumphost.testing.issuer import LocalIssuer, unverified
from jumphost.testing.saml import ENTITY, LocalIdp

SOURCE = LocalIssuer(ManualClock())
MATCH = (Match({"a": "b"}, "job"),)
CI = Issuer(SOURCE.url, "jumphost", MATCH)
SSO = Issuer(ENTITY, "jumphost", MATCH, kind="saml")
MESH = Issuer("spiffe://acme.example", "jumphost", MATCH, kind="spiffe")


class Named:
    def __init__(self, name: str) -> None:
        self.name = name

    async def verify(self, token: UnverifiedToken, now_ns: int) -> VerifiedClaims:
        return VerifiedClaims(self.name, "", {}, "", 0)


def make(name: str, issuer: Issuer) -> TokenIssuer:
    return Named(f"{name} for {issuer.audience}")


async def found(issuers: Issuers, **claims: str | None) -> str:
    _, issuer = await issuers.find(unverified(SOURCE.token(**claims)))  # type: ignore[arg-type]
    return (await issuer.verify(unverified(""), 0)).issuer


async def test_by_what_the_token_says_of_itself(tmp_path: Path) -> None:
    issuers = Issuers(lambda: {"ci": CI, "mesh": MESH, "sso": SSO}, make)
    assert await found(issuers) == "ci for jumphost"
    assert await found(issuers, iss=None, sub="spiffe://acme.example/job") == "mesh for jumphost"
    idp = LocalIdp(tmp_path, ManualClock())
    _, issuer = await issuers.find(unverified(idp.assertion()))
    assert (await issuer.verify(unverified(""), 0)).issuer == "sso for jumphost"
    with pytest.raises(Refused) as caught:
        await issuers.find(unverified(idp.assertion(issuer="https://other.example")))
    assert caught.value.code is Code.TOKEN_ISSUER
    with pytest.raises(Refused) as caught:
        await found(issuers, iss="https://other.example")
    assert caught.value.code is Code.TOKEN_ISSUER
    with pytest.raises(Refused) as caught:
        await issuers.find(unverified("nonsense"))
    assert caught.value.code is Code.TOKEN_MALFORMED


async def test_documents_are_read_only_where_they_may_be_good(tmp_path: Path) -> None:
    issuers = Issuers(lambda: {"ci": CI}, make)
    for text in (LocalIdp(tmp_path, ManualClock()).assertion(), "<nonsense"):
        with pytest.raises(Refused, match="none is of that kind"):
            await issuers.find(unverified(text))


async def test_made_once_and_again_when_the_entry_changes() -> None:
    declared = {"ci": CI}
    issuers = Issuers(lambda: declared, make)
    token = unverified(SOURCE.token())
    first = (await issuers.find(token))[1]
    assert (await issuers.find(token))[1] is first
    declared["ci"] = replace(CI, audience="other")
    assert await found(issuers) == "ci for other"
    declared.clear()
    with pytest.raises(Refused):
        await issuers.find(token)
