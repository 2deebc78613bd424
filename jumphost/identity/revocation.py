"""What was revoked, as a pure set: the store keeps the rows, this answers for them."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from jumphost.errors import Code, Refused
from jumphost.model.identity import Caller

RevocationKind = Literal["serial", "key_id", "identity", "ca", "family"]


class Revocation(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry.

    ``value`` is ``CA-FINGERPRINT:SERIAL``, a key id, an identity's name, a CA's fingerprint, or ``IDENTITY:FAMILY``.

    A serial means nothing without its CA: each numbers for itself, and ssh-keygen gives 0 unless told otherwise.
    """

    kind: RevocationKind
    value: str
    reason: str = ""


class Revocations:
    """An immutable set of revocations."""

    def __init__(self, entries: Iterable[Revocation] = ()) -> None:
        self._entries = frozenset((entry.kind, entry.value) for entry in entries)

    def check(self, caller: Caller) -> None:
        """Raises Refused (identity.revoked) if anything about the login was revoked."""
        identity, certificate = caller.identity.name, caller.identity.certificate
        facts: tuple[tuple[RevocationKind, str, str], ...] = (
            ("ca", certificate.ca, "the CA that signed it"),
            ("serial", serial_value(certificate.ca, certificate.serial), "its serial"),
            ("key_id", certificate.key_id, "its key id"),
            ("identity", identity, "its identity"),
            ("family", family_value(identity, caller.family), "the certificate that it descends from"),
        )
        for kind, value, what in facts:
            if (kind, value) in self._entries:
                raise Refused(Code.IDENTITY_REVOKED, "the certificate was revoked", detail=f"{what}: {value}")


def serial_value(ca: str, serial: str) -> str:
    """How a serial of one CA is written in a Revocation."""
    return f"{ca}:{serial}"


def family_value(identity: str, family: str) -> str:
    """How a family of certificates of an identity is written in a Revocation."""
    return f"{identity}:{family}"
