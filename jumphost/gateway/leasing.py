"""The lease of one command: made, put at its hand, and taken away."""

import asyncio
from collections.abc import Mapping

import structlog
from msgspec import Struct

from jumphost.credential.base import Delivered, Recipient
from jumphost.errors import Code, JumphostError, Unavailable
from jumphost.gateway.parts import Parts
from jumphost.gateway.tenants import Stay
from jumphost.gateway.trail import Trail
from jumphost.model.decision import Decision
from jumphost.model.lease import Lease
from jumphost.secret import Secret
from jumphost.stream import Socket

DELIVER_S = 15.0  # the longest that putting a lease at a command's hand, or taking it away, may take

log = structlog.get_logger(__name__)


class Given(Struct, frozen=True):
    """What a command gets with its lease."""

    env: Mapping[str, str] = {}
    socket: Socket | None = None
    file: Secret | None = None
    secrets: tuple[Secret, ...] = ()


class Leasing:
    """What a decision's ``credential`` comes to; nothing where it has none."""

    def __init__(self, parts: Parts, trail: Trail, decision: Decision, recipient: Recipient) -> None:
        self._parts, self._trail, self._decision, self._recipient = parts, trail, decision, recipient
        self._lease: Lease | None = None
        self._delivered: Delivered | None = None
        self._stay: Stay | None = None

    async def take(self) -> Given:
        """Has the lease made and delivered, where the decision has one.

        Unavailable (credential.unavailable, journal.unavailable), and what ``Tenants.enter`` and a Delivery raise;
        ``give_back`` and ``leave`` follow.
        """
        terms = self._decision.obligations.credential
        if terms is None:
            return Given()
        to, settings = self._recipient, self._parts.settings
        self._stay = await self._parts.tenants.enter(terms.name, to)
        timeout_s = self._decision.obligations.limits.timeout_s or settings.limits.timeout
        ttl_s = min(terms.ttl_s, timeout_s, settings.credentials[terms.name].max_ttl)
        lease = self._parts.leases.plan(terms.name, request=to.request, identity=to.identity, ttl_s=ttl_s)
        self._lease = lease
        minted = await self._parts.leases.issue(lease, self._trail.leased(self._decision, lease, terms.delivery))
        try:
            async with asyncio.timeout(DELIVER_S):
                delivery = self._parts.deliveries[to.target.kind, terms.delivery]
                self._delivered = delivered = await delivery.prepare(minted, to)
            return Given(delivered.env, delivered.socket, delivered.file, delivered.secrets)
        except JumphostError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing runs; its text may hold what nobody may see
            message = f"the credential {terms.name} cannot be delivered"
            raise Unavailable(Code.CREDENTIAL_UNAVAILABLE, message, detail=type(error).__name__) from None

    async def give_back(self) -> None:
        """Ends it; what cannot be ended now is ended in the background. Idempotent, never raises."""
        if self._delivered is not None:
            delivered, self._delivered = self._delivered, None
            await _closed(delivered, self._recipient.request)
        if self._stay is not None:
            self._stay.end()
        if self._lease is not None:
            await self._parts.leases.end(self._lease)

    def leave(self) -> None:
        """Lets another have the login, where nothing of the command is left. Idempotent."""
        if self._stay is not None:
            self._stay.leave()


async def _closed(delivered: Delivered, request: str) -> None:
    try:
        async with asyncio.timeout(DELIVER_S):
            await delivered.close()
    except Exception as error:  # noqa: BLE001  # whatever it is, the lease is still to be ended
        log.error("delivery.not_closed", request=request, error=type(error).__name__)
