"""What a signed assertion must say: by whom, to whom, until when, and nothing in two ways."""

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from jumphost.clock import NS_PER_S, rfc3339
from jumphost.config.issuers import Issuer
from jumphost.errors import Code, Refused
from jumphost.identity.assertion import check
from jumphost.identity.base import LEEWAY_S, VerifiedClaims
from jumphost.testing.clock import ManualClock
from jumphost.testing.issuer import AUDIENCE
from jumphost.testing.saml import ENTITY, LIFE_S, RECIPIENT, LocalIdp

CLOCK = ManualClock()
NOW = CLOCK.now_ns()
ENTRY = Issuer(ENTITY, AUDIENCE, (), kind="saml", recipient=RECIPIENT)
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"


def at(seconds: float) -> str:
    return rfc3339(NOW + round(seconds * NS_PER_S))


@pytest.fixture
def idp(tmp_path: Path) -> LocalIdp:
    return LocalIdp(tmp_path, CLOCK)


def checked(text: str) -> VerifiedClaims:
    return check(etree.fromstring(text.encode()), name="sso", issuer=ENTRY, now_ns=NOW)


def refusal(text: str) -> Code:
    with pytest.raises(Refused) as caught:
        checked(text)
    return caught.value.code


def test_what_a_good_one_says(idp: LocalIdp) -> None:
    found = checked(idp.assertion(roles=("a", "b")))
    assert found.claims == {"sub": "order-service", "repository": ["acme/payments"], "roles": ["a", "b"]}
    assert found.until_s == NOW // NS_PER_S + LIFE_S + LEEWAY_S + 1


def test_it_ends_with_the_first_of_its_ends(idp: LocalIdp) -> None:
    session = f'<saml:AuthnStatement SessionNotOnOrAfter="{at(30)}"/>'
    assert checked(idp.assertion(extra=session)).until_s == NOW // NS_PER_S + 30 + LEEWAY_S + 1
    assert checked(idp.assertion(confirmed_until=at(20))).until_s == NOW // NS_PER_S + 20 + LEEWAY_S + 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issuer": "https://evil.example"}, Code.TOKEN_ISSUER),
        ({"audience": "other"}, Code.TOKEN_AUDIENCE),
        ({"audience": None}, Code.TOKEN_AUDIENCE),
        ({"recipient": "https://other.example"}, Code.TOKEN_AUDIENCE),
        ({"recipient": None}, Code.TOKEN_AUDIENCE),
        ({"not_on_or_after": at(-LEEWAY_S)}, Code.TOKEN_EXPIRED),
        ({"not_on_or_after": None}, Code.TOKEN_CLAIMS),
        ({"confirmed_until": at(-LEEWAY_S)}, Code.TOKEN_EXPIRED),
        ({"confirmed_until": None}, Code.TOKEN_CLAIMS),
        ({"not_before": at(LEEWAY_S + 1)}, Code.TOKEN_NOT_YET_VALID),
        ({"not_before": "soon"}, Code.TOKEN_CLAIMS),
        ({"not_on_or_after": "2026-11-22T02:05:00"}, Code.TOKEN_CLAIMS),
        ({"not_on_or_after": at(10**6), "confirmed_until": at(10**6)}, Code.TOKEN_CLAIMS),
        ({"in_response_to": "_request"}, Code.TOKEN_CLAIMS),
        ({"who": ""}, Code.TOKEN_CLAIMS),
        ({"who": "a<b/>"}, Code.TOKEN_CLAIMS),
        ({"who": "x" * 1025}, Code.TOKEN_CLAIMS),
        ({"repository": "a<b/>c"}, Code.TOKEN_CLAIMS),
        ({"id": ""}, Code.TOKEN_CLAIMS),
        ({"extra": f'<saml:AuthnStatement SessionNotOnOrAfter="{at(-LEEWAY_S)}"/>'}, Code.TOKEN_EXPIRED),
    ],
)
def test_what_is_refused(idp: LocalIdp, changes: dict[str, Any], code: Code) -> None:
    assert refusal(idp.assertion(**changes)) is code


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('Version="2.0"', 'Version="1.1"'),
        ("cm:bearer", "cm:holder-of-key"),
        ("<saml:SubjectConfirmationData", '<saml:SubjectConfirmationData NotBefore="2020-01-01T00:00:00Z"'),
        ("<saml:AudienceRestriction>", "<saml:Condition/><saml:AudienceRestriction>"),
        ('Name="roles"', 'Name="repository"'),
        ('Name="roles"', 'Name="sub"'),
        ('Name="roles"', 'Name=""'),
        ("<saml:AttributeStatement>", "<saml:AttributeStatement><saml:EncryptedAttribute/>"),
        ("</saml:Issuer>", f"</saml:Issuer><saml:Issuer>{ENTITY}</saml:Issuer>"),
        ("<saml:NameID>", "<saml:NameID>other</saml:NameID><saml:NameID>"),
        ("</saml:Subject>", "</saml:Subject><saml:Subject/>"),
        ("</saml:Conditions>", "</saml:Conditions><saml:Conditions/>"),
        ("<saml:NameID>order-service</saml:NameID>", ""),
    ],
)
def test_what_could_be_read_in_two_ways(idp: LocalIdp, old: str, new: str) -> None:
    text = idp.assertion()
    assert old in text
    assert refusal(text.replace(old, new)) is Code.TOKEN_CLAIMS


def test_every_restriction_must_hold(idp: LocalIdp) -> None:
    more = "<saml:AudienceRestriction><saml:Audience>other</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
    text = idp.assertion()
    assert refusal(text.replace("</saml:Conditions>", more)) is Code.TOKEN_AUDIENCE
    one_of = text.replace("<saml:Audience>", "<saml:Audience>other</saml:Audience><saml:Audience>", 1)
    assert checked(one_of.replace("</saml:Conditions>", "<saml:OneTimeUse/></saml:Conditions>")).issuer == "sso"
