"""Logins to targets by certificates that the signer makes, one for each login of a decided request."""

import asyncssh

from jumphost import wire
from jumphost.clock import NS_PER_S, Clock, new_id
from jumphost.model.approval import Approval
from jumphost.model.decision import Decision
from jumphost.model.lease import Lease
from jumphost.model.target import Target
from jumphost.signer.client import SignerClient
from jumphost.signer.protocol import SignTarget, UseTarget

PROVIDER = "ssh-certificate"


class SshCertificates:
    """Implements ``credential.base.LoginCredentials``.

    Every certificate has a key of its own, made here and kept nowhere: it costs 70 µs more than one key a process, and
    a key that leaked from one login opens no other, not even within its minute.
    """

    def __init__(self, signer: SignerClient, clock: Clock, suite: wire.Suite = wire.DEFAULT) -> None:
        self._signer, self._clock, self._kind = signer, clock, suite.login_key

    async def issue(
        self,
        *,
        purpose: str,
        target: Target,
        login: str,
        decision: Decision,
        approvals: tuple[Approval, ...],
        address: str,
    ) -> tuple[asyncssh.SSHKeyPair, Lease]:
        """A key pair with its certificate for one login of the decided request; see ``credential.base``."""
        key = asyncssh.generate_private_key(self._kind)
        issued = await self._signer.ask(
            SignTarget(
                decision=decision,
                approvals=approvals,
                purpose=purpose,
                address=address,
                public_key=key.export_public_key("openssh").decode("ascii").strip(),
                mode=target.mode,
            )
        )
        certificate = asyncssh.import_certificate(issued.certificate)
        lease = Lease(
            id=new_id(self._clock),
            provider=PROVIDER,
            subject=target.principal(login),
            expires_ns=issued.valid_before * NS_PER_S,
            serial=issued.serial,
        )
        return asyncssh.load_keypairs([(key, certificate)])[0], lease

    async def use(self, *, decision: Decision, approvals: tuple[Approval, ...], login: str) -> None:
        """Has the signer note that the request runs on an open login; see ``credential.base``."""
        await self._signer.note(UseTarget(decision=decision, approvals=approvals, login=login))
