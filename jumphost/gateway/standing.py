"""What is in force now: the site's entries and the revocations. Looked at again for every command and while held."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from jumphost.config.load import SiteConfig, load_site
from jumphost.config.site import Site
from jumphost.errors import Code, Refused
from jumphost.identity import certificate, scope, trust
from jumphost.identity.revocation import Revocation, Revocations
from jumphost.model.identity import Caller
from jumphost.model.target import Target

LOCKED = "a certificate of it that was renewed is used by somebody still"
HIDDEN = "no such target, or none of yours"  # one text for both: a caller cannot ask which targets there are


class Standing:
    """The site as it is; ``reload`` takes its files up whole or not at all."""

    config: SiteConfig

    def __init__(self, site: Site, revoked: Iterable[Revocation], locked: Iterable[str] = ()) -> None:
        self._site, self._revoked, self._locked = site, tuple(revoked), set(locked)
        self.reload()

    def reload(self) -> None:
        """Reads the site's files again; raises Problems, with nothing changed, if there are any."""
        config = load_site(self._site)
        self._trust = trust.load(self._site, config, Revocations(self._revoked))
        self.config = config

    def revoke(self, *entries: Revocation) -> None:
        """Adds revocations; what the files say by now does not matter."""
        self._revoked = (*self._revoked, *entries)
        self._trust = replace(self._trust, revocations=Revocations(self._revoked))

    def lock(self, identity: str) -> None:
        """Lets nobody in as this identity, whatever the files say of it."""
        self._locked.add(identity)

    def unlock(self, identity: str) -> None:
        """Takes the lock away, where there is one."""
        self._locked.discard(identity)

    def admit(self, blob: bytes, *, source: str, now_ns: int) -> Caller:
        """The caller that a presented certificate proves; Refused with an identity code."""
        caller = certificate.verify(blob, trust=self._trust, source=source, now_ns=now_ns)
        self._check_lock(caller.identity.name)
        return caller

    def check(self, caller: Caller, now_ns: int) -> None:
        """Refused if the caller's certificate ended, was revoked, or its identity or CA is no longer in force."""
        identity = caller.identity
        proof = identity.certificate
        if now_ns >= caller.expires_ns:
            raise Refused(Code.IDENTITY_EXPIRED, f"the certificate ended at {proof.valid_before}")
        signers = [ca for ca in self._trust.callers.values() if (ca.name, ca.fingerprint) == (caller.ca, proof.ca)]
        if not signers:
            raise Refused(Code.IDENTITY_UNKNOWN_CA, "the certificate's CA is no longer trusted")
        if identity.issuer != caller.ca:
            self._trust.issuer(identity.issuer, own=signers[0].own, identity=identity.name)
        self._trust.registry.find(ca=caller.ca, key_id=proof.key_id, principals=proof.principals)
        self._trust.revocations.check(caller)
        self._check_lock(identity.name)

    def entitled(self, identity: str) -> None:
        """Refused if the identity may have no certificate now, whatever it brings for one."""
        self._trust.registry.check(identity)
        self._trust.revocations.check_identity(identity)
        self._check_lock(identity)

    def target(self, caller: Caller, operation: str, target: str, login: str) -> tuple[Target, str]:
        """The target and login that are asked for; see :func:`reach`."""
        return reach(self.config.targets, caller.scopes, operation, target, login)

    def _check_lock(self, name: str) -> None:
        if name in self._locked:
            raise Refused(Code.IDENTITY_LOCKED, f"the identity {name} is locked: {LOCKED}")


def reach(
    targets: Mapping[str, Target], scopes: Sequence[Sequence[str]], operation: str, target: str, login: str
) -> tuple[Target, str]:
    """The target and login that are asked for (``login`` "": the default); Refused, hiding what is out of scope."""
    found = targets.get(target)
    if found is None or not scope.sees(scopes, target):
        raise Refused(Code.TARGET_UNAVAILABLE, HIDDEN, detail="unknown" if found is None else "out of scope")
    login = login or found.logins[0]
    if not scope.allows(scopes, operation, target, login):
        raise Refused(Code.IDENTITY_OUT_OF_SCOPE, f"{operation} as {login} is outside the scope of this identity")
    if login not in found.logins:
        raise Refused(Code.TARGET_UNAVAILABLE, f"no login {login} on {target}")
    return found, login
