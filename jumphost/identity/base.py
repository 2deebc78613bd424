"""What proves a machine without a certificate: a token of an issuer that the site declares."""

from typing import Any, NewType, Protocol

from msgspec import Struct

from jumphost.secret import Secret

UnverifiedToken = NewType("UnverifiedToken", Secret)
"""What a client sent: whoever holds it is the machine, and nothing that it says is believed."""

LEEWAY_S = 30  # how far the clocks of issuer and gateway may differ
MAX_LIFE_S = 86_400  # seconds: a token that lives longer is a password


class VerifiedClaims(Struct, frozen=True):
    """What an issuer really said, to us and for now; made by a TokenIssuer only."""

    issuer: str  # its name under `issuers:`
    subject: str
    claims: dict[str, Any]
    once: str  # what all copies of the token have in common, however they are written
    until_s: int  # when it cannot come again, seconds since the epoch


class TokenIssuer(Protocol):
    """One issuer that may vouch for identities."""

    async def verify(self, token: UnverifiedToken, now_ns: int) -> VerifiedClaims:
        """Refused with a code ``token.…``; Unavailable (token.unavailable) if its keys cannot be had."""
