"""The gateway's own connection to a PostgreSQL server: whom it trusts, and how it logs in."""

import asyncio
import socket
import ssl
from ipaddress import ip_address
from typing import Final

from msgspec import Struct

from jumphost.credential.delivery import pgwire
from jumphost.credential.delivery.scram import ScramLogin
from jumphost.secret import Secret

LIMIT: Final = 65_536  # bytes: what is read ahead of who takes it, twice over

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Place(Struct, frozen=True):
    """Where a server is: an address or name and a port, or the directory of its socket.

    Its certificate must have that name and come from ``ca`` (a PEM file; "": from an authority of this machine). Only
    an address of this machine, or a socket, is reached without TLS, and only where no ``ca`` is named.
    """

    host: str
    port: int
    ca: str = ""

    @property
    def plain(self) -> bool:
        """Whether the connection needs no TLS."""
        return not self.ca and (self.host.startswith("/") or _loopback(self.host))


class Turned(Exception):
    """The server refused a session; ``message`` is its own, as it came."""

    def __init__(self, message: bytes) -> None:
        super().__init__("the database refused the session")
        self.message = message


async def dial(place: Place) -> Streams:
    """A connection on which nothing was said yet; OSError and ssl.SSLError, ValueError if the server speaks no TLS."""
    if place.host.startswith("/"):
        return await asyncio.open_unix_connection(f"{place.host}/.s.PGSQL.{place.port}", limit=LIMIT)
    if place.plain:
        return await asyncio.open_connection(place.host, place.port, limit=LIMIT)
    trusted = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=place.ca or None)
    trusted.check_hostname, trusted.verify_mode = True, ssl.CERT_REQUIRED
    trusted.minimum_version = ssl.TLSVersion.TLSv1_2
    raw = await _connected(place)
    try:
        await _ask_for_tls(raw)
        return await asyncio.open_connection(sock=raw, ssl=trusted, server_hostname=place.host, limit=LIMIT)
    except BaseException:
        raw.close()
        raise


async def log_in(streams: Streams, opening: bytes, user: str, password: Secret) -> None:
    """Opens the session; Turned if the server refuses it, ValueError if it is none that proves itself by SCRAM."""
    reader, writer = streams
    login = ScramLogin(user, password, writer.get_extra_info("ssl_object"))
    writer.write(opening)
    while True:
        kind, body = await message(reader)
        if kind == pgwire.FAILED:
            raise Turned(pgwire.message(kind, body))
        if kind != pgwire.AUTHENTICATION:
            raise ValueError(f"got a message of kind {kind!r} within the login, expected a question for it")
        answer = await asyncio.to_thread(login.step, body)  # it hashes for as long as the server says
        if answer is None:
            return
        writer.write(answer)


async def message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next message of a server that is not ready: its kind and its body."""
    head = await reader.readexactly(5)
    return head[:1], await reader.readexactly(pgwire.message_size(head))


async def _connected(place: Place) -> socket.socket:
    """A socket on the first of the server's addresses that answers."""
    loop = asyncio.get_running_loop()
    failed: OSError = OSError(f"{place.host} has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM):
        raw = socket.socket(family, kind, protocol)
        raw.settimeout(0)
        try:
            await loop.sock_connect(raw, address)
        except OSError as error:
            raw.close()
            failed = error
        except BaseException:
            raw.close()
            raise
        else:
            return raw
    raise failed


async def _ask_for_tls(raw: socket.socket) -> None:
    """One byte is read and not one more: what came behind it in the clear must not be taken for what TLS protects."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(raw, pgwire.encryption())
    if (answer := await loop.sock_recv(raw, 1)) != b"S":
        raise ValueError(f"got {answer!r} to the question for TLS, expected a server that speaks it")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
