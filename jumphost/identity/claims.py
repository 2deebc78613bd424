"""The registered claims of a token (RFC 7519 §4.1), held against what a site declares and what time it is. Pure."""

import hashlib
from typing import Any

from jumphost.clock import NS_PER_S
from jumphost.config.issuers import MAX_TEXT
from jumphost.errors import Code, Refused
from jumphost.identity.base import LEEWAY_S, MAX_LIFE_S, VerifiedClaims
from jumphost.identity.jws import UnverifiedClaims

_LATEST_S = 2**40  # seconds since the epoch: far beyond any token


def check(token: UnverifiedClaims, *, name: str, audience: str, now_ns: int) -> VerifiedClaims:
    """What a token says whose signature and issuer were verified; Refused with a code ``token.…``.

    ``aud`` and ``exp`` it must have; ``nbf``, ``iat`` and ``sub`` must be right where they are.
    """
    claims, now = token.claims, now_ns / NS_PER_S
    _audience(claims.get("aud"), audience)
    ends = _time(claims, "exp")
    begins = max((_time(claims, field) for field in ("nbf", "iat") if field in claims), default=0)
    if now >= ends + LEEWAY_S:
        raise Refused(Code.TOKEN_EXPIRED, f"got a token that ended {now - ends:.0f} s ago")
    if now < begins - LEEWAY_S:
        raise Refused(Code.TOKEN_NOT_YET_VALID, f"got a token that begins in {begins - now:.0f} s")
    if ends - now > MAX_LIFE_S:
        raise Refused(Code.TOKEN_CLAIMS, f"got a token for {ends - now:.0f} s more, expected at most {MAX_LIFE_S} s")
    subject = claims.get("sub", "")
    if not isinstance(subject, str) or len(subject) > MAX_TEXT or not subject.isprintable():
        raise Refused(
            Code.TOKEN_CLAIMS, f"got a sub that cannot be read, expected up to {MAX_TEXT} printable characters"
        )
    return VerifiedClaims(
        issuer=name,
        subject=subject,
        claims=claims,
        once=_once(name, token),
        until_s=int(ends) + LEEWAY_S + 1,
    )


def _audience(found: Any, audience: str) -> None:
    listed = found if isinstance(found, list) else [found]
    if audience not in listed:
        raise Refused(Code.TOKEN_AUDIENCE, f"got a token for {str(found)[:128]!r}, expected one for {audience!r}")


def _time(claims: dict[str, Any], field: str) -> float:
    value = claims.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LATEST_S:
        raise Refused(Code.TOKEN_CLAIMS, f"got no {field} that is a time, expected seconds since the epoch")
    return value


def _once(name: str, token: UnverifiedClaims) -> str:
    """By its id, else by what was signed: a signature can be written in more than one way, and still be good."""
    jti = token.claims.get("jti")
    own = b"signed\0" + token.signed
    if isinstance(jti, str) and jti:
        own = b"jti\0" + jti.encode("utf-8", "surrogatepass")
    return hashlib.sha256(name.encode() + b"\0" + own).hexdigest()
