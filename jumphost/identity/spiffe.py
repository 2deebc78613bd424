"""JWT-SVIDs: the tokens of a SPIFFE trust domain (SPIFFE JWT-SVID standard)."""

import re

from jumphost.config.issuers import Issuer
from jumphost.errors import Code, Refused
from jumphost.identity import claims, jws
from jumphost.identity.base import UnverifiedToken, VerifiedClaims
from jumphost.identity.keys import IssuerKeys

SCHEME = "spiffe://"
_ID = re.compile(r"spiffe://[a-z0-9._-]{1,255}(/[A-Za-z0-9._-]+)+")  # SPIFFE-ID §2.1–2.2: case matters
MAX_ID = 2048  # bytes, §2.3


def trust_domain(subject: object) -> str:
    """``spiffe://DOMAIN`` of a SPIFFE ID of a workload; "" if it is none."""
    if not isinstance(subject, str) or len(subject) > MAX_ID or not _ID.fullmatch(subject):
        return ""
    domain, *path = subject.removeprefix(SCHEME).split("/")
    return "" if {".", ".."} & set(path) else SCHEME + domain


class SpiffeIssuer:
    """Implements ``TokenIssuer``; its keys are the bundle of the trust domain."""

    def __init__(self, name: str, issuer: Issuer, keys: IssuerKeys) -> None:
        self._name, self._issuer, self._keys = name, issuer, keys

    async def verify(self, token: UnverifiedToken, now_ns: int) -> VerifiedClaims:
        # (1) It can be read, and its subject is a workload of this trust domain.
        found = jws.read(token)
        if trust_domain(found.claims.get("sub")) != self._issuer.issuer:
            raise Refused(Code.TOKEN_ISSUER, f"got a token that is not of a workload in {self._issuer.issuer}")
        # (2) A key of the bundle signed it, with an algorithm of that key.
        jws.verify(found, await self._keys.find(found))
        # (3) It is for us, and for now.
        return claims.check(found, name=self._name, audience=self._issuer.audience, now_ns=now_ns)
