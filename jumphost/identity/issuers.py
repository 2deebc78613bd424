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
        self._reading = asyncio.Lock()
        self._made: dict[str, tuple[Issuer, TokenIssuer]] = {}

    async def find(self, token: UnverifiedToken) -> tuple[Issuer, TokenIssuer]:
        """The entry and who verifies; Refused (token.malformed, token.issuer) if there is none."""
        declared = self._declared()
        says = _names(token) if not saml.looks_like_it(token) else await self._said(token, declared)
        for name, entry in declared.items():
            if entry.issuer in says:
                return entry, self._verifier(name, entry)
        raise Refused(Code.TOKEN_ISSUER, f"got a token of {says[0][:256]!r}, expected one of a declared issuer")

    async def _said(self, token: UnverifiedToken, declared: Mapping[str, Issuer]) -> tuple[str, ...]:
        """Of a document, which takes longer to read: only where it may be good, and one at a time."""
        if not any(entry.kind == "saml" for entry in declared.values()):
            raise Refused(
                Code.TOKEN_ISSUER, "got a SAML document, expected a token of a declared issuer: none is of that kind"
            )
        async with self._reading:
            return (await asyncio.to_thread(saml.issuer_of, token),)

    def _verifier(self, name: str, entry: Issuer) -> TokenIssuer:
        known = self._made.get(name)
        if known is None or known[0] != entry:
            known = self._made[name] = entry, self._make(name, entry)
        return known[1]


def _names(token: UnverifiedToken) -> tuple[str, ...]:
    claims = jws.read(token).claims
    return str(claims.get("iss", "")), spiffe.trust_domain(claims.get("sub"))
