"""OpenSSH certificates in wire form (PROTOCOL.certkeys): read strictly, their CA's signature checked, our extensions.

Whose CA it is, and whether the certificate is good for anything, is for those to ask who let somebody in.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TypeVar, cast

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import SSHCertificate, load_ssh_public_identity

from jumphost.errors import Code, Refused
from jumphost.sshkey import CERTIFICATE_SUFFIX, MAX_BLOB, PARSE_ERRORS, take_string

FORCE_COMMAND, SOURCE_ADDRESS = b"force-command", b"source-address"
SCOPE, GROUPS, CLAIMS = b"scope@jumphost", b"groups@jumphost", b"claims@jumphost"
ISSUER = b"issuer@jumphost"
GENERATION, FAMILY = b"generation@jumphost", b"family@jumphost"

T = TypeVar("T")
_FAMILY = re.compile(r"\A[0-9]{1,20}\.[0-9a-f]{32}\Z")
_KEY_FIELDS = {  # strings of the public key in a certificate; RSA's two integers have the form of strings
    b"ssh-ed25519-cert-v01@openssh.com": 1,
    b"ecdsa-sha2-nistp256-cert-v01@openssh.com": 2,
    b"ecdsa-sha2-nistp384-cert-v01@openssh.com": 2,
    b"ecdsa-sha2-nistp521-cert-v01@openssh.com": 2,
    b"ssh-rsa-cert-v01@openssh.com": 2,
}


@dataclass(frozen=True, slots=True)
class Presented:
    """A certificate as it was shown: nothing in it is known to be true yet."""

    blob: bytes
    certificate: SSHCertificate
    ca_key: bytes  # in wire form
    algorithm: bytes  # of the CA's signature


def read(blob: bytes) -> Presented:
    """The certificate in wire form; Refused (identity.malformed, identity.plain_key, identity.weak_key)."""
    try:
        if len(blob) > MAX_BLOB:
            raise ValueError(f"{len(blob)} bytes, expected at most {MAX_BLOB}")
        kind, _ = take_string(blob)
        if not kind.endswith(CERTIFICATE_SUFFIX.encode()):
            raise Refused(Code.IDENTITY_PLAIN_KEY, "got a plain key, expected a certificate")
        if kind not in _KEY_FIELDS:
            raise UnsupportedAlgorithm(f"{kind[:64]!r}")
        certificate = load_ssh_public_identity(kind + b" " + base64.b64encode(blob))
        return Presented(blob, cast(SSHCertificate, certificate), *_signer(blob, _KEY_FIELDS[kind]))
    except UnsupportedAlgorithm as error:
        raise Refused(Code.IDENTITY_WEAK_KEY, f"got a certificate of a kind that is not accepted: {error}") from None
    except PARSE_ERRORS as error:
        raise Refused(Code.IDENTITY_MALFORMED, "got a certificate that cannot be read", detail=str(error)) from None


def line(blob: bytes) -> str:
    """A certificate in wire form as ``ALGORITHM BASE64``."""
    return f"{take_string(blob)[0].decode('ascii')} {base64.b64encode(blob).decode('ascii')}"


def check_signature(presented: Presented) -> None:
    """Refused unless its CA signed it, with SHA-2 if by RSA."""
    if presented.algorithm == b"ssh-rsa":
        raise Refused(Code.IDENTITY_WEAK_SIGNATURE, "got a CA signature with SHA-1, expected rsa-sha2-256 or -512")
    try:
        presented.certificate.verify_cert_signature()
    except (InvalidSignature, *PARSE_ERRORS):
        raise Refused(Code.IDENTITY_BAD_SIGNATURE, "got a certificate that its CA did not sign") from None


def extension(certificate: SSHCertificate, name: bytes, kind: type[T]) -> T | None:
    """The JSON value of one of our extensions, None where the certificate has none."""
    value = certificate.extensions.get(name)
    if value is None:
        return None
    try:
        return msgspec.json.decode(value, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        text = name.decode("ascii")
        raise Refused(Code.IDENTITY_MALFORMED, f"got a malformed extension {text}", detail=str(error)) from None


def generation(certificate: SSHCertificate) -> int:
    """How many renewals lie between the first certificate of its family and this one."""
    return extension(certificate, GENERATION, int) or 0


def family(presented: Presented) -> str:
    """``VALID_AFTER.DIGEST`` of the certificate that this one descends from by renewals, or its own.

    Not its serial, which other tools leave at 0: every certificate has a nonce, so that no two have one digest.
    """
    certificate = presented.certificate
    own = f"{certificate.valid_after}.{hashlib.sha256(presented.blob).hexdigest()[:32]}"
    text = extension(certificate, FAMILY, str) or own
    if not _FAMILY.match(text):
        raise Refused(Code.IDENTITY_MALFORMED, "got a malformed extension family@jumphost", detail=text[:64])
    return text


def since(family: str) -> int:
    """When the first certificate of a family began to be valid, in seconds since the epoch."""
    return int(family.partition(".")[0])


def _signer(blob: bytes, key_fields: int) -> tuple[bytes, bytes]:
    """What the library keeps to itself, from the layout of PROTOCOL.certkeys: the CA's key and signature algorithm."""
    rest = blob
    for _ in range(2 + key_fields):  # kind, nonce, the fields of the key
        _, rest = take_string(rest)
    rest = rest[8 + 4 :]  # serial, type
    for _ in range(2):  # key id, principals
        _, rest = take_string(rest)
    rest = rest[8 + 8 :]  # valid after, valid before
    for _ in range(3):  # critical options, extensions, reserved
        _, rest = take_string(rest)
    ca_key, rest = take_string(rest)
    signature, _ = take_string(rest)
    return ca_key, take_string(signature)[0]
