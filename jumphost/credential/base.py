"""The ports to sources of credentials that live for one command, and to the ways in which a command gets one."""

from collections.abc import Collection, Mapping
from typing import Protocol

import asyncssh
from msgspec import Struct

from jumphost.model.approval import Approval
from jumphost.model.decision import Decision
from jumphost.model.lease import Lease
from jumphost.model.target import Target
from jumphost.secret import Secret

Material = Mapping[str, str | Secret]
"""What it takes to use a lease: ``host``, ``port``, ``database``, ``user``, ``password``…; all secrets are Secret."""


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


class Wanted(Struct, frozen=True):
    """What a lease is asked for; ``ttl_s`` is for what the server itself can limit."""

    lease: str  # its id, a UUIDv7
    request: str  # whose command gets it, likewise
    identity: str
    ttl_s: int
    expires_ns: int


class Minted(Struct, frozen=True):
    """A lease that is there, and what it takes to use it; nothing of the secret shows in a text of it."""

    lease: Lease
    material: Material


class Provider(Protocol):
    """Makes credentials at one server. Each method raises Unavailable (credential.unavailable) where that fails it."""

    kind: str  # in the configuration
    template: str  # what each is made after, "" where there is no such thing

    def subject(self, wanted: Wanted) -> str:
        """The name that it will have at the server, which nobody can guess: journalled before ``issue`` is called."""

    async def issue(self, wanted: Wanted, lease: Lease) -> Minted:
        """Makes the lease's subject. What it raised or was cancelled in may be half made: ``revoke`` follows."""

    async def revoke(self, lease: Lease) -> None:
        """Ends it and every session that it opened; returns once nothing of it is left, at once if nothing ever was.

        Only ``lease.subject`` counts: of what a crash left nothing else is known.
        """

    async def left(self) -> Collection[str]:
        """The subjects at the server that this site made, live ones too."""

    async def close(self) -> None:
        """Lets go of the server; idempotent, never raises."""


class Recipient(Struct, frozen=True):
    """The command that gets a lease."""

    request: str
    identity: str
    target: Target
    login: str


class Delivered(Protocol):
    """A lease at its command's hand."""

    env: Mapping[str, str]  # for the command; no secret but by delivery ``env``
    secrets: tuple[Secret, ...]  # what its output must not show

    async def close(self) -> None:
        """Takes it away; idempotent, never raises."""


class Delivery(Protocol):
    """One way (``model.decision.CredentialTerms.delivery``) for leases to reach commands."""

    async def prepare(self, minted: Minted, recipient: Recipient) -> Delivered:
        """Before the command starts. Raises Refused or Unavailable, and then has taken away what it began."""
