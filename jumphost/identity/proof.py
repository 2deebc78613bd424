"""That a client holds the private key it wants certified: a signature over a number that we just gave out. Pure.

A nonce is not remembered until it is used: it carries when it was made, and a MAC that only this process can make.
"""

import base64
import hashlib
import hmac
import re
import secrets
from typing import NoReturn

from jumphost.errors import Code, Refused
from jumphost.evidence import sshsig
from jumphost.sshkey import PublicKey, WeakKey, read_line

NAMESPACE = "certificate@jumphost"
LIFE_S = 60
_RANDOM, _TIME, _MAC = 17, 8, 32  # bytes of its parts: 57, which base64url writes in one way only
_NONCE = re.compile(r"[A-Za-z0-9_-]{76}")


class Nonces:
    """Those of this process; times are seconds since the epoch."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, now_s: int) -> str:
        """A new one, good for LIFE_S."""
        body = secrets.token_bytes(_RANDOM) + now_s.to_bytes(_TIME, "big")
        return base64.urlsafe_b64encode(body + self._mac(body)).decode("ascii")

    def check(self, nonce: str, now_s: int) -> int:
        """When it ends; Refused (proof.invalid) unless it is one of ours that has not."""
        raw = base64.urlsafe_b64decode(nonce) if _NONCE.fullmatch(nonce) else b""
        body, mac = raw[:-_MAC], raw[-_MAC:]
        if not hmac.compare_digest(mac, self._mac(body)):
            _refuse("got no nonce of this server, expected that of GET /v1/nonce")
        ends = int.from_bytes(body[_RANDOM:], "big") + LIFE_S
        if now_s >= ends:
            _refuse(f"got a nonce that ended {now_s - ends} s ago, expected a new one of GET /v1/nonce")
        return ends

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)


def holds(public_key: str, nonce: str, signature: str) -> PublicKey:
    """The key that signed the nonce; Refused (identity.weak_key, request.invalid, proof.invalid) if it is another."""
    try:
        key = read_line(public_key)
    except WeakKey as error:
        raise Refused(Code.IDENTITY_WEAK_KEY, str(error)) from None
    except ValueError as error:
        raise Refused(Code.REQUEST_INVALID, str(error)) from None
    try:
        signer = sshsig.verify(signature, nonce.encode(), NAMESPACE)
    except Refused as error:
        _refuse(error.message)
    if signer.blob != key.blob:
        _refuse(f"got a signature by {signer.fingerprint}, expected one by {key.fingerprint}")
    return key


def _refuse(message: str) -> NoReturn:
    raise Refused(Code.PROOF_INVALID, message) from None
