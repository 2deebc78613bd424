"""What a set of revocations answers for."""

import pytest

from jumphost.errors import Code, Refused
from jumphost.identity.revocation import Revocation, RevocationKind, Revocations, family_value, serial_value
from jumphost.model.identity import Caller, Certificate, Identity

CERTIFICATE = Certificate(serial="7", key_id="job-key", ca="SHA256:ca")
CALLER = Caller(Identity("job", "team", "main", certificate=CERTIFICATE), family="7.1000")


@pytest.mark.parametrize(
    ("kind", "value", "what"),
    [
        ("serial", serial_value("SHA256:ca", "7"), "its serial"),
        ("key_id", "job-key", "its key id"),
        ("identity", "job", "its identity"),
        ("ca", "SHA256:ca", "the CA that signed it"),
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
        Revocation("serial", serial_value("SHA256:other", "7")),
        Revocation("key_id", "job"),
        Revocation("identity", "job-key"),
        Revocation("ca", "SHA256:other"),
        Revocation("family", family_value("other", "7.1000")),
    ]
    Revocations(others).check(CALLER)
    Revocations().check(CALLER)
