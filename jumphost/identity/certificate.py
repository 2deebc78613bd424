"""A presented OpenSSH user certificate (PROTOCOL.certkeys) becomes a Caller, or is refused with its own code.

Pure and synchronous: between the look at the certificate and the verdict nothing else can happen on the connection.
"""

import base64
from ipaddress import ip_network

from cryptography.hazmat.primitives.serialization import SSHCertificate, SSHCertificateType
from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key

from jumphost.clock import NS_PER_S, rfc3339
from jumphost.errors import Code, Refused
from jumphost.evidence import sshcert
from jumphost.evidence.sshcert import CLAIMS, FORCE_COMMAND, GROUPS, ISSUER, SCOPE, SOURCE_ADDRESS, Presented, extension
from jumphost.identity.trust import Trust, TrustedCA
from jumphost.model.identity import ANYTHING, Caller, Certificate, Identity, IdentityEntry, Voucher
from jumphost.model.request import plain_address
from jumphost.sshkey import WeakKey, fingerprint, require_strong

TTL_ALLOWANCE_S = 60  # issuers set valid_after back for clock skew; CONTRACTS §1


def verify(blob: bytes, *, trust: Trust, source: str, now_ns: int) -> Caller:
    """The caller that a certificate in wire form proves, coming from the address ``source``.

    That the client holds the private key is for the SSH layer to check. Raises Refused with a code ``identity.…``.
    """
    # (1) It is a certificate and can be read.
    presented = sshcert.read(blob)
    certificate = presented.certificate
    # (2) A trusted caller CA signed it: from here on its contents are what that CA said.
    ca = _trusted(presented.ca_key, trust)
    sshcert.check_signature(presented)
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
    caller = _caller(name, entry, ca, facts, presented, trust)
    trust.revocations.check(caller)
    return caller


def _trusted(ca_key: bytes, trust: Trust) -> TrustedCA:
    if ca_key in trust.targets:
        raise Refused(Code.IDENTITY_TARGET_CA, "got a certificate of the target CA, expected one of a caller CA")
    if ca_key not in trust.callers:
        raise Refused(Code.IDENTITY_UNKNOWN_CA, f"got a certificate of the unknown CA {fingerprint(ca_key)}")
    return trust.callers[ca_key]


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


def _caller(
    name: str, entry: IdentityEntry, ca: TrustedCA, facts: Certificate, presented: Presented, trust: Trust
) -> Caller:
    certificate = presented.certificate
    voucher = extension(certificate, ISSUER, Voucher)
    allowed = entry.groups
    if voucher is not None:
        issuer = trust.issuer(voucher.name, own=ca.own, identity=name)
        allowed = tuple(dict.fromkeys((*allowed, *(issuer.groups.map.values() if issuer.groups else ()))))
    granted = extension(certificate, SCOPE, tuple[str, ...])
    groups = extension(certificate, GROUPS, tuple[str, ...])
    scopes = tuple(scope for scope in (entry.scope, granted) if scope is not None)
    blob = base64.b64decode(serialize_ssh_public_key(certificate.public_key()).split(b" ")[1])
    return Caller(
        identity=Identity(
            name=name,
            owner=entry.owner,
            issuer=voucher.name if voucher else ca.name,
            actor=voucher.actor if voucher else "",
            groups=entry.groups if groups is None else tuple(group for group in allowed if group in groups),
            subject=voucher.subject if voucher else facts.key_id,
            claims=extension(certificate, CLAIMS, dict[str, str]) or {},
            scope=scopes[-1] if scopes else ANYTHING,
            certificate=facts,
        ),
        ca=ca.name,
        scopes=scopes,
        key=fingerprint(blob),
        family=sshcert.family(presented),
        generation=sshcert.generation(certificate),
        blob=presented.blob,
    )


def _time(seconds: int) -> str:
    return rfc3339(seconds * NS_PER_S)
