"""An OpenID Connect issuer on a free port of the loopback: real keys, discovery, rotation, outages."""

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from jumphost.clock import NS_PER_S, Clock
from jumphost.identity.base import UnverifiedToken
from jumphost.secret import Secret

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
AUDIENCE = "jumphost"
LIFE_S = 300
DISCOVERY_PATH, KEYS_PATH = "/.well-known/openid-configuration", "/keys"


def new_key(algorithm: str = "ES256") -> PrivateKey:
    """A key that the algorithm takes."""
    curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    if algorithm in curves:
        return ec.generate_private_key(curves[algorithm])
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65_537, 2048)


def jwk(key: PrivateKey, kid: str, **changes: Any) -> dict[str, Any]:
    """The public half as it stands in a set; a change to None takes a field away."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        entry = RSAAlgorithm.to_jwk(public, as_dict=True)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        entry = ECAlgorithm.to_jwk(public, as_dict=True)
    else:
        entry = OKPAlgorithm.to_jwk(public, as_dict=True)
    merged = {**entry, "kid": kid, "use": "sig", **changes}
    return {name: value for name, value in merged.items() if value is not None and name != "key_ops"}


def signed(key: Any, algorithm: str, header: dict[str, Any] | bytes, claims: dict[str, Any] | bytes) -> str:
    """A token of exactly this head and body, whatever they say; ``key`` as PyJWT takes it for the algorithm."""
    parts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in (header, claims)]
    text = b".".join(map(encoded, parts))
    method = jwt.get_algorithm_by_name(algorithm)
    return (text + b"." + encoded(method.sign(text, method.prepare_key(key)))).decode()


def encoded(data: bytes) -> bytes:
    """base64url without its padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def unverified(token: str) -> UnverifiedToken:
    """A token as the exchange takes it."""
    return UnverifiedToken(Secret(token.encode()))


class LocalIssuer:
    """What it says is up to its fields: ``keys`` by their kid, the newest last, and whether it is ``down``."""

    def __init__(self, clock: Clock, url: str = "https://issuer.example", algorithm: str = "ES256") -> None:
        self.url, self._clock, self._algorithm = url, clock, algorithm
        self.keys: dict[str, PrivateKey] = {}
        self.down = False
        self.documents: dict[str, bytes] = {}  # by path, in place of its own
        self.asked: list[str] = []  # paths, in the order they came
        self.rotate()

    def rotate(self, *, keep: bool = False) -> None:
        """A new key from now on; the old one is gone, unless kept."""
        if not keep:
            self.keys.clear()
        self.keys[f"key-{secrets.token_hex(4)}"] = new_key(self._algorithm)

    def jwks(self) -> bytes:
        """Its keys."""
        return json.dumps({"keys": [jwk(key, kid) for kid, key in self.keys.items()]}).encode()

    def document(self, path: str) -> bytes | None:
        """What is answered to GET, None if there is nothing."""
        if path in self.documents:
            return self.documents[path]
        if path == DISCOVERY_PATH:
            return json.dumps({"issuer": self.url, "jwks_uri": self.url + KEYS_PATH}).encode()
        return self.jwks() if path == KEYS_PATH else None

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a token that is good for five minutes; a change to None takes a claim away."""
        now = self._clock.now_ns() // NS_PER_S
        fixed = {"iss": self.url, "aud": AUDIENCE, "sub": "repo:acme/payments:ref:refs/heads/main", "iat": now}
        made = {**fixed, "nbf": now, "exp": now + LIFE_S, "jti": secrets.token_hex(8), **changes}
        return {name: value for name, value in made.items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A token by its newest key; ``header`` adds to its head, ``changes`` to its claims."""
        kid, key = list(self.keys.items())[-1]
        head = {"typ": "JWT", "alg": self._algorithm, "kid": kid, **(header or {})}
        return signed(key, self._algorithm, head, self.claims(**changes))


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        """A document, or 404; 503 while it is down."""
        issuer = self.server.issuer
        issuer.asked.append(self.path)
        body = issuer.document(self.path)
        self.send_response(503 if issuer.down else 404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in the base class)
        """Nothing."""


class _Server(ThreadingHTTPServer):
    issuer: LocalIssuer


@contextmanager
def serving(clock: Clock, algorithm: str = "ES256") -> Iterator[LocalIssuer]:
    """An issuer that can be asked over HTTP."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.issuer = LocalIssuer(clock, f"http://127.0.0.1:{server.server_port}", algorithm)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.issuer
        finally:
            server.shutdown()
            thread.join()
