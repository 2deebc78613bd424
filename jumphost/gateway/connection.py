"""One SSH connection of a caller, as the rest of the gateway sees it."""

import ipaddress

import asyncssh

from jumphost.model.identity import Caller
from jumphost.model.request import Source


class Connection:
    """``caller`` is None until a certificate's signature was verified, and then never changes."""

    def __init__(self, identifier: str, ssh: asyncssh.SSHServerConnection) -> None:
        self.id = identifier
        self._ssh = ssh
        self._address, self._port = "", 0
        self._username = ""
        self._caller: Caller | None = None

    @property
    def source(self) -> Source:
        """Where it comes from; ``client`` is "" until the version string has come."""
        client = str(self._ssh.get_extra_info("client_version", ""))
        return Source(address=self._address, port=self._port, client=escaped(client.encode()))

    @property
    def username(self) -> str:
        """The login name of the verified login, ``TARGET`` or ``TARGET+LOGIN``; "" before it."""
        return self._username

    @property
    def caller(self) -> Caller | None:
        """Who the verified certificate says it is."""
        return self._caller

    def came_from(self, address: str, port: int) -> None:
        """Notes the peer's address, as :func:`normal` has it."""
        self._address = normal(address)
        self._port = port

    def bind(self, username: str, caller: Caller) -> None:
        """Names the caller, once; RuntimeError a second time."""
        if self._caller is not None:
            raise RuntimeError("got a second identity for a connection that has one")
        self._username, self._caller = username, caller

    def disconnect(self, reason: str) -> None:
        """Closes the connection and all its channels, with a reason that the caller's client may show."""
        self._ssh.disconnect(asyncssh.DISC_BY_APPLICATION, reason)


def normal(address: str) -> str:
    """A peer's address: IPv4-mapped becomes IPv4, a zone id goes."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def escaped(raw: bytes, limit: int = 255) -> str:
    """The first ``limit`` bytes of what a caller sent as printable ASCII, for logs and the trail."""
    return raw[:limit].decode("latin-1").encode("unicode_escape").decode("ascii")
