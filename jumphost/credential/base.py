"""The ports to sources of credentials that live for one command, and to the ways in which a command gets one."""

from collections.abc import Collection, Mapping
from typing import Literal, Protocol, runtime_checkable

import asyncssh
from msgspec import Struct

from jumphost.errors import Code, JumphostError
from jumphost.model.approval import Approval
from jumphost.model.decision import Decision
from jumphost.model.lease import Lease
from jumphost.model.target import Target
from jumphost.secret import Secret
from jumphost.stream import Socket

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
        """The decided request runs on the login that the run of request ``login`` opened, or here; raises as ``issue``.

        Here is where ``login`` is empty: on the gateway's own host.
        """


class Minted(Struct, frozen=True):
    """A lease that is there, and what it takes to use it; nothing of the secret shows in a text of it."""

    lease: Lease
    material: Material

    def secret(self, name: str) -> Secret:
        """A part of the material that is one; JumphostError (internal) if a provider hands it out in the open."""
        value = self.material.get(name)
        if not isinstance(value, Secret):
            raise JumphostError(Code.INTERNAL, f"got no secret {name} of a lease, expected one that its provider made")
        return value


class Provider(Protocol):
    """Makes credentials at one server. Each method raises Unavailable (credential.unavailable) where that fails it."""

    kind: str  # in the configuration
    template: str  # what each is made after, "" where there is no such thing

    def subject(self, request: str) -> str:
        """The name at the server for the lease of a request, which nobody can guess: journalled before ``issue``."""

    async def issue(self, lease: Lease) -> Minted:
        """Makes the lease's subject. Where it raises or is cancelled, half of it may be there: ``revoke`` follows."""

    async def revoke(self, lease: Lease) -> None:
        """Ends it and every session that it opened; returns once nothing of it is left, at once if nothing ever was.

        Only ``lease.subject`` counts: of what a crash left nothing else is known.
        """

    async def left(self) -> Collection[str]:
        """The subjects at the server that this site made, live ones too."""

    async def close(self) -> None:
        """Lets go of the server; idempotent, never raises."""


Outlives = Literal["until it is changed", "until it expires"]


@runtime_checkable
class Irrevocable(Protocol):
    """A Provider whose ``revoke`` ends nothing: whoever kept what a lease was can go on using it."""

    @property
    def outlives(self) -> Outlives:
        """How long."""


class Finding(Struct, frozen=True):
    """What is wrong at a server, and what would mend it, "" where that is not for one statement to do."""

    code: str
    message: str
    fix: str = ""


@runtime_checkable
class Checked(Protocol):
    """A Provider that can say what its credentials could do beyond what they are for."""

    async def check(self, *, writes: bool) -> list[Finding]:
        """All that is found; with ``writes`` they are meant to write. Unavailable (credential.unavailable)."""


class Recipient(Struct, frozen=True):
    """The command that gets a lease."""

    request: str
    identity: str
    target: Target
    login: str


class Delivered(Protocol):
    """A lease at its command's hand."""

    @property
    def env(self) -> Mapping[str, str]:
        """For the command; no secret but by delivery ``env``."""

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What its output must not show."""

    @property
    def socket(self) -> Socket | None:
        """What the command finds at ``command.leased.socket``."""

    @property
    def file(self) -> Secret | None:
        """What it finds at ``command.leased.file``."""

    async def close(self) -> None:
        """Takes it away; idempotent, never raises."""


class Delivery(Protocol):
    """One way (``model.decision.CredentialTerms.delivery``) for leases to reach commands."""

    async def prepare(self, minted: Minted, recipient: Recipient) -> Delivered:
        """Before the command starts. Raises Refused or Unavailable, and then has taken away what it began."""
