"""Who asks: a machine identity, and the login that proved it."""

from collections.abc import Sequence

from msgspec import Struct

from jumphost.clock import parse_rfc3339

SCOPE = r"\A[a-z*?\[\]!.-]+:[A-Za-z0-9._*?\[\]!-]+(:[A-Za-z0-9._*?\[\]!-]+)?\Z"  # OPERATION:TARGET[:LOGIN], shell globs
ANYTHING = ("*:*",)  # the scope of an identity whose entry names none: Rego alone limits it


class Certificate(Struct, frozen=True, forbid_unknown_fields=True):
    """What the caller's verified certificate says (OpenSSH ``PROTOCOL.certkeys``); part of the request document."""

    serial: str = ""  # decimal: 64 bits do not fit the 2^53 of a document's integers
    key_id: str = ""
    principals: tuple[str, ...] = ()
    ca: str = ""  # fingerprint of the signing key, SHA256:…
    valid_after: str = ""  # RFC 3339
    valid_before: str = ""
    source_address: tuple[str, ...] = ()  # CIDR
    force_command: str = ""


class Identity(Struct, frozen=True, forbid_unknown_fields=True):
    """A machine identity as it logged in; part of the request document."""

    name: str
    owner: str
    issuer: str  # the name under `callers:` or `issuers:` that first vouched
    actor: str = ""
    groups: tuple[str, ...] = ()
    subject: str = ""
    claims: dict[str, str] = {}
    scope: tuple[str, ...] = ANYTHING
    certificate: Certificate = Certificate()


class Voucher(Struct, frozen=True, forbid_unknown_fields=True):
    """What the extension ``issuer@jumphost`` of a certificate says: whose token bought it."""

    name: str  # under `issuers:`
    subject: str
    actor: str = ""


class IdentityEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``identities.yaml``."""

    owner: str
    groups: tuple[str, ...] = ()
    callers: str = "main"  # the trusted CA that may name it
    match: dict[str, str] = {}  # {key_id: …}; empty: key_id is the name, and the name is among the principals
    scope: tuple[str, ...] | None = None  # None: Rego alone limits; (): nothing
    enabled: bool = True

    def named_by(self, name: str, *, key_id: str, principals: Sequence[str]) -> bool:
        """Whether a certificate with these names the entry ``name``."""
        if not self.match:
            return key_id == name and name in principals
        return self.match == {"key_id": key_id}


class Caller(Struct, frozen=True):
    """A verified login: the identity, and what is looked at again for every command but is not for Rego to see."""

    identity: Identity
    ca: str = ""  # name under `callers:` of the CA that signed; the issuer's, unless a token bought the certificate
    scopes: tuple[tuple[str, ...], ...] = ()  # every one of them must admit the operation: a certificate only narrows
    key: str = ""  # fingerprint of the certified public key
    family: str = ""  # of certificates that descend from one another by renewals
    generation: int = 0
    blob: bytes = b""  # the certificate in wire form

    @property
    def expires_ns(self) -> int:
        """When the certificate ends, nanoseconds since the epoch."""
        return parse_rfc3339(self.identity.certificate.valid_before)
