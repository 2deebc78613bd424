"""What certificate a caller gets for one that it has: the same once more, over the key that is asked for. Pure.

Nothing is believed but the old certificate itself: that our own CA signed it, that it lives, and what it says. What it
carries goes over as it is, so that the next one is never wider. Whether it was renewed before, the gateway knows.
"""

import base64
import binascii
import json

from cryptography.hazmat.primitives.serialization import SSHCertificateType

from jumphost.clock import NS_PER_S
from jumphost.config.issuers import Issuer, vouching
from jumphost.config.load import SiteConfig
from jumphost.errors import Refused
from jumphost.evidence import sshcert
from jumphost.evidence.sshcert import FAMILY, FORCE_COMMAND, GENERATION, ISSUER, SOURCE_ADDRESS, Presented
from jumphost.model.identity import Voucher
from jumphost.signer.callers import Ceiling, registered
from jumphost.signer.draft import SKEW_S, Draft, key_of, refuse
from jumphost.signer.protocol import RenewCaller


def certificate(asked: RenewCaller, config: SiteConfig, ceiling: Ceiling, now_ns: int) -> Draft:
    """The next certificate of an identity, or Refused."""
    # (1) The old one is ours, and alive.
    now = now_ns // NS_PER_S
    presented = _ours(asked.certificate, ceiling)
    old = presented.certificate
    if not old.valid_after <= now < old.valid_before:
        refuse(f"got a certificate from {old.valid_after} to {old.valid_before}, expected one that lives now, at {now}")
    if unknown := old.critical_options.keys() - {FORCE_COMMAND, SOURCE_ADDRESS}:
        refuse(f"got a certificate with the critical options {sorted(unknown)}, expected those that we issue")
    # (2) It names the identity, which may still have one.
    entry = registered(asked.identity, config, ceiling)
    names = [name.decode("utf-8", "replace") for name in old.valid_principals]
    key_id = old.key_id.decode("utf-8", "replace")
    if not entry.named_by(asked.identity, key_id=key_id, principals=names) or asked.identity not in names:
        refuse(f"got a certificate of {key_id[:128]!r}, expected one of {asked.identity}")
    # (3) It lives as long as the old one did, within the ceiling and the time that renewals may go on.
    family, generation = _descent(presented)
    issuer = _issuer(presented, asked.identity, config)
    life = min(old.valid_before - old.valid_after - SKEW_S, ceiling.max_ttl_s)
    for horizon_s in (ceiling.renew_for_s, issuer.renew_for if issuer else None):
        if horizon_s is not None:
            life = min(life, sshcert.since(family) + horizon_s - now)
    if issuer:
        life = min(life, issuer.max_ttl)
    if life <= 0:
        fresh = "jumphost login" if issuer else "jumphost cert issue"
        refuse(f"got a certificate that cannot be renewed any more, expected a new one: `{fresh}`")
    return Draft(
        ca="caller",
        kind="caller",
        key=key_of(asked.public_key),
        key_id=key_id,
        principal=asked.identity,
        valid_after=now - SKEW_S,
        valid_before=now + life,
        critical={name.decode(): value.decode() for name, value in old.critical_options.items()},
        extensions={
            **{name.decode(): value for name, value in old.extensions.items()},
            FAMILY.decode(): json.dumps(family).encode(),
            GENERATION.decode(): str(generation + 1).encode(),
        },
        renewed=str(old.serial),
    )


def _ours(line: str, ceiling: Ceiling) -> Presented:
    try:
        presented = sshcert.read(base64.b64decode(line.split()[1], validate=True))
        if presented.ca_key not in ceiling.blobs:
            refuse("got a certificate that another CA signed, expected one of ours")
        sshcert.check_signature(presented)
    except (IndexError, binascii.Error):
        refuse("got no certificate, expected ALGORITHM BASE64")
    except Refused as error:
        refuse(error.message, detail=error.detail)
    if presented.certificate.type is not SSHCertificateType.USER:
        refuse("got a host certificate, expected a user certificate")
    return presented


def _issuer(old: Presented, identity: str, config: SiteConfig) -> Issuer | None:
    """Whose token began the family, and may vouch for the identity still; None where no token did."""
    try:
        voucher = sshcert.extension(old.certificate, ISSUER, Voucher)
    except Refused as error:
        refuse(error.message, detail=error.detail)
    if voucher is None:
        return None
    issuer = vouching(config.settings.issuers, voucher.name, identity)
    if issuer is None:
        refuse(
            f"got a certificate by a token of {voucher.name[:128]!r}, expected an issuer that vouches for {identity}"
        )
    return issuer


def _descent(old: Presented) -> tuple[str, int]:
    try:
        return sshcert.family(old), sshcert.generation(old.certificate)
    except Refused as error:
        refuse(error.message, detail=error.detail)
