"""A live credential."""

from msgspec import Struct


class Lease(Struct, frozen=True):
    """What the journal knows of a credential that was handed out; never its secret."""

    id: str
    provider: str
    subject: str  # what it opens: LOGIN@TARGET, a role, …
    expires_ns: int
    serial: str = ""  # of a certificate
