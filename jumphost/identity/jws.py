"""Signed tokens in compact form (RFC 7515, RFC 7519): read strictly, verified by a key that fixes the algorithm. Pure.

What the token's head says chooses among keys that we have, and nothing else.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.exceptions import PyJWTError
from msgspec import Struct

from jumphost.errors import Code, Refused
from jumphost.identity.base import UnverifiedToken

MAX_TOKEN = 16_384  # bytes; of GitHub, GitLab, Kubernetes and SPIRE they have under 3,000
RSA_MIN_BITS, RSA_MAX_BITS = 2048, 16_384  # RFC 7518 §3.3; OpenSSL's OPENSSL_RSA_MAX_MODULUS_BITS
_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_KEYS_OF_THEIR_OWN = ("jwk", "jku", "x5u", "x5c")  # RFC 7515 §4.1: a key that the sender chose proves nothing
_CHANGE_THE_RULES = ("crit", "b64", "zip", "enc")  # extensions that must be understood (§4.1.11); RFC 7797; RFC 7516
_TYPES = ("", "jwt", "jose", "at+jwt")  # others are signed for another purpose, such as logout+jwt (RFC 8725 §3.11)
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}  # RFC 7518 §3.4

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class VerifyingKey(Struct, frozen=True):
    """One public key and the algorithms that it may be used with."""

    kid: str
    algorithms: frozenset[str]
    key: PublicKey


class UnverifiedClaims(Struct, frozen=True):
    """A token that could be read. ``signed`` is what its signature covers."""

    kid: str
    algorithm: str
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def read(token: UnverifiedToken) -> UnverifiedClaims:
    """Refused (token.malformed, token.algorithm) unless it is one token of a form that we verify."""
    compact = token.reveal()
    if len(compact) > MAX_TOKEN:
        _malformed(f"{len(compact)} bytes, expected at most {MAX_TOKEN}")
    if not _COMPACT.fullmatch(compact):
        _malformed("expected three parts of base64url with dots between")
    signed, _, signature = compact.rpartition(b".")
    head, body = signed.split(b".")
    header = _object(head)
    for name in _KEYS_OF_THEIR_OWN + _CHANGE_THE_RULES:
        if name in header:
            _malformed(f"a header {name!r}, expected none: the keys are those of its issuer, the rules are fixed")
    kid, algorithm = header.get("kid", ""), header.get("alg")
    if not isinstance(kid, str) or not isinstance(algorithm, str):
        _malformed("a header whose kid or alg is no text")
    if str(header.get("typ", "")).lower() not in _TYPES:
        _malformed(f"a token of type {str(header['typ'])[:64]!r}, expected JWT")
    return UnverifiedClaims(kid, algorithm, _object(body), signed, _decoded(signature))


def verify(token: UnverifiedClaims, key: VerifyingKey) -> None:
    """Refused (token.algorithm, token.signature) unless ``key`` signed it with an algorithm of its own."""
    if token.algorithm not in key.algorithms:
        expected = ", ".join(sorted(key.algorithms))
        raise Refused(Code.TOKEN_ALGORITHM, f"got algorithm {token.algorithm[:32]!r}, expected {expected} of this key")
    if not jwt.get_algorithm_by_name(token.algorithm).verify(token.signed, key.key, token.signature):
        raise Refused(Code.TOKEN_SIGNATURE, "got a token that its issuer did not sign")


def keys(document: bytes) -> list[VerifyingKey]:
    """The keys of a JWK set (RFC 7517) that can verify signatures; ValueError if it is none.

    A set may hold keys of other kinds and uses, which are passed over (§5).
    """
    found = _strict(document)
    entries = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(entries, list):
        raise ValueError("got no JWK set, expected an object with a list of keys")
    return [key for entry in entries if isinstance(entry, dict) if (key := _key(entry)) is not None]


def _key(entry: Mapping[str, Any]) -> VerifyingKey | None:
    """None if it is not for signatures, too weak, or holds what should be private."""
    if entry.get("use", "sig") not in ("sig", "jwt-svid") or "d" in entry or not isinstance(entry.get("kid", ""), str):
        return None
    if "verify" not in entry.get("key_ops", ["verify"]):
        return None
    algorithms = _algorithms(entry)
    if "alg" in entry:
        algorithms &= {str(entry["alg"])}
    if not algorithms:
        return None
    try:
        key = jwt.PyJWK(dict(entry), algorithm=min(algorithms)).key
    except (PyJWTError, ValueError, TypeError):
        return None
    if isinstance(key, rsa.RSAPublicKey) and not RSA_MIN_BITS <= key.key_size <= RSA_MAX_BITS:
        return None
    return VerifyingKey(entry.get("kid", ""), algorithms, key) if isinstance(key, PublicKey) else None


def _algorithms(entry: Mapping[str, Any]) -> frozenset[str]:
    match entry.get("kty"), entry.get("crv"):
        case "RSA", _:
            return _RSA
        case "EC", str(curve) if curve in _CURVES:
            return frozenset({_CURVES[curve]})
        case "OKP", "Ed25519":
            return frozenset({"EdDSA"})
    return frozenset()  # of symmetric keys too: whoever verifies by one could sign by it


def _object(part: bytes) -> dict[str, Any]:
    try:
        found = _strict(_decoded(part))
    except ValueError as error:
        _malformed(str(error))
    if not isinstance(found, dict):
        _malformed("a part that is no object")
    return found


def _decoded(part: bytes) -> bytes:
    try:
        return jwt.utils.base64url_decode(part)
    except ValueError as error:
        _malformed(str(error))


def _strict(data: bytes) -> Any:
    """JSON with no name twice in an object, and with numbers that are numbers; ValueError."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("got JSON nested too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(made := dict(pairs)) != len(pairs):
        raise ValueError("got an object with a name twice, expected each once")
    return made


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"got {text}, expected a number")


def _malformed(what: str) -> NoReturn:
    raise Refused(Code.TOKEN_MALFORMED, f"got no readable token: {what}") from None
