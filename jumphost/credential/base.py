"""The port to a source of credentials that live for one command."""

from typing import Protocol

import asyncssh

from jumphost.model.approval import Approval
from jumphost.model.decision import Decision
from jumphost.model.lease import Lease
from jumphost.model.target import Target


class LoginCredentials(Protocol):
    """Mints logins to targets."""

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
        """A key pair with its certificate for one login (``target.base.Login``) of the decided request.

        That of a run has no forced command where the target is of mode connection. Raises Refused (signer.refused) or
        Unavailable (signer.unavailable).
        """

    async def use(self, *, decision: Decision, approvals: tuple[Approval, ...], login: str) -> None:
        """The decided request runs on the login that the run of request ``login`` opened; raises as ``issue``."""
