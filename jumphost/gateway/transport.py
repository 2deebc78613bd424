"""The SSH server: what of asyncssh may be used by a caller, and nothing else.

Only OpenSSH user certificates log in. Everything a caller can ask for goes through one of three allow-lists (channel
types, global requests, channel requests); what is not on them is refused and told to the gate. asyncssh's own handlers
for forwarding, agent, X11, terminals and passwords are never reached.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, cast

import asyncssh
from asyncssh.constants import (
    MSG_CHANNEL_OPEN,
    MSG_DISCONNECT,
    MSG_GLOBAL_REQUEST,
    MSG_KEXINIT,
    MSG_REQUEST_FAILURE,
    MSG_REQUEST_SUCCESS,
    OPEN_ADMINISTRATIVELY_PROHIBITED,
    OPEN_RESOURCE_SHORTAGE,
)
from asyncssh.packet import PacketDecodeError, SSHPacket, String
from asyncssh.public_key import KeyImportError, decode_ssh_certificate

from jumphost import fastwire, wire
from jumphost.clock import Clock, new_id
from jumphost.config.settings import Limits, Settings
from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.gateway.channel import CallerChannel, GatewayChannel
from jumphost.gateway.connection import Connection, escaped, normal
from jumphost.gateway.door import Door
from jumphost.model.identity import Caller

VERSION = "jumphost"  # neutral: no product version for a scanner

_KEEPALIVE = b"keepalive@openssh.com"
_NO_MORE_SESSIONS = b"no-more-sessions@openssh.com"  # OpenSSH PROTOCOL §2.2
_WITH_PORT = frozenset({b"direct-tcpip", b"tcpip-forward", b"cancel-tcpip-forward"})
_WITH_PATH = frozenset({b"direct-streamlocal@openssh.com", b"streamlocal-forward@openssh.com"})


class Shown(Protocol):
    """What the server proves itself with to connections that begin now; ``version`` grows when it changes."""

    pairs: Sequence[asyncssh.SSHKeyPair]
    version: int


class Gate(Protocol):
    """Who decides and keeps the trail. Every method is synchronous; none but ``verify`` may raise.

    A caller can cause refusals as fast as it can send: the gate bounds what it writes of them.
    """

    def verify(self, connection: Connection, username: str, certificate: bytes) -> Caller:
        """The caller that this certificate (SSH wire format) names; Refused with the reason otherwise.

        Also called for a certificate whose key nobody has proven yet: it must have no effect but its answer.
        """

    def login_refused(self, connection: Connection, username: str, code: Code, detail: str) -> None:
        """One attempt failed; the connection may try again."""

    def login_ok(self, connection: Connection) -> None:
        """``connection.caller`` is bound and was told so."""

    def opened(self, channel: CallerChannel) -> None:
        """An exec, shell or subsystem was accepted: from here on the channel is the session's."""

    def refused_request(self, connection: Connection, kind: str, detail: str) -> None:
        """Something that is not offered was asked for and refused; ``kind`` is its SSH name."""

    def closed(self, connection: Connection) -> None:
        """The connection ended, logged in or not; once."""

    def broken_off(self, connection: Connection, code: Code, detail: str) -> None:
        """The connection is closed because the caller did not keep to SSH, or took too long; ``closed`` follows."""

    def turned_away(self, address: str, code: Code) -> None:
        """Somebody connected and was not let in: nothing was read from it, and no connection was made of it."""


async def listen(host: str, port: int, gate: Gate, identity: Shown, settings: Settings, clock: Clock) -> asyncio.Server:
    """Accepts callers; port 0 takes a free one. OSError if it cannot, Unavailable for a host key of the wrong kind."""
    loop = asyncio.get_running_loop()
    options, version = _options(identity.pairs, settings), identity.version
    limits, suite = settings.limits, wire.SUITES[settings.crypto]
    for key in identity.pairs:
        if not {name.decode() for name in key.sig_algorithms} & set(suite.signatures):
            message = f"got a host key of kind {key.algorithm.decode()}, expected {' or '.join(suite.signatures)}"
            raise Unavailable(Code.GATEWAY_UNAVAILABLE, f"{message}: ssh-keygen makes one")
    door: Door[GatewayServerConnection] = Door(
        clock, unauthenticated=limits.unauthenticated, per_minute=limits.connections_per_minute
    )

    def connection() -> GatewayServerConnection:
        nonlocal options, version
        if version != identity.version:
            options, version = _options(identity.pairs, settings), identity.version
        return GatewayServerConnection(loop, options, gate, limits, clock, door, suite)

    return await loop.create_server(lambda: _Doorstep(door, gate, connection), host, port)


def _options(host_keys: Sequence[asyncssh.SSHKeyPair], settings: Settings) -> asyncssh.SSHServerConnectionOptions:
    """Every option that has a default we do not want; keys as objects, since paths are read again per connection."""
    suite = wire.SUITES[settings.crypto]
    return asyncssh.SSHServerConnectionOptions(
        config=None,
        server_factory=_Callbacks,
        server_version=VERSION,
        server_host_keys=list(host_keys),
        send_server_host_keys=False,
        kex_algs=suite.kex,
        encryption_algs=suite.ciphers,
        mac_algs=suite.macs,
        compression_algs=suite.compression,
        signature_algs=suite.signatures,
        public_key_auth=True,
        host_based_auth=False,
        kbdint_auth=False,
        password_auth=False,
        gss_host=None,
        gss_kex=False,
        gss_auth=False,
        x509_trusted_certs=None,
        authorized_client_keys=None,
        agent_forwarding=False,
        x11_forwarding=False,
        allow_pty=False,
        line_editor=False,
        allow_scp=False,
        rdns_lookup=False,
        encoding=None,
        login_timeout=settings.limits.login,
        keepalive_interval=settings.hold.keepalive,
        keepalive_count_max=wire.KEEPALIVE_COUNT,
        rekey_bytes=wire.REKEY_BYTES,
        rekey_seconds=wire.REKEY_SECONDS,
        window=settings.limits.window_bytes,
        max_pktsize=wire.PACKET,
    )


class GatewayServerConnection(fastwire.FastConnection, asyncssh.SSHServerConnection):
    """One connection of a caller, from accept to close."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        options: asyncssh.SSHServerConnectionOptions,
        gate: Gate,
        limits: Limits,
        clock: Clock,
        door: "Door[GatewayServerConnection]",
        suite: wire.Suite,
    ) -> None:
        super().__init__(loop, options)
        self._suite = suite
        self.public = Connection(new_id(clock), self)
        self._gate = gate
        self._limits = limits
        self._door = door
        self._failures = 0
        self._no_more_sessions = False
        self._left = False  # the caller said that it leaves

    async def reload_config(self) -> None:
        """Options do not depend on who logs in; evaluating them again took an executor thread per login."""

    # Logging in

    async def validate_public_key(self, username: str, key_data: bytes, msg: bytes, signature: bytes) -> bool:
        """The only way in. It never suspends: nothing comes between a verified signature and its identity."""
        if self.auth is None or self.auth.task is not asyncio.current_task():
            return False  # a request that a newer one has replaced
        try:
            caller = self._gate.verify(self.public, username, _certificate(key_data))
            if not msg:
                return True  # a probe: whoever saw the certificate can send it, so it binds nothing
            self._check_signature(caller, key_data, msg, signature)
        except JumphostError as exc:
            self._gate.login_refused(self.public, username, exc.code, exc.detail or exc.message)
            return False
        self.public.bind(username, caller)
        return True

    def _check_signature(self, caller: Caller, key_data: bytes, msg: bytes, signature: bytes) -> None:
        """Refused unless the certified key made ``signature`` over this very request on this very connection."""
        try:
            key = decode_ssh_certificate(key_data).key
            algorithm = SSHPacket(signature).get_string()
        except (KeyImportError, PacketDecodeError) as exc:
            raise Refused(Code.IDENTITY_MALFORMED, "the certificate or signature cannot be read") from exc
        if key.get_fingerprint() != caller.key:
            raise Refused(Code.IDENTITY_MALFORMED, "two readings of the certificate differ in its key")
        if algorithm.decode("latin-1") not in self._suite.signatures:
            raise Refused(Code.IDENTITY_WEAK_SIGNATURE, f"got a signature by {escaped(algorithm)}")
        if not key.verify(String(self._session_id) + msg, signature):
            raise Refused(Code.IDENTITY_BAD_SIGNATURE, "the signature is not by the certified key")

    async def _finish_userauth(self, begin_auth: bool, method: bytes, packet: SSHPacket) -> None:
        if method not in (b"none", b"publickey"):
            detail = f"got method {escaped(method)}, expected publickey with a certificate"
            self._gate.login_refused(self.public, self._username, Code.IDENTITY_NO_CERTIFICATE, detail)
        await super()._finish_userauth(begin_auth, method, packet)

    def send_userauth_failure(self, partial_success: bool) -> None:
        self._failures += 1
        if self._failures > self._limits.login_attempts:  # one more than these is the "none" that asks for the methods
            self.disconnect(asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "Too many authentication failures")
        else:
            super().send_userauth_failure(partial_success)

    # Asking for things

    def open_session(self) -> tuple[GatewayChannel, asyncssh.SSHServerSession[bytes]]:
        """A new session channel; ChannelOpenError over the limit, or after the caller said it wants no more."""
        if self.public.caller is None or self._no_more_sessions:
            self.refuse(b"session", "after no-more-sessions")
            raise asyncssh.ChannelOpenError(OPEN_ADMINISTRATIVELY_PROHIBITED, "no more sessions")
        if len(self._channels) >= self._limits.sessions_per_connection:
            self.refuse(b"session", f"over limits.sessions_per_connection, {self._limits.sessions_per_connection}")
            raise asyncssh.ChannelOpenError(OPEN_RESOURCE_SHORTAGE, "too many sessions on this connection")
        channel = CallerChannel(self.public, self._gate.opened)
        return GatewayChannel(self, channel, self._limits, self.refuse), cast(asyncssh.SSHServerSession[bytes], channel)

    def refuse(self, kind: bytes, detail: str = "") -> None:
        """Tells the gate."""
        self._gate.refused_request(self.public, escaped(kind, 64), detail)

    def _process_channel_open(self, pkttype: int, pktid: int, packet: SSHPacket) -> None:
        ahead = SSHPacket(packet.get_remaining_payload())
        kind = ahead.get_string()
        if kind == b"session":
            super()._process_channel_open(pkttype, pktid, packet)
            return
        sender, _window, _size = ahead.get_uint32(), ahead.get_uint32(), ahead.get_uint32()
        self.send_channel_open_failure(sender, OPEN_ADMINISTRATIVELY_PROHIBITED, "not offered", "en")
        self.refuse(kind, _where(kind, ahead))

    def _process_global_request(self, pkttype: int, pktid: int, packet: SSHPacket) -> None:
        request, want_reply = packet.get_string(), packet.get_boolean()
        if request == _NO_MORE_SESSIONS:
            self._no_more_sessions = True
        elif request != _KEEPALIVE:
            self.refuse(request, _where(request, packet))
        if want_reply:
            served = request in (_KEEPALIVE, _NO_MORE_SESSIONS)
            self.send_packet(MSG_REQUEST_SUCCESS if served else MSG_REQUEST_FAILURE)

    async def _process_kexinit(self, pkttype: int, pktid: int, packet: SSHPacket) -> None:
        """Keys are exchanged once before the login: each time costs us more than it costs a stranger."""
        if self._session_id and self.public.caller is None:
            raise asyncssh.ProtocolError("a second key exchange before the login")
        await super()._process_kexinit(pkttype, pktid, packet)

    def _process_disconnect(self, pkttype: int, pktid: int, packet: SSHPacket) -> None:
        self._left = True
        super()._process_disconnect(pkttype, pktid, packet)

    def _login_timer_callback(self) -> None:
        self._gate.broken_off(self.public, Code.LIMIT_LOGIN, f"no login within {self._limits.login} s")
        super()._login_timer_callback()

    _packet_handlers = {  # noqa: RUF012  # asyncssh dispatches by this table of the class
        **asyncssh.SSHServerConnection._packet_handlers,
        MSG_CHANNEL_OPEN: _process_channel_open,
        MSG_DISCONNECT: _process_disconnect,
        MSG_GLOBAL_REQUEST: _process_global_request,
        MSG_KEXINIT: _process_kexinit,
    }

    # Coming and going

    def accepted(self) -> None:
        """The socket is connected."""
        self.public.came_from(*self.get_extra_info("peername")[:2])

    def logged_in(self) -> None:
        """The success message went out; a login without an identity cannot be, and is closed."""
        if self.public.caller is None:
            self.abort()
        else:
            self._door.logged_in(self)
            self._gate.login_ok(self.public)

    def make_room(self) -> None:
        """Ends a connection that took too long to log in, now that others want to."""
        detail = f"over limits.unauthenticated, {self._limits.unauthenticated}"
        self._gate.login_refused(self.public, "", Code.LIMIT_UNAUTHENTICATED, detail)
        self.abort()

    def lost(self, error: Exception | None) -> None:
        """The connection ended; an error that is neither the network's nor the caller's farewell is its fault."""
        self._door.leave(self)
        if error is not None and not self._left and not isinstance(error, (asyncssh.ConnectionLost, OSError)):
            reason = f"{type(error).__name__}: {error}"
            self._gate.broken_off(self.public, Code.CALLER_PROTOCOL, escaped(reason.encode()))
        self._gate.closed(self.public)


class _Doorstep(asyncio.Protocol):
    """A connection before anything is read from it: turned away, or handed over to SSH."""

    def __init__(
        self,
        door: Door[GatewayServerConnection],
        gate: Gate,
        make: Callable[[], GatewayServerConnection],
    ) -> None:
        self._door, self._gate, self._make = door, gate, make

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        if peer is None:  # it is gone already
            transport.abort()
            return
        address = normal(peer[0])
        try:
            self._door.knock(address)
        except Refused as error:
            transport.abort()
            self._gate.turned_away(address, error.code)
            return
        connection = self._make()
        late = self._door.enter(connection, address)
        if late is not None:
            late.make_room()
        transport.set_protocol(connection)
        connection.connection_made(transport)


class _Callbacks(asyncssh.SSHServer):
    """asyncssh's callbacks, handed to the connection; what is not named here refuses by default."""

    _connection: GatewayServerConnection

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = cast(GatewayServerConnection, conn)
        self._connection.accepted()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.lost(exc)

    def public_key_auth_supported(self) -> bool:
        return True

    def auth_completed(self) -> None:
        self._connection.logged_in()

    def session_requested(self) -> tuple[GatewayChannel, asyncssh.SSHServerSession[bytes]]:
        return self._connection.open_session()


def _certificate(key_data: bytes) -> bytes:
    """``key_data`` itself, if it says it is an OpenSSH certificate; Refused otherwise."""
    try:
        kind = SSHPacket(key_data).get_string()
    except PacketDecodeError as exc:
        raise Refused(Code.IDENTITY_MALFORMED, "the public key cannot be read") from exc
    if not kind.endswith(b"-cert-v01@openssh.com"):
        raise Refused(Code.IDENTITY_PLAIN_KEY, f"got a {escaped(kind, 64)} key, expected an OpenSSH certificate")
    return key_data


def _where(kind: bytes, packet: SSHPacket) -> str:
    """What a forwarding request names: ``HOST:PORT`` or a path; "" for everything else."""
    if kind in _WITH_PORT:
        return f"{escaped(packet.get_string())}:{packet.get_uint32()}"
    return escaped(packet.get_string()) if kind in _WITH_PATH else ""
