"""What a set of revocations answers for."""

import pytest

from jumphost.errors import Code, Refused
from jumphost.identity.revocation import (
    ANY_CA,
    Revocation,
    RevocationKind,
    Revocations,
    family_value,
    of_ca,
    serial_range,
)
from jumphost.model.identity import Caller, Certificate, Identity

CERTIFICATE = Certificate(serial="7", key_id="job-key", ca="SHA256:ca")
CALLER = Caller(Identity("job", "team", "main", certificate=CERTIFICATE), key="SHA256:key", family="7.1000")


@pytest.mark.parametrize(
    ("kind", "value", "what"),
    [
        ("serial", of_ca("SHA256:ca", "7"), "its serial"),
        ("key_id", "job-key", "its key id"),
        ("identity", "job", "its identity"),
        ("ca", "SHA256:ca", "the CA that signed it"),
        ("key", "SHA256:ca", "the key of the CA"),
        ("key", "SHA256:key", "its key"),
        ("ca_key_id", of_ca("SHA256:ca", "job-key"), "its key id"),
        ("ca_key_id", of_ca(ANY_CA, "job-key"), "its key id"),
        ("family", family_value("job", "7.1000"), "the certificate that it descends from"),
    ],
)
def test_each_fact_revokes(kind: RevocationKind, value: str, what: str) -> None:
    with pytest.raises(Refused) as caught:
        Revocations([Revocation(kind, value, "stolen")]).check(CALLER)
    assert caught.value.code is Code.IDENTITY_REVOKED
    assert what in caught.value.detail


def test_nothing_else_does() -> None:
    others = [
        Revocation("serial", "7"),
        Revocation("serial", of_ca("SHA256:other", "7")),
        Revocation("key_id", "job"),
        Revocation("identity", "job-key"),
        Revocation("ca", "SHA256:other"),
        Revocation("family", family_value("other", "7.1000")),
    ]
    Revocations(others).check(CALLER)
    Revocations().check(CALLER)


@pytest.mark.parametrize("value", ["SHA256:ca", "SHA256:ca:1", "SHA256:ca:2-1", "SHA256:ca:x-2", ":1-2"])
def test_serials_that_are_none(value: str) -> None:
    with pytest.raises(ValueError, match="expected CA:FIRST-LAST"):
        Revocation("serials", value)


@pytest.mark.parametrize(("first", "last", "among"), [(7, 7, True), (1, 9, True), (8, 9, False), (1, 6, False)])
def test_ranges_of_serials(first: int, last: int, among: bool) -> None:
    for ca in ("SHA256:ca", ANY_CA):
        others = [Revocation("serials", serial_range(ca, 100, 200)), Revocation("serials", serial_range("x", 1, 9))]
        found = Revocations([Revocation("serials", serial_range(ca, first, last)), *others])
        if among:
            with pytest.raises(Refused, match="revoked"):
                found.check(CALLER)
        else:
            found.check(CALLER)


def test_ranges_that_meet_or_hold_each_other() -> None:
    spans = ((1, 2), (3, 4), (2, 9), (20, 30), (21, 22))
    found = Revocations([Revocation("serials", serial_range(ANY_CA, low, high)) for low, high in spans])
    revoked = [number for number in range(40) if not passes(found, number)]
    assert revoked == [*range(1, 10), *range(20, 31)]


def passes(found: Revocations, serial: int) -> bool:
    caller = Caller(Identity("job", "team", "main", certificate=Certificate(serial=str(serial), ca="SHA256:ca")))
    try:
        found.check(caller)
    except Refused:
        return False
    return True
