"""A presented OpenSSH user certificate (PROTOCOL.certkeys) becomes a Caller, or is refused with its own code.

Pure and synchronous: between the look at the certificate and the verdict nothing else can happen on the connection.
"""

import base64
from ipaddress import ip_network
from typing import TypeVar, cast

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import SSHCertificate, SSHCertificateType, load_ssh_public_identity
from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key

from jumphost.clock import NS_PER_S, rfc3339
from jumphost.errors import Code, Refused
from jumphost.identity.trust import Trust, TrustedCA
from jumphost.model.identity import ANYTHING, Caller, Certificate, Identity, IdentityEntry
from jumphost.model.request import plain_address
from jumphost.sshkey import (
    CERTIFICATE_SUFFIX,
    MAX_BLOB,
    PARSE_ERRORS,
    WeakKey,
    fingerprint,
    require_strong,
    take_string,
)

TTL_ALLOWANCE_S = 60  # issuers set valid_after back for clock skew; CONTRACTS §1
FORCE_COMMAND, SOURCE_ADDRESS = b"force-command", b"source-address"
T = TypeVar("T")
_KEY_FIELDS = {  # strings of the public key in a certificate; RSA's two integers have the form of strings
    b"ssh-ed25519-cert-v01@openssh.com": 1,
    b"ecdsa-sha2-nistp256-cert-v01@openssh.com": 2,
    b"ecdsa-sha2-nistp384-cert-v01@openssh.com": 2,
    b"ecdsa-sha2-nistp521-cert-v01@openssh.com": 2,
    b"ssh-rsa-cert-v01@openssh.com": 2,
}
SCOPE, GROUPS, CLAIMS, GENERATION = b"scope@jumphost", b"groups@jumphost", b"claims@jumphost", b"generation@jumphost"


def verify(blob: bytes, *, trust: Trust, source: str, now_ns: int) -> Caller:
    """The caller that a certificate in wire form proves, coming from the address ``source``.

    That the client holds the private key is for the SSH layer to check. Raises Refused with a code ``identity.…``.
    """
    # (1) It is a certificate and can be read.
    certificate, ca_key, algorithm = _parse(blob)
    # (2) A trusted caller CA signed it: from here on its contents are what that CA said.
    ca = _trusted(ca_key, trust)
    _check_signature(certificate, algorithm)
    # (3) It is a user certificate over a key worth trusting, alive, and for someone.
    if certificate.type is not SSHCertificateType.USER:
        raise Refused(Code.IDENTITY_HOST_CERTIFICATE, "got a host certificate, expected a user certificate")
    try:
        require_strong(certificate.public_key())
    except WeakKey as error:
        raise Refused(Code.IDENTITY_WEAK_KEY, str(error)) from None
    _check_time(certificate, ca, now_ns)
    if not certificate.valid_principals:
        raise Refused(Code.IDENTITY_NO_PRINCIPALS, "got a certificate for everybody, expected one with principals")
    # (4) Every condition it carries is one we know, and holds.
    if unknown := certificate.critical_options.keys() - {FORCE_COMMAND, SOURCE_ADDRESS}:
        names = ", ".join(sorted(ascii(name.decode("utf-8", "replace")) for name in unknown))
        raise Refused(Code.IDENTITY_CRITICAL_OPTION, f"got the unknown critical options {names}")
    if certificate.critical_options.get(FORCE_COMMAND, b"true") == b"":
        raise Refused(Code.IDENTITY_CRITICAL_OPTION, "got an empty force-command, expected a command")
    facts = _facts(certificate, ca)
    _check_source(facts.source_address, source)
    # (5) It names one registered identity, enabled and not revoked.
    name, entry = trust.registry.find(ca=ca.name, key_id=facts.key_id, principals=facts.principals)
    trust.revocations.check(facts, name)
    return _caller(name, entry, ca, facts, certificate)


def _parse(blob: bytes) -> tuple[SSHCertificate, bytes, bytes]:
    """The certificate, its CA's key in wire form, and the algorithm of the CA's signature."""
    try:
        if len(blob) > MAX_BLOB:
            raise ValueError(f"{len(blob)} bytes, expected at most {MAX_BLOB}")
        kind, _ = take_string(blob)
        if not kind.endswith(CERTIFICATE_SUFFIX.encode()):
            raise Refused(Code.IDENTITY_PLAIN_KEY, "got a plain key, expected a certificate")
        if kind not in _KEY_FIELDS:
            raise UnsupportedAlgorithm(f"{kind[:64]!r}")
        certificate = load_ssh_public_identity(kind + b" " + base64.b64encode(blob))
        return cast(SSHCertificate, certificate), *_signer(blob, _KEY_FIELDS[kind])
    except UnsupportedAlgorithm as error:
        raise Refused(Code.IDENTITY_WEAK_KEY, f"got a certificate of a kind that is not accepted: {error}") from None
    except PARSE_ERRORS as error:
        raise Refused(Code.IDENTITY_MALFORMED, "got a certificate that cannot be read", detail=str(error)) from None


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


def _trusted(ca_key: bytes, trust: Trust) -> TrustedCA:
    if ca_key in trust.targets:
        raise Refused(Code.IDENTITY_TARGET_CA, "got a certificate of the target CA, expected one of a caller CA")
    if ca_key not in trust.callers:
        raise Refused(Code.IDENTITY_UNKNOWN_CA, f"got a certificate of the unknown CA {fingerprint(ca_key)}")
    return trust.callers[ca_key]


def _check_signature(certificate: SSHCertificate, algorithm: bytes) -> None:
    if algorithm == b"ssh-rsa":
        raise Refused(Code.IDENTITY_WEAK_SIGNATURE, "got a CA signature with SHA-1, expected rsa-sha2-256 or -512")
    try:
        certificate.verify_cert_signature()
    except (InvalidSignature, *PARSE_ERRORS):
        raise Refused(Code.IDENTITY_BAD_SIGNATURE, "got a certificate that its CA did not sign") from None


def _check_time(certificate: SSHCertificate, ca: TrustedCA, now_ns: int) -> None:
    now, start, end = now_ns // NS_PER_S, certificate.valid_after, certificate.valid_before
    if now < start:
        raise Refused(Code.IDENTITY_NOT_YET_VALID, "the certificate is not valid yet", detail=f"valid after {start}")
    if now >= end:
        raise Refused(Code.IDENTITY_EXPIRED, f"the certificate ended at {_time(end)}")
    if (life := end - start) > ca.max_ttl_s + TTL_ALLOWANCE_S:
        raise Refused(
            Code.IDENTITY_TTL,
            f"got a certificate for {life} s, expected at most {ca.max_ttl_s} s (and {TTL_ALLOWANCE_S} s of allowance)",
        )


def _facts(certificate: SSHCertificate, ca: TrustedCA) -> Certificate:
    options = certificate.critical_options
    try:
        sources = options[SOURCE_ADDRESS].decode("ascii").split(",") if SOURCE_ADDRESS in options else []
        return Certificate(
            serial=str(certificate.serial),
            key_id=certificate.key_id.decode("utf-8"),
            principals=tuple(principal.decode("utf-8") for principal in certificate.valid_principals),
            ca=ca.fingerprint,
            valid_after=_time(certificate.valid_after),
            valid_before=_time(certificate.valid_before),
            source_address=tuple(str(ip_network(source)) for source in sources),
            force_command=options.get(FORCE_COMMAND, b"").decode("utf-8"),
        )
    except (ValueError, OverflowError) as error:
        raise Refused(Code.IDENTITY_MALFORMED, "got a certificate that cannot be read", detail=str(error)) from None


def _check_source(networks: tuple[str, ...], source: str) -> None:
    if not networks:
        return
    try:
        address = plain_address(source)
    except ValueError:
        raise Refused(Code.IDENTITY_SOURCE_ADDRESS, f"got the source {source[:64]!r}, expected an address") from None
    if not any(address in ip_network(network) for network in networks):
        raise Refused(Code.IDENTITY_SOURCE_ADDRESS, f"got a login from {address}, expected {', '.join(networks)}")


def _caller(name: str, entry: IdentityEntry, ca: TrustedCA, facts: Certificate, certificate: SSHCertificate) -> Caller:
    granted = _extension(certificate, SCOPE, tuple[str, ...])
    groups = _extension(certificate, GROUPS, tuple[str, ...])
    scopes = tuple(scope for scope in (entry.scope, granted) if scope is not None)
    blob = base64.b64decode(serialize_ssh_public_key(certificate.public_key()).split(b" ")[1])
    return Caller(
        identity=Identity(
            name=name,
            owner=entry.owner,
            issuer=ca.name,
            groups=entry.groups if groups is None else tuple(group for group in entry.groups if group in groups),
            subject=facts.key_id,
            claims=_extension(certificate, CLAIMS, dict[str, str]) or {},
            scope=scopes[-1] if scopes else ANYTHING,
            certificate=facts,
        ),
        scopes=scopes,
        key=fingerprint(blob),
        generation=_extension(certificate, GENERATION, int) or 0,
    )


def _extension(certificate: SSHCertificate, name: bytes, kind: type[T]) -> T | None:
    """The JSON value of one of our extensions, None where the certificate has none."""
    value = certificate.extensions.get(name)
    if value is None:
        return None
    try:
        return msgspec.json.decode(value, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        text = name.decode("ascii")
        raise Refused(Code.IDENTITY_MALFORMED, f"got a malformed extension {text}", detail=str(error)) from None


def _time(seconds: int) -> str:
    return rfc3339(seconds * NS_PER_S)
