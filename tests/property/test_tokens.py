"""Whatever a stranger sends as a token is taken, or refused with a code of tokens: no parser fails in another way."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.config.issuers import Issuer
from jumphost.config.site import Site
from jumphost.errors import Code, Refused
from jumphost.identity import claims, jws
from jumphost.identity.base import UnverifiedToken
from jumphost.identity.saml import SamlIssuer
from jumphost.secret import Secret
from jumphost.testing.clock import ManualClock
from jumphost.testing.issuer import AUDIENCE, LocalIssuer, encoded, signed
from jumphost.testing.saml import ENTITY, RECIPIENT, LocalIdp

CLOCK = ManualClock("2026-12-01T12:00:00Z")
ISSUER = LocalIssuer(CLOCK)
(KEY,) = jws.keys(ISSUER.jwks())
PRIVATE = next(iter(ISSUER.keys.values()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["iss", "aud", "sub", "exp", "nbf", "iat", "jti", "alg", "kid", "typ", "crit", "jwk"])
OBJECT = st.dictionaries(NAMES | st.text(max_size=4), JSON, max_size=6)


def refused(act: Callable[[], object]) -> str:
    """The code, or "" if it was taken."""
    try:
        act()
    except Refused as error:
        return error.code
    return ""


def read(data: bytes) -> str:
    return refused(lambda: jws.read(UnverifiedToken(Secret(data))))


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(data: bytes) -> None:
    assert read(data) == Code.TOKEN_MALFORMED


@settings(deadline=None)
@given(OBJECT, OBJECT, st.binary(max_size=80))
def test_any_head_and_body(head: dict[str, Any], body: dict[str, Any], signature: bytes) -> None:
    parts = (json.dumps(head).encode(), json.dumps(body).encode(), signature)
    assert read(b".".join(map(encoded, parts))) in ("", Code.TOKEN_MALFORMED)


@settings(deadline=None)
@given(OBJECT)
def test_any_claims_that_an_issuer_may_sign(body: dict[str, Any]) -> None:
    def taken() -> None:
        token = jws.read(UnverifiedToken(Secret(signed(PRIVATE, "ES256", {"alg": "ES256"}, body).encode())))
        jws.verify(token, KEY)
        claims.check(token, name="ci", audience=AUDIENCE, now_ns=CLOCK.now_ns())

    assert refused(taken).startswith("token."), "nobody draws a whole one"


@settings(deadline=None)
@given(st.binary(max_size=300) | OBJECT.map(lambda found: json.dumps({"keys": [found]}).encode()))
def test_any_set_of_keys(document: bytes) -> None:
    with suppress(ValueError):
        assert jws.keys(document) == []


@pytest.fixture(scope="module")
def provider() -> Any:
    with TemporaryDirectory() as folder:
        idp = LocalIdp(Path(folder), CLOCK)
        entry = Issuer(ENTITY, AUDIENCE, (), kind="saml", certificate="idp.pem", recipient=RECIPIENT)
        yield SamlIssuer("sso", entry, Site(Path(folder))), idp.token()


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_any_change_of_a_document(provider: Any, data: st.DataObject) -> None:
    """Whatever is cut out, doubled or put in: it is refused, or says what was signed."""
    issuer, text = provider
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 400)))
    inserted = data.draw(
        st.sampled_from(["", text[begin:end] * 2, "<!---->", "&amp;", "<a/>", "x", "\x00", "<![CDATA[x]]>"])
    )
    changed = UnverifiedToken(Secret((text[:begin] + inserted + text[end:]).encode()))
    said: list[Any] = []
    code = refused(lambda: said.append(asyncio.run(issuer.verify(changed, CLOCK.now_ns()))))
    assert code.startswith("token.") or code == ""
    assert [(one.subject, one.claims["repository"]) for one in said] in ([], [("order-service", ["acme/payments"])])
