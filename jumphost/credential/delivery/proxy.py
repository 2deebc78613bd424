"""Delivery by proxy: the command gets a socket, the gateway logs in to the database, and the secret stays with it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from jumphost.command import leased
from jumphost.config.credentials import Credential, Redis
from jumphost.credential.base import Minted, Recipient
from jumphost.credential.delivery.backend import Place
from jumphost.credential.delivery.postgres import PostgresProxy
from jumphost.credential.delivery.redis import RedisProxy
from jumphost.credential.delivery.tenants import Tenants
from jumphost.secret import Secret
from jumphost.stream import Socket


class Proxied:
    """Implements ``credential.base.Delivered``."""

    secrets: tuple[Secret, ...] = ()
    file: Secret | None = None

    def __init__(
        self, proxy: PostgresProxy | RedisProxy, env: Mapping[str, str], socket: Socket, left: Callable[[], None]
    ) -> None:
        self.env, self.socket = env, socket
        self._proxy, self._left = proxy, left
        self._closed = False

    async def close(self) -> None:
        """Ends its sessions."""
        if not self._closed:
            self._closed = True
            self._left()
            await self._proxy.close()


class ProxyDelivery:
    """Implements ``credential.base.Delivery``; ``resolve`` finds a file that the settings name."""

    def __init__(self, credentials: Mapping[str, Credential], resolve: Callable[[str], Path], tenants: Tenants) -> None:
        self._credentials, self._resolve, self._tenants = credentials, resolve, tenants

    async def prepare(self, minted: Minted, recipient: Recipient) -> Proxied:
        """A socket for the target to make; raises as ``Tenants.enter``."""
        source, request = self._credentials[minted.lease.name], recipient.request
        place = Place(source.host, source.port, str(self._resolve(source.ca)) if source.ca else "")
        user, password = minted.lease.subject, minted.secret("password")
        if isinstance(source, Redis):
            redis = RedisProxy(place, user=user, password=password)
            socket = Socket(leased.REDIS, redis.serve)
            return Proxied(redis, {}, socket, left=self._tenants.enter(minted, recipient))
        proxy = PostgresProxy(
            place, user=user, database=source.database, password=password, connections=source.connections
        )
        return Proxied(
            proxy,
            leased.postgres(request, kind=recipient.target.kind, login=recipient.login, database=source.database),
            Socket(leased.socket(request), proxy.serve),
            left=self._tenants.enter(minted, recipient),
        )
