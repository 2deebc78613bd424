"""Which declared issuer a token says it is of: that chooses who verifies it, and is believed for nothing else."""

import asyncio
from collections.abc import Callable, Mapping

from jumphost.config.issuers import Issuer
from jumphost.errors import Code, Refused
from jumphost.identity import jws, saml, spiffe
from jumphost.identity.base import TokenIssuer, UnverifiedToken

Make = Callable[[str, Issuer], TokenIssuer]
"""What verifies the tokens of an issuer, by its name and entry."""


class Issuers:
    """Those that are declared now; each is made when it is first asked for, and again when its entry changed."""

    def __init__(self, declared: Callable[[], Mapping[str, Issuer]], make: Make) -> None:
        self._declared, self._make = declared, make
        self._made: dict[str, tuple[Issuer, TokenIssuer]] = {}

    async def find(self, token: UnverifiedToken) -> tuple[Issuer, TokenIssuer]:
        """The entry and who verifies; Refused (token.malformed, token.issuer) if there is none."""
        # Reading a document takes longer than a token, and strangers send it.
        says = await asyncio.to_thread(_says, token) if saml.looks_like_it(token) else _says(token)
        for name, entry in self._declared().items():
            if entry.issuer in says:
                return entry, self._verifier(name, entry)
        raise Refused(Code.TOKEN_ISSUER, f"got a token of {says[0][:256]!r}, expected one of a declared issuer")

    def _verifier(self, name: str, entry: Issuer) -> TokenIssuer:
        known = self._made.get(name)
        if known is None or known[0] != entry:
            known = self._made[name] = entry, self._make(name, entry)
        return known[1]


def _says(token: UnverifiedToken) -> tuple[str, ...]:
    if saml.looks_like_it(token):
        return (saml.issuer_of(token),)
    claims = jws.read(token).claims
    return str(claims.get("iss", "")), spiffe.trust_domain(claims.get("sub"))
