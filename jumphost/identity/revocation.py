"""What was revoked, as a pure set: the store keeps the rows, this answers for them."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from jumphost.errors import Code, Refused
from jumphost.model.identity import Caller

RevocationKind = Literal["serial", "key_id", "identity", "ca", "family", "serials", "ca_key_id", "key"]

ANY_CA = "*"
_RANGE = re.compile(r"\A(.+):([0-9]{1,20})-([0-9]{1,20})\Z")


class Revocation(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry.

    ``value`` is, by kind: ``CA:SERIAL``, a key id, an identity's name, a CA's fingerprint, ``IDENTITY:FAMILY``,
    ``CA:SERIAL-SERIAL`` (both ends too), ``CA:KEY-ID``, or the fingerprint of a key, a CA's too. CA is a fingerprint,
    in the last two that have one also ``*``. A serial means nothing without its CA: each numbers for itself, and
    ssh-keygen gives 0 unless told otherwise.
    """

    kind: RevocationKind
    value: str
    reason: str = ""

    def __post_init__(self) -> None:
        if self.kind == "serials":
            _bounds(self.value)


class Revocations:
    """An immutable set of revocations."""

    def __init__(self, entries: Iterable[Revocation] = ()) -> None:
        self._entries = frozenset((entry.kind, entry.value) for entry in entries)
        ranges: dict[str, list[tuple[int, int]]] = {}
        for kind, value in self._entries:
            if kind == "serials":
                ca, low, high = _bounds(value)
                ranges.setdefault(ca, []).append((low, high))
        self._ranges = {ca: _Ranges(found) for ca, found in ranges.items()}

    def check(self, caller: Caller) -> None:
        """Raises Refused (identity.revoked) if anything about the login was revoked."""
        identity, certificate = caller.identity.name, caller.identity.certificate
        facts: tuple[tuple[RevocationKind, str, str], ...] = (
            ("ca", certificate.ca, "the CA that signed it"),
            ("key", certificate.ca, "the key of the CA that signed it"),
            ("key", caller.key, "its key"),
            ("serial", of_ca(certificate.ca, certificate.serial), "its serial"),
            ("key_id", certificate.key_id, "its key id"),
            ("ca_key_id", of_ca(certificate.ca, certificate.key_id), "its key id"),
            ("ca_key_id", of_ca(ANY_CA, certificate.key_id), "its key id"),
            ("identity", identity, "its identity"),
            ("family", family_value(identity, caller.family), "the certificate that it descends from"),
        )
        for kind, value, what in facts:
            if (kind, value) in self._entries:
                raise _revoked(what, value)
        for ca in (certificate.ca, ANY_CA):
            if ca in self._ranges and int(certificate.serial or 0) in self._ranges[ca]:
                raise _revoked("its serial", of_ca(ca, certificate.serial))

    def check_identity(self, name: str) -> None:
        """Raises Refused (identity.revoked) if all that is of an identity was."""
        if ("identity", name) in self._entries:
            raise Refused(Code.IDENTITY_REVOKED, f"the identity {name} was revoked")


class _Ranges:
    """Ranges of numbers, joined where they meet, so that one look finds whether a number is in any."""

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self._lows: list[int] = []
        self._highs: list[int] = []
        for low, high in sorted(ranges):
            if self._highs and low <= self._highs[-1] + 1:
                self._highs[-1] = max(self._highs[-1], high)
            else:
                self._lows.append(low)
                self._highs.append(high)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._lows, number) - 1
        return at >= 0 and number <= self._highs[at]


def of_ca(ca: str, text: str) -> str:
    """How a serial or a key id of one CA (or ``ANY_CA``) is written in a Revocation."""
    return f"{ca}:{text}"


def serial_range(ca: str, low: int, high: int) -> str:
    """How serials of one CA (or ``ANY_CA``) are written in a Revocation."""
    return of_ca(ca, f"{low}-{high}")


def family_value(identity: str, family: str) -> str:
    """How a family of certificates of an identity is written in a Revocation."""
    return f"{identity}:{family}"


def _bounds(value: str) -> tuple[str, int, int]:
    found = _RANGE.match(value)
    if found is None or int(found[2]) > int(found[3]):
        raise ValueError(f"got the serials {value[:128]!r}, expected CA:FIRST-LAST")
    return found[1], int(found[2]), int(found[3])


def _revoked(what: str, value: str) -> Refused:
    return Refused(Code.IDENTITY_REVOKED, "the certificate was revoked", detail=f"{what}: {value}")
