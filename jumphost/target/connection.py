"""One login to a target: whom we trust, what we offer, and what it means when it fails.

The certificate is minted during authentication, when the socket's own address is known (it is bound to it), and once:
asyncssh asks again after a refusal and then gets nothing.
"""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import cast

import asyncssh
from asyncssh.auth import _ClientPublicKeyAuth
from asyncssh.public_key import SigningKey, SSHOpenSSHCertificate

from jumphost import fastwire, wire
from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.model.target import Target
from jumphost.target import hostkeys
from jumphost.target.sockets import SocketConnection

Credential = Callable[[str], Awaitable[asyncssh.SSHKeyPair]]
"""Makes the key pair with its certificate for a login from the address it is given."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How targets are reached."""

    window_bytes: int = 1 << 20  # SSH window of one channel: what a stopped reader makes us hold
    login_s: float = 20.0  # from the first SYN to the end of authentication
    keepalive_s: float = 15.0
    suite: wire.Suite = wire.DEFAULT


class TargetChannel(fastwire.FastChannel, asyncssh.SSHClientChannel[bytes]):
    """The channel that a command runs on."""


class TargetConnection(SocketConnection):
    """A connection on which nobody has asked to log in, until ``log_in``; then it opens channels for us, and for the
    target only those of a ``SocketConnection``.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, options: asyncssh.SSHClientConnectionOptions, client: "_Client"
    ) -> None:
        self._entered: asyncio.Future[None] = loop.create_future()  # the end of the login, good or bad
        self._entered.add_done_callback(_looked_at)
        options.waiter = self._entered
        super().__init__(loop, options, wait="auth")
        self._client = client
        self._ready: asyncio.Future[None] = loop.create_future()

    async def ready(self) -> None:
        """Returns once the host key is right and the target would hear who logs in; raises what asyncssh does."""
        await asyncio.wait((self._ready, self._entered), return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            self._entered.result()
            raise asyncssh.ConnectionLost("closed before anybody logged in")

    async def log_in(self, credential: Credential) -> None:
        """Logs in, once (RuntimeError a second time); raises what asyncssh does and ``credential`` did.

        asyncssh would first ask for a login by the method none, to hear which methods there are (RFC 4252 §5.2): sshd
        takes 5 ms or more to say no (measured; its MIN_FAIL_DELAY_SECONDS), and we have one method.
        """
        self._client.give(credential)
        if self.is_closed():
            raise asyncssh.ConnectionLost("closed before anybody logged in")
        self._auth_methods = [b"publickey"]
        self.try_next_auth()
        try:
            await self._entered
        except (OSError, asyncssh.Error) as error:
            raise self._client.failure or error from error

    @property
    def asked(self) -> bool:
        """Whether a credential was asked for: the target has answered to the name of the login."""
        return self._client.asked

    def try_next_auth(self, *, next_method: bool = False) -> None:
        """Nothing is sent of who logs in before there is a credential."""
        if self._client.credential is not None:
            super().try_next_auth(next_method=next_method)
        elif not self._ready.done():
            self._ready.set_result(None)

    async def send_userauth_request(
        self, method: bytes, *args: bytes, key: SigningKey | None = None, trivial: bool = True
    ) -> None:
        """Sends the signed request where asyncssh would ask first whether the key may sign (RFC 4252 §7): it is the
        only one we have. A round trip less.
        """
        if method == b"publickey" and key is None:
            await cast(_ClientPublicKeyAuth, self.auth)._send_signed_request()
        else:
            await super().send_userauth_request(method, *args, key=key, trivial=trivial)

    def _validate_openssh_host_certificate(
        self, host: str, addr: str, port: int, cert: SSHOpenSSHCertificate
    ) -> asyncssh.SSHKey:
        if not cert.principals:  # asyncssh would take it for any host
            raise ValueError("Host certificate names no host")
        return super()._validate_openssh_host_certificate(host, addr, port, cert)

    async def execute(self, session: asyncssh.SSHClientSession[bytes], line: str, window_bytes: int) -> TargetChannel:
        """Runs ``line`` on a new channel; Unavailable if the target opens none or breaks off."""
        channel = TargetChannel(self, self._loop, "strict", None, "strict", window_bytes, wire.PACKET)
        try:
            await channel.create(
                lambda: session,
                command=line,
                subsystem=None,
                env={},
                request_pty=False,
                term_type=None,
                term_size=None,
                term_modes={},
                x11_forwarding=False,
                x11_display=None,
                x11_auth_path=None,
                x11_single_connection=False,
                agent_forwarding=False,
            )
        except (OSError, asyncssh.Error) as error:
            code, what = (
                (Code.TARGET_UNREACHABLE, "the connection to the target broke before the command ran")
                if self.is_closed()
                else (Code.TARGET_REFUSED, "the target let the login in but runs no command")
            )
            raise Unavailable(code, what, detail=str(error)) from error
        return channel

    async def end(self) -> None:
        """Closes the connection and waits until it is; never raises but for cancellation."""
        self.close()
        await self.wait_closed()


class _Client(asyncssh.SSHClient):
    """Answers the only question that authentication asks, once, and keeps what went wrong: nothing is raised here."""

    def __init__(self) -> None:
        self.credential: Credential | None = None
        self._address = ""
        self.asked = False
        self.failure: Exception | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._address = _normal(conn.get_extra_info("sockname")[0])

    def give(self, credential: Credential) -> None:
        """What the login is made with; RuntimeError a second time."""
        if self.credential is not None:
            raise RuntimeError("got a second login for a connection, expected one")
        self.credential = credential

    async def public_key_auth_requested(self) -> Sequence[asyncssh.SSHKeyPair] | None:
        if self.asked or self.credential is None:
            return None
        self.asked = True
        try:
            return [await self.credential(self._address)]
        except Exception as error:  # noqa: BLE001  # raised again by log_in(): here it would end in asyncssh's log
            self.failure = error
            return None


async def connect(
    target: Target, login: str, credential: Credential, reach: Reach, spare: TargetConnection | None = None
) -> TargetConnection:
    """Logs in to a target: on ``spare``, which ``ahead`` made for this login; on a new one if there is none or it died.

    Raises Unavailable with target.unreachable or target.refused, Refused with target.host_key or target.protocol,
    and whatever ``credential`` raises.
    """
    once, tried = _once(credential), spare
    try:
        async with asyncio.timeout(reach.login_s):
            if spare is not None and await _survived(spare, once):
                return spare
            tried = None
            tried = await _open(target, login, reach)
            await tried.log_in(once)
            return tried
    except BaseException as error:
        if tried is not None:
            await given_up(tried)
        if isinstance(error, (OSError, asyncssh.Error)):
            raise explained(error, target, asked=tried is not None and tried.asked) from error
        raise


async def ahead(target: Target, login: str, reach: Reach) -> TargetConnection:
    """A connection for ``connect``: key exchange and host key are done, and the target has not heard of the login.

    Raises OSError and asyncssh.Error.
    """
    async with asyncio.timeout(reach.login_s):
        return await _open(target, login, reach)


async def given_up(connection: TargetConnection) -> None:
    """Breaks a connection off."""
    connection.abort()
    await connection.wait_closed()


async def _survived(spare: TargetConnection, credential: Credential) -> bool:
    """Logs in; False if the target had let go of the connection."""
    try:
        await spare.log_in(credential)
    except (OSError, asyncssh.ConnectionLost):
        await given_up(spare)
        return False
    return True


def _once(credential: Credential) -> Credential:
    """Asks for one certificate, which a login may begin with that a spare did not live to see through."""
    made: dict[str, asyncssh.SSHKeyPair] = {}

    async def certified(address: str) -> asyncssh.SSHKeyPair:
        if address not in made:
            made[address] = await credential(address)
        return made[address]

    return certified


async def _open(target: Target, login: str, reach: Reach) -> TargetConnection:
    loop = asyncio.get_running_loop()
    options = _options(target, login, client := _Client(), reach)
    _, connection = await loop.create_connection(
        lambda: TargetConnection(loop, options, client), target.host, target.port
    )
    try:
        await connection.ready()
    except BaseException:
        await given_up(connection)
        raise
    return connection


def _looked_at(end: "asyncio.Future[None]") -> None:
    """A spare may end with nobody there to be told why."""
    if not end.cancelled():
        end.exception()


def explained(error: Exception, target: Target, *, asked: bool) -> JumphostError:
    """What a failed login means; ``asked``: the host key was right and the certificate was on its way."""
    detail = f"{target.host}:{target.port}: {str(error) or type(error).__name__}"
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return Refused(
                Code.TARGET_HOST_KEY,
                f"target {target.name} shows another host key than targets.yaml has",
                detail=detail,
            )
        case asyncssh.ConnectionLost() | OSError():
            return Unavailable(Code.TARGET_UNREACHABLE, f"target {target.name} does not answer", detail=detail)
        case _ if asked or isinstance(error, asyncssh.PermissionDenied):
            return Unavailable(
                Code.TARGET_REFUSED,
                f"target {target.name} refused the login: see `jumphost target check {target.name}`",
                detail=detail,
            )
        case _:
            return Refused(Code.TARGET_PROTOCOL, f"target {target.name} does not speak SSH as we do", detail=detail)


def _options(target: Target, login: str, client: _Client, reach: Reach) -> asyncssh.SSHClientConnectionOptions:
    """Every source that asyncssh would look at by itself is named and shut: files, agent, environment, passwords."""
    return asyncssh.SSHClientConnectionOptions(
        client_factory=lambda: client,
        client_version="jumphost",
        config=None,
        host=target.host,
        port=target.port,
        username=login,
        known_hosts=hostkeys.trusted(target),
        server_host_key_algs=hostkeys.algorithms(target, reach.suite),
        x509_trusted_certs=None,
        x509_trusted_cert_paths=[],
        client_keys=None,
        client_host_keys=None,
        agent_path=None,
        agent_identities=None,
        agent_forwarding=False,
        pkcs11_provider=None,
        gss_host=None,
        gss_kex=False,
        gss_auth=False,
        preferred_auth="publickey",
        public_key_auth=True,
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        disable_trivial_auth=True,
        kex_algs=list(reach.suite.kex),
        encryption_algs=list(reach.suite.ciphers),
        mac_algs=list(reach.suite.macs),
        compression_algs=list(reach.suite.compression),
        signature_algs=list(reach.suite.signatures),
        rekey_bytes=wire.REKEY_BYTES,
        rekey_seconds=wire.REKEY_SECONDS,
        x11_forwarding=False,
        login_timeout=0,  # ours covers name lookup and TCP as well
        keepalive_interval=reach.keepalive_s,
        keepalive_count_max=wire.KEEPALIVE_COUNT,
    )


def _normal(address: str) -> str:
    """The address as the target writes it: without a zone, and IPv4 where it is IPv4-mapped."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
