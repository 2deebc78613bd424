"""A live credential."""

from msgspec import Struct


class Lease(Struct, frozen=True):
    """What the journal knows of a credential that was handed out; never its secret."""

    id: str
    provider: str
    subject: str  # what it opens: LOGIN@TARGET, a role, …
    expires_ns: int
    serial: str = ""  # of a certificate
    name: str = ""  # under ``credentials:``, of one that is
    template: str = ""  # what it was made after
    request: str = ""  # whose command has it
    identity: str = ""
