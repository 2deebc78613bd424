"""Tokens in compact form: what is no readable token, and which key may have signed one."""

import base64
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from jumphost.errors import Code, Refused
from jumphost.identity import jws
from jumphost.testing.clock import ManualClock
from jumphost.testing.issuer import LocalIssuer, encoded, jwk, new_key, signed, unverified

ALGORITHMS = ("RS256", "RS512", "PS256", "PS384", "ES256", "ES384", "ES512", "EdDSA")
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture
def issuer() -> LocalIssuer:
    return LocalIssuer(ManualClock())


def key_set(*entries: Any) -> list[jws.VerifyingKey]:
    return jws.keys(json.dumps({"keys": entries}).encode())


def refusal(token: str, key: jws.VerifyingKey | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        taken(token, key)
    return caught.value


def taken(token: str, key: jws.VerifyingKey | None) -> None:
    found = jws.read(unverified(token))
    if key is not None:
        jws.verify(found, key)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_by_its_kind_of_key(algorithm: str) -> None:
    private = new_key(algorithm)
    (key,) = key_set(jwk(private, "k"))
    found = jws.read(unverified(signed(private, algorithm, {"alg": algorithm, "kid": "k"}, {"sub": "x"})))
    jws.verify(found, key)
    assert (found.kid, found.algorithm, found.claims) == ("k", algorithm, {"sub": "x"})
    other = key_set(jwk(new_key(algorithm), "k"))[0]
    with pytest.raises(Refused) as caught:
        jws.verify(found, other)
    assert caught.value.code is Code.TOKEN_SIGNATURE


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://evil.example/keys"},
        {"jwk": {"kty": "EC"}},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"typ": "logout+jwt"},
        {"typ": ["JWT"]},
        {"kid": 7},
        {"alg": ["ES256"]},
    ],
)
def test_heads_that_bring_keys_or_change_the_rules(issuer: LocalIssuer, header: dict[str, Any]) -> None:
    assert refusal(issuer.token(header)).code is Code.TOKEN_MALFORMED


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c.d",
        "a.b.",
        ".b.c",
        "a b.c.d",
        "e30.e30.x=",
        "e30.e30.x\n",
        "é.e30.x",
        f"{encoded(b'[]').decode()}.e30.x",
        f"{encoded(b'nonsense').decode()}.e30.x",
        f"{encoded(bytes([255])).decode()}.e30.x",
        "e30.e30." + "x" * jws.MAX_TOKEN,
        f"{encoded(b'[' * 9000).decode()}.e30.x",
        encoded(b'{"alg":"ES256","alg":"none"}').decode() + ".e30.x",
    ],
)
def test_what_is_no_token(token: str) -> None:
    assert refusal(token).code is Code.TOKEN_MALFORMED


@pytest.mark.parametrize(
    "body",
    [
        b'{"aud":"other","aud":"jumphost"}',
        b'{"a":{"b":1,"b":2}}',
        b'{"exp":NaN}',
        b'{"exp":Infinity}',
        b"[]",
        b'"text"',
        b"{",
        b'{"a":"\xff"}',
        b'{"n":' + b"9" * 5000 + b"}",
    ],
)
def test_bodies_that_could_be_read_in_two_ways(issuer: LocalIssuer, body: bytes) -> None:
    key = next(iter(issuer.keys.values()))
    assert refusal(signed(key, "ES256", {"alg": "ES256"}, body)).code is Code.TOKEN_MALFORMED


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "HS256", "RS256", "ES384", "", "EdDSA"])
def test_the_key_fixes_the_algorithm(issuer: LocalIssuer, algorithm: str) -> None:
    (key,) = jws.keys(issuer.jwks())
    assert refusal(issuer.token({"alg": algorithm}), key).code is Code.TOKEN_ALGORITHM


def test_a_public_key_is_no_shared_secret() -> None:
    private = new_key("RS256")
    assert isinstance(private, rsa.RSAPrivateKey)
    (key,) = key_set(jwk(private, "k"))
    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = b".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "k"}, {"sub": "x"}))
    forged = text + b"." + encoded(hmac.digest(spki, text, "sha256"))
    assert refusal(forged.decode(), key).code is Code.TOKEN_ALGORITHM


def test_no_byte_can_be_changed(issuer: LocalIssuer) -> None:
    (key,) = jws.keys(issuer.jwks())
    head, body, signature = issuer.token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    other = encoded(json.dumps({**claims, "sub": "other"}).encode()).decode()
    for forged in (f"{head}.{other}.{signature}", f"{head}.{body}.{signature[4:]}{signature[:4]}"):
        assert refusal(forged, key).code is Code.TOKEN_SIGNATURE


def test_a_second_signature_that_is_as_good_covers_the_same_text(issuer: LocalIssuer) -> None:
    """ECDSA takes s and n − s: what is signed names a token, and not how it is signed."""
    (key,) = jws.keys(issuer.jwks())
    token = issuer.token()
    text, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    assert decode_dss_signature(encode_dss_signature(r, s)) == (r, s)
    twin = raw[:32] + (P256_ORDER - s).to_bytes(32, "big")
    one, other = (jws.read(unverified(each)) for each in (token, f"{text}.{encoded(twin).decode()}"))
    jws.verify(other, key)
    assert (one.signed, one.signature) == (other.signed, raw)
    assert other.signature == twin


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"alg": "HS256"},
        {"alg": "none"},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "RSA"},
        {"crv": "secp256k1"},
        {"crv": "P-384"},
        {"x": "!"},
        {"x": None},
        {"d": "AAAA"},
        {"kid": 7},
        {"kty": None},
    ],
)
def test_keys_that_are_passed_over(changes: dict[str, Any]) -> None:
    entry = {name: value for name, value in {**jwk(new_key(), "k"), **changes}.items() if value is not None}
    good = jwk(new_key("EdDSA"), "good")
    assert [key.kid for key in key_set(entry, "text", good)] == ["good"]


def test_short_rsa_keys_are_passed_over() -> None:
    assert key_set(jwk(rsa.generate_private_key(65_537, 1024), "short")) == []


def test_a_key_that_names_its_algorithm_has_no_other() -> None:
    (key,) = key_set(jwk(new_key("RS256"), "k", alg="PS256"))
    assert key.algorithms == {"PS256"}
    (svid,) = key_set(jwk(new_key(), "k", use="jwt-svid"))
    assert svid.algorithms == {"ES256"}


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[],"keys":[]}', b"\xff"])
def test_what_is_no_set_of_keys(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        jws.keys(document)
