"""Certificates in wire form; their wrong forms are in tests/attacks/test_certificates.py."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import SSHCertificate, SSHCertificateBuilder, SSHCertificateType
from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key

from jumphost.errors import Code, Refused
from jumphost.evidence import sshcert
from jumphost.evidence.sshcert import FAMILY, GENERATION

CA = Ed25519PrivateKey.from_private_bytes(b"a" * 32)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def certified(**extensions: bytes) -> SSHCertificate:
    builder = (
        SSHCertificateBuilder()
        .type(SSHCertificateType.USER)
        .public_key(KEY.public_key())
        .serial(7)
        .key_id(b"job")
        .valid_principals([b"job"])
        .valid_after(1000)
        .valid_before(2000)
    )
    for name, value in extensions.items():
        builder = builder.add_extension(f"{name}@jumphost".encode(), value)
    return builder.sign(CA)


def blob(certificate: SSHCertificate) -> bytes:
    return base64.b64decode(certificate.public_bytes().split(b" ")[1])


def test_what_is_shown() -> None:
    made = certified()
    shown = sshcert.read(blob(made))
    ca = base64.b64decode(serialize_ssh_public_key(CA.public_key()).split(b" ")[1])
    assert (shown.blob, shown.ca_key, shown.algorithm) == (blob(made), ca, b"ssh-ed25519")
    assert shown.certificate.serial == 7
    sshcert.check_signature(shown)
    assert sshcert.line(shown.blob) == made.public_bytes().decode()


def test_what_its_ca_did_not_sign() -> None:
    forged = blob(certified()).replace(b"job", b"sys")
    with pytest.raises(Refused) as caught:
        sshcert.check_signature(sshcert.read(forged))
    assert caught.value.code is Code.IDENTITY_BAD_SIGNATURE


@pytest.mark.parametrize("wrong", [b"", b"\0\0\0\7ssh-rsa", b"x" * 70_000])
def test_what_is_no_certificate(wrong: bytes) -> None:
    with pytest.raises(Refused) as caught:
        sshcert.read(wrong)
    assert caught.value.code in (Code.IDENTITY_MALFORMED, Code.IDENTITY_PLAIN_KEY)


def test_a_certificate_that_was_never_renewed_is_the_first_of_its_family() -> None:
    made = sshcert.read(blob(certified()))
    family = sshcert.family(made)
    assert (sshcert.since(family), sshcert.generation(made.certificate)) == (1000, 0)
    assert sshcert.family(sshcert.read(blob(certified()))) != family  # another nonce


def test_a_renewed_one_says_of_which() -> None:
    made = sshcert.read(blob(certified(family=f'"900.{"a" * 32}"'.encode(), generation=b"3")))
    assert (sshcert.family(made), sshcert.generation(made.certificate)) == (f"900.{'a' * 32}", 3)
    assert {FAMILY, GENERATION} == made.certificate.extensions.keys()


@pytest.mark.parametrize("text", [b'"5"', b'"5.x"', b'"' + b"5" * 21 + b"." + b"a" * 32 + b'"', b"5", b"{"])
def test_a_family_that_is_none(text: bytes) -> None:
    with pytest.raises(Refused, match="family@jumphost") as caught:
        sshcert.family(sshcert.read(blob(certified(family=text))))
    assert caught.value.code is Code.IDENTITY_MALFORMED


@pytest.mark.parametrize("text", [b'"1"', b"-", b"1.5", b"[1]"])
def test_a_generation_that_is_none(text: bytes) -> None:
    with pytest.raises(Refused, match="generation@jumphost"):
        sshcert.generation(certified(generation=text))
