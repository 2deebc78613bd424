"""Tokens of OpenID Connect issuers: GitHub Actions, GitLab, Kubernetes service accounts, any with discovery."""

from jumphost.config.issuers import Issuer
from jumphost.errors import Code, Refused
from jumphost.identity import claims, jws
from jumphost.identity.base import UnverifiedToken, VerifiedClaims
from jumphost.identity.keys import IssuerKeys


class OidcIssuer:
    """Implements ``TokenIssuer``; ``name`` is the one under ``issuers:``."""

    def __init__(self, name: str, issuer: Issuer, keys: IssuerKeys) -> None:
        self._name, self._issuer, self._keys = name, issuer, keys

    async def verify(self, token: UnverifiedToken, now_ns: int) -> VerifiedClaims:
        # (1) It can be read, and names this issuer: else its keys are not even looked for.
        found = jws.read(token)
        if found.claims.get("iss") != self._issuer.issuer:
            raise Refused(Code.TOKEN_ISSUER, f"got a token of another issuer, expected {self._issuer.issuer!r}")
        # (2) A key of this issuer signed it, with an algorithm of that key.
        jws.verify(found, await self._keys.find(found))
        # (3) It is for us, and for now.
        return claims.check(found, name=self._name, audience=self._issuer.audience, now_ns=now_ns)
