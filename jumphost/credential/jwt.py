"""A signed token (RFC 7519) for one command: who runs it, for whom it is, and an end that comes soon.

Whoever verifies it needs the public key alone (:func:`jwks`); nothing takes a token back before it expires.
"""

import asyncio
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from jwt.algorithms import ECAlgorithm
from jwt.utils import base64url_encode

from jumphost.clock import NS_PER_S, Clock
from jumphost.config.create import write_new
from jumphost.config.credentials import Jwt as Source
from jumphost.credential.base import Minted, Outlives
from jumphost.errors import Code, Unavailable
from jumphost.model.lease import Lease
from jumphost.secret import Secret

ALGORITHM: Final = "ES256"


class JwtProvider:
    """Implements ``credential.base.Provider`` and ``Irrevocable``."""

    kind, template = "jwt", ""
    outlives: Outlives = "until it expires"

    def __init__(self, source: Source, key: Path, clock: Clock) -> None:
        self._source, self._key, self._clock = source, key, clock

    def subject(self, request: str) -> str:
        """Nothing anywhere has this name; see ``credential.base``."""
        return f"jwt_{request}"

    async def issue(self, lease: Lease) -> Minted:
        """A token whose ``jti`` is the lease."""
        key = await asyncio.to_thread(_read, self._key)
        claims = {
            **self._source.claims,
            "iss": self._source.issuer,
            "aud": list(self._source.audience),
            "sub": lease.identity,
            "jti": lease.id,
            "iat": self._clock.now_ns() // NS_PER_S,
            "exp": lease.expires_ns // NS_PER_S,
        }
        token = jwt.encode(claims, key, ALGORITHM, {"kid": _public(key)["kid"]})
        return Minted(lease, {"secret": Secret(token.encode())})

    async def revoke(self, lease: Lease) -> None:
        """There is nothing to end."""

    async def left(self) -> Collection[str]:
        """There is nothing to find."""
        return ()

    async def close(self) -> None:
        """Nothing is kept open."""


def make_key(path: Path) -> None:
    """A new key, 0600; FileExistsError if there is one, OSError."""
    made = generate_private_key(SECP256R1())
    write_new(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def jwks(path: Path) -> Mapping[str, Any]:
    """What verifiers need (RFC 7517); Unavailable (credential.unavailable) if the key cannot be used."""
    return {"keys": [_public(_read(path))]}


def _public(key: EllipticCurvePrivateKey) -> dict[str, Any]:
    made = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    thumb = f'{{"crv":"{made["crv"]}","kty":"{made["kty"]}","x":"{made["x"]}","y":"{made["y"]}"}}'  # RFC 7638 §3.2
    kid = base64url_encode(sha256(thumb.encode()).digest()).decode()
    return {**made, "kid": kid, "use": "sig", "alg": ALGORITHM}


def _read(path: Path) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise _unavailable(f"{path} cannot be read: {error.strerror}: `jumphost credential key` makes it") from None
    except (ValueError, TypeError):
        raise _unavailable(f"got no private key in PEM without a password in {path}") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise _unavailable(f"got another key in {path}, expected one on P-256")
    return key


def _unavailable(detail: str) -> Unavailable:
    return Unavailable(Code.CREDENTIAL_UNAVAILABLE, "no token can be signed", detail=detail)
