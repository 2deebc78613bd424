"""Who may vouch for a caller: read once from a site, handed to ``certificate.verify`` as a value."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from jumphost.config.files import read_publics
from jumphost.config.issuers import Issuer, vouching
from jumphost.config.load import SiteConfig
from jumphost.config.site import Site
from jumphost.errors import Code, Problem, Problems, Refused
from jumphost.identity.registry import Registry
from jumphost.identity.revocation import Revocations
from jumphost.sshkey import PublicKey


class TrustedCA(Struct, frozen=True):
    """A CA under ``callers:``; ``max_ttl_s`` bounds the life of its certificates, in seconds."""

    name: str
    fingerprint: str
    max_ttl_s: int
    own: bool = False  # our signer has its key: what it says of tokens, the signer has looked at


class Trust(Struct, frozen=True):
    """What a login is held against. ``callers`` and ``targets`` go by the CA's public key in wire form."""

    callers: Mapping[bytes, TrustedCA]
    registry: Registry
    targets: frozenset[bytes] = frozenset()  # known only to be refused by name
    revocations: Revocations = Revocations()
    issuers: Mapping[str, Issuer] = {}

    def issuer(self, name: str, *, own: bool, identity: str) -> Issuer:
        """Whose token bought a certificate, if it may vouch for the identity still.

        Refused (identity.unknown_issuer) if not, or if the certificate's CA is not our ``own``.
        """
        issuer = vouching(self.issuers, name, identity)
        if not own or issuer is None:
            message = "the certificate names an issuer that does not vouch for its identity"
            raise Refused(
                Code.IDENTITY_UNKNOWN_ISSUER, message, detail=f"{name[:128]!r}, by {'our' if own else 'another'} CA"
            )
        return issuer


def load(site: Site, config: SiteConfig, revocations: Revocations) -> Trust:
    """The trust of a site; Problems if a CA file holds no plain public keys, or a caller CA is the target CA."""
    problems: list[Problem] = []
    targets = {key.blob for key in _read(site.keys / "target_ca.pub", problems)}
    own = {key.blob for key in _read(site.keys / "caller_ca.pub", [])}
    callers: dict[bytes, TrustedCA] = {}
    for name, settings in config.settings.callers.items():
        path = site.resolve(settings.ca)
        for key in _read(path, problems):
            if key.blob in targets:
                message = f"got the target CA under callers.{name}, expected another key"
                problems.append(Problem(str(path), 0, "", message))
            if key.blob in callers:
                problems.append(Problem(str(path), 0, "", f"got one CA as {callers[key.blob].name} and as {name}"))
            callers[key.blob] = TrustedCA(name, key.fingerprint, settings.max_ttl, own=key.blob in own)
    if problems:
        raise Problems(problems)
    return Trust(callers, Registry(config.identities), frozenset(targets), revocations, config.settings.issuers)


def _read(path: Path, problems: list[Problem]) -> list[PublicKey]:
    try:
        return read_publics(path)
    except ValueError as error:
        problems.append(Problem(str(path), 0, "", str(error)))
        return []
