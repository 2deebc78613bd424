"""Delivery by proxy: the command gets a socket, the gateway logs in to the database, and the secret stays with it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from jumphost.command import leased
from jumphost.config.credentials import Credential, MariaDb, Plain, RabbitMq, Redis
from jumphost.credential.base import Minted, Recipient
from jumphost.credential.delivery.backend import Place
from jumphost.credential.delivery.postgres import PostgresProxy
from jumphost.credential.delivery.redis import RedisProxy
from jumphost.errors import Code, Refused
from jumphost.secret import Secret
from jumphost.stream import Socket


class Proxied:
    """Implements ``credential.base.Delivered``."""

    secrets: tuple[Secret, ...] = ()
    file: Secret | None = None

    def __init__(self, proxy: PostgresProxy | RedisProxy, env: Mapping[str, str], socket: Socket) -> None:
        self.env, self.socket = env, socket
        self._proxy = proxy
        self._closed = False

    async def close(self) -> None:
        """Ends its sessions."""
        if not self._closed:
            self._closed = True
            await self._proxy.close()


class ProxyDelivery:
    """Implements ``credential.base.Delivery``; ``resolve`` finds a file that the settings name."""

    def __init__(self, credentials: Mapping[str, Credential], resolve: Callable[[str], Path]) -> None:
        self._credentials, self._resolve = credentials, resolve

    async def prepare(self, minted: Minted, recipient: Recipient) -> Proxied:
        """A socket for the target to make."""
        source, request = self._credentials[minted.lease.name], recipient.request
        if isinstance(source, MariaDb | RabbitMq | Plain):
            raise Refused(Code.POLICY_UNSUPPORTED, f"{minted.lease.name} is at no server whose protocol is spoken here")
        place = Place(source.host, source.port, str(self._resolve(source.ca)) if source.ca else "")
        user, password = minted.lease.subject, minted.secret("password")
        if isinstance(source, Redis):
            redis = RedisProxy(place, user=user, password=password)
            socket = Socket(leased.REDIS, redis.serve)
            return Proxied(redis, {}, socket)
        proxy = PostgresProxy(
            place, user=user, database=source.database, password=password, connections=source.connections
        )
        return Proxied(
            proxy,
            leased.postgres(request, kind=recipient.target.kind, login=recipient.login, database=source.database),
            Socket(leased.socket(request), proxy.serve),
        )
