"""Drafts become certificates, and are verified before they leave."""

import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    SSHCertificateBuilder,
    SSHCertificateType,
    load_ssh_private_key,
)
from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key

from jumphost.errors import Code, Unavailable
from jumphost.signer.draft import Draft
from jumphost.sshkey import PARSE_ERRORS, require_strong

SigningKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def new_serial() -> int:
    """A random serial from 1 up to 2^53 − 1: it fits a JSON number and tells nothing of how many there were."""
    return secrets.randbelow(2**53 - 1) + 1


def load_key(path: Path) -> SigningKey:
    """A CA's private key, OpenSSH format without a passphrase; Unavailable (signer.unavailable) if it is none."""
    try:
        key = load_ssh_private_key(path.read_bytes(), password=None)
        require_strong(key.public_key())
    except (OSError, *PARSE_ERRORS) as error:
        raise Unavailable(Code.SIGNER_UNAVAILABLE, f"the signer cannot use its key {path}: {error}") from None
    return key  # type: ignore[return-value]  # a strong key is one of them


def public_line(key: SigningKey) -> str:
    """The public half as ``ALGORITHM BASE64``."""
    return serialize_ssh_public_key(key.public_key()).decode("ascii")


def sign(draft: Draft, key: SigningKey, serial: int) -> str:
    """The certificate of a draft as one line. Its principal is never empty, and its signature was verified."""
    if not draft.principal:
        raise ValueError("got a draft without a principal: it would open every login")
    builder = (
        SSHCertificateBuilder()
        .type(SSHCertificateType.HOST if draft.ca == "host" else SSHCertificateType.USER)
        .public_key(draft.key.key)
        .serial(serial)
        .key_id(draft.key_id.encode())
        .valid_principals([name.encode() for name in (draft.principal, *draft.also)])
        .valid_after(draft.valid_after)
        .valid_before(draft.valid_before)
    )
    for name, value in draft.critical.items():
        builder = builder.add_critical_option(name.encode(), value.encode())
    for name, raw in draft.extensions.items():
        builder = builder.add_extension(name.encode(), raw)
    certificate = builder.sign(key)
    certificate.verify_cert_signature()
    return certificate.public_bytes().decode("ascii")
