"""What the gateway proves itself with: its host key, and a certificate for it where the site has a host CA.

The certificate is renewed well before it ends, and when the CA is another one; connections that are open keep theirs.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import asyncssh
import structlog

from jumphost.clock import NS_PER_S, Clock
from jumphost.config.files import read_publics
from jumphost.config.settings import Settings, host_names
from jumphost.config.site import Site
from jumphost.errors import JumphostError
from jumphost.signer.protocol import Issued, IssueHost

LOOK_S = 5.0  # between looks at whether it is due, or the CA has changed

log = structlog.get_logger(__name__)


class Signer(Protocol):
    """Who has the host CA's key."""

    async def ask(self, question: IssueHost, /) -> Issued:
        """The certificate; Refused, Unavailable."""


class HostIdentity:
    """``pairs`` is what connections that begin now are shown; ``version`` grows when it changes."""

    def __init__(self, key: asyncssh.SSHKey, site: Site, settings: Settings, signer: Signer, clock: Clock) -> None:
        self.pairs: Sequence[asyncssh.SSHKeyPair] = asyncssh.load_keypairs([key])
        self.version = 0
        self._key, self._site, self._signer, self._clock = key, site, signer, clock
        self._named = bool(host_names(settings))
        self._due_s = 0.0
        self._trusted: tuple[bytes, ...] = ()

    async def refresh(self) -> None:
        """Has a certificate made if one is due. Without one the key alone goes on: it is logged, and tried again."""
        trusted, now = self._authorities(), self._clock.now_ns() / NS_PER_S
        if not trusted or not self._named or (now < self._due_s and trusted == self._trusted):
            return
        try:
            issued = await self._signer.ask(IssueHost(self._key.export_public_key().decode().strip()))
        except JumphostError as error:
            log.error("host.not_certified", error=str(error), detail=error.detail)
            return
        certificate = asyncssh.import_certificate(issued.certificate)
        self.pairs = asyncssh.load_keypairs([(self._key, certificate)])
        self.version += 1
        self._due_s, self._trusted = now + (issued.valid_before - now) / 2, trusted
        log.debug("host.certified", serial=issued.serial, valid_before=issued.valid_before)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Looks after the certificate until the block ends."""
        async with asyncio.TaskGroup() as group:
            keeper = group.create_task(self._keep())
            try:
                yield
            finally:
                keeper.cancel()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self.refresh()

    def _authorities(self) -> tuple[bytes, ...]:
        """What clients are told to trust, the CA that signs first: a certificate is made anew when that changes."""
        try:
            return tuple(key.blob for key in read_publics(self._site.keys / "host_ca.pub"))
        except ValueError:
            return ()
