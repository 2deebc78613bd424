"""Logging in and asking for things, with stock clients and hostile ones."""

import asyncio
from typing import Any

import asyncssh
import msgspec
import pytest
from asyncssh.constants import MSG_CHANNEL_DATA
from asyncssh.packet import String, UInt32

from jumphost import wire
from jumphost.config.settings import Limits
from jumphost.errors import Code
from jumphost.gateway import transport
from jumphost.gateway.channel import CallerChannel
from jumphost.target.base import Exit
from jumphost.testing.gateway import HOST, Rig, rig
from jumphost.testing.raw import CLOSED, FAILURE, PROBED, RawClient


async def held(channel: CallerChannel) -> None:
    """Serves nothing: the test does."""


async def refused(here: Rig, client_keys: Any, **options: Any) -> list[Code]:
    """The codes told to the gate when this login is tried."""
    with pytest.raises((asyncssh.PermissionDenied, asyncssh.DisconnectError)):
        await asyncssh.connect(HOST, here.port, **here.client_options(client_keys, "here", options))
    assert here.gate.logins == []
    return [code for _, code, _ in here.gate.refused_logins]


async def test_a_certificate_logs_in() -> None:
    async with rig() as here:
        client = await here.connect(username="db+app")
        (connection,) = here.gate.logins
        assert connection.username == "db+app"
        assert connection.caller is not None
        assert connection.caller.identity.name == "alice"
        assert connection.source.address == HOST
        assert connection.source.client.startswith("SSH-2.0-AsyncSSH")
        client.close()
        await connection._ssh.wait_closed()
        assert here.gate.closed_connections == [connection]


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521", "ssh-rsa"])
async def test_kinds_of_keys(kind: str) -> None:
    async with rig() as here:
        key = asyncssh.generate_private_key(kind, **({"key_size": 3072} if kind == "ssh-rsa" else {}))
        client = await asyncssh.connect(HOST, here.port, **here.client_options([here.login(key=key)], "here", {}))
        assert here.gate.logins[0].caller.key == key.get_fingerprint()
        client.close()


async def test_a_plain_key_is_refused() -> None:
    async with rig() as here:
        key, _ = here.login()
        assert await refused(here, [key]) == [Code.IDENTITY_PLAIN_KEY]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"principals": []}, Code.IDENTITY_NO_PRINCIPALS),
        ({"valid_after": 0, "valid_before": 1}, Code.IDENTITY_EXPIRED),
        ({"source_address": ["10.0.0.0/8"]}, Code.IDENTITY_SOURCE_ADDRESS),
    ],
)
async def test_what_the_gate_refuses(options: dict[str, Any], code: Code) -> None:
    async with rig() as here:
        told = await refused(here, [here.login(**options)])
        assert told == [code, Code.IDENTITY_PLAIN_KEY]  # the client then tries the key without its certificate


@pytest.mark.parametrize(
    ("method", "options"),
    [("password", {"password": "x"}), ("keyboard-interactive", {"password": "x"}), ("hostbased", {})],
)
async def test_other_methods_are_refused_and_told(method: str, options: dict[str, str]) -> None:
    async with rig() as here:

        class Insists(asyncssh.SSHClientConnection):
            """Asks by the method whatever the server offers."""

            def try_next_auth(self, *, next_method: bool = False) -> None:
                if not self._auth_methods_tried:
                    self._auth_methods_tried = True
                    packet = self._get_userauth_request_packet(method.encode(), (String(""), String("")))
                    self.send_packet(50, packet[1:])
                else:
                    self.abort()

            _auth_methods_tried = False

        loop = asyncio.get_running_loop()
        options = asyncssh.SSHClientConnectionOptions(**here.client_options([], "here", {}))
        _, client = await loop.create_connection(lambda: Insists(loop, options), HOST, here.port)
        await client.wait_closed()
        assert [(code, detail.split()[2]) for _, code, detail in here.gate.refused_logins] == [
            (Code.IDENTITY_NO_CERTIFICATE, f"{method},")
        ]


async def test_only_publickey_is_offered() -> None:
    async with rig() as here:
        methods = await asyncssh.get_server_auth_methods(HOST, here.port, "here", config=None)
        assert methods == ["publickey"]


async def test_too_many_failures_end_the_connection() -> None:
    async with rig() as here:
        keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(20)]
        codes = await refused(here, keys)
        assert set(codes) == {Code.IDENTITY_PLAIN_KEY}
        assert Limits().login_attempts <= len(codes) <= Limits().login_attempts + 1


async def test_login_takes_no_longer_than_the_limit() -> None:
    async with rig(login=1) as here:
        reader, writer = await asyncio.open_connection(HOST, here.port)
        assert await reader.readline() == b"SSH-2.0-jumphost\r\n"
        await reader.read()  # until the server closes
        writer.close()
        assert [connection.caller for connection in here.gate.closed_connections] == [None]
        assert here.gate.breaks == [(*here.gate.closed_connections, Code.LIMIT_LOGIN, "no login within 1 s")]


async def test_keys_are_exchanged_once_before_the_login_and_as_often_as_need_be_after_it() -> None:
    async with rig() as here:
        stranger = await RawClient.connect(here)
        stranger._send_kexinit()
        assert await stranger.answer() == CLOSED
        caller = await here.connect(rekey_bytes=1000)
        assert (await caller.run("head -c 20000 /dev/zero", encoding=None)).stdout == bytes(20_000)
        caller.close()
        assert [(code, detail) for _, code, detail in here.gate.breaks] == [
            (Code.CALLER_PROTOCOL, "ProtocolError: a second key exchange before the login")
        ]


async def test_a_caller_who_breaks_the_protocol_is_told_of_and_one_who_says_goodbye_is_not() -> None:
    async with rig() as here:
        for rude in (False, True):
            client = await here.connect()
            if rude:
                client.send_packet(MSG_CHANNEL_DATA, UInt32(9), String("for nobody"))
            else:
                client.disconnect(asyncssh.DISC_PROTOCOL_ERROR, "goodbye")
            await client.wait_closed()
        await here.gate.logins[1]._ssh.wait_closed()
        ((connection, code, detail),) = here.gate.breaks
        assert (connection, code) == (here.gate.logins[1], Code.CALLER_PROTOCOL)
        assert detail == "ProtocolError: Invalid channel number 9 received"


async def test_what_is_negotiated() -> None:
    async with rig() as here:
        client = await here.connect()
        assert client.get_extra_info("server_version") == "SSH-2.0-jumphost"
        assert client.get_extra_info("recv_cipher") in wire.DEFAULT.ciphers
        assert client.get_extra_info("send_compression") == "none"
        assert client._strict_kex
        assert {alg.decode() for alg in client._server_sig_algs} == set(wire.DEFAULT.signatures)
        client.close()


@pytest.mark.parametrize(
    "options",
    [
        {"encryption_algs": "chacha20-poly1305@openssh.com"},
        {"encryption_algs": "aes256-ctr"},
        {"kex_algs": "diffie-hellman-group14-sha256"},
        {"compression_algs": "zlib@openssh.com"},
    ],
)
async def test_what_cannot_be_negotiated(options: dict[str, str]) -> None:
    async with rig() as here:
        with pytest.raises(asyncssh.KeyExchangeFailed):
            await here.connect(**options)


async def test_sessions_of_a_connection_are_limited() -> None:
    async with rig(held, sessions_per_connection=3) as here:
        client = await here.connect()
        processes = [await client.create_process("x") for _ in range(3)]
        with pytest.raises(asyncssh.ChannelOpenError, match="too many sessions"):
            await client.create_process("x")
        assert here.gate.refused_requests == [("session", "over limits.sessions_per_connection, 3")]
        here.gate.channels[0].exit(Exit())
        await processes[0].wait()
        await client.create_process("again")
        client.close()


async def test_no_more_sessions_is_kept_to() -> None:
    async with rig(held) as here:
        client = await here.connect()
        await client.create_process("x")
        client._send_global_request(b"no-more-sessions@openssh.com")
        with pytest.raises(asyncssh.ChannelOpenError, match="no more sessions"):
            await client.create_process("y")
        assert here.gate.refused_requests == [("session", "after no-more-sessions")]
        client.close()


async def test_keepalives_are_answered_and_not_reported() -> None:
    async with rig() as here:
        client = await here.connect()
        await client._make_keepalive_request()
        assert here.gate.refused_requests == []
        client.close()


@pytest.mark.parametrize(
    ("request_name", "arguments", "told"),
    [
        (b"tcpip-forward", String("0.0.0.0") + UInt32(8080), ("tcpip-forward", "0.0.0.0:8080")),
        (b"cancel-tcpip-forward", String("::") + UInt32(1), ("cancel-tcpip-forward", ":::1")),
        (b"streamlocal-forward@openssh.com", String("/tmp/\x1bx"), ("streamlocal-forward@openssh.com", "/tmp/\\x1bx")),
        (b"hostkeys-prove-00@openssh.com", b"", ("hostkeys-prove-00@openssh.com", "")),
        (b"nonsense\n" * 20, b"", (("nonsense\\n" * 20)[: 64 + 7], "")),
    ],
)
async def test_global_requests_are_refused_by_name(
    request_name: bytes, arguments: bytes, told: tuple[str, str]
) -> None:
    async with rig() as here:
        client = await here.connect()
        kind, _ = await client._make_global_request(request_name, arguments)
        assert kind == 82  # SSH_MSG_REQUEST_FAILURE, RFC 4254 §4
        assert here.gate.refused_requests == [told]
        client.close()


@pytest.mark.parametrize(
    ("kind", "arguments", "detail"),
    [
        (b"direct-tcpip", String("10.0.0.1") + UInt32(22) + String("") + UInt32(0), "10.0.0.1:22"),
        (b"direct-streamlocal@openssh.com", String("/run/x.sock") + String("") + UInt32(0), "/run/x.sock"),
        (b"tun@openssh.com", UInt32(1) + UInt32(0), ""),
        (b"auth-agent@openssh.com", b"", ""),
        (b"x11", String("") + UInt32(0), ""),
        (b"forwarded-tcpip", String("a") + UInt32(1) + String("b") + UInt32(2), ""),
        (b"anything", b"", ""),
    ],
)
async def test_channels_that_are_not_sessions_are_refused_by_name(kind: bytes, arguments: bytes, detail: str) -> None:
    async with rig() as here:
        client = await here.connect()
        channel = asyncssh.SSHTCPChannel(client, asyncio.get_running_loop(), None, "strict", 1000, 1000)
        with pytest.raises(asyncssh.ChannelOpenError, match="not offered") as caught:
            await channel._open(kind, arguments)
        assert caught.value.code == 1  # SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, RFC 4254 §5.1
        assert here.gate.refused_requests == [(kind.decode(), detail)]
        client.close()


async def test_disconnect_tells_why() -> None:
    lost: list[Exception | None] = []

    class Client(asyncssh.SSHClient):
        def connection_lost(self, exc: Exception | None) -> None:
            lost.append(exc)

    async with rig() as here:
        client = await here.connect(client_factory=Client)
        here.gate.logins[0].disconnect("the identity was revoked")
        await client.wait_closed()
        await here.gate.logins[0]._ssh.wait_closed()
        assert lost == [None]
        assert [connection.caller is not None for connection in here.gate.closed_connections] == [True]


@pytest.mark.parametrize(
    ("blob", "code"),
    [
        (b"\0", Code.IDENTITY_MALFORMED),
        (String("ssh-ed25519") + String(bytes(32)), Code.IDENTITY_PLAIN_KEY),
        (String("ssh-ed25519-cert-v01@openssh.com"), Code.IDENTITY_MALFORMED),
    ],
)
async def test_keys_that_are_no_certificates(blob: bytes, code: Code) -> None:
    async with rig() as here:
        client = await RawClient.connect(here)
        assert await client.ask(client.body(blob)) == FAILURE
        assert [told for _, told, _ in here.gate.refused_logins] == [code]
        client.abort()


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        (b"", Code.IDENTITY_MALFORMED),
        (String("ssh-rsa") + String(bytes(256)), Code.IDENTITY_WEAK_SIGNATURE),
        (String("ssh-ed25519") + String(bytes(64)), Code.IDENTITY_BAD_SIGNATURE),
    ],
)
async def test_signatures_that_prove_nothing(signature: bytes, code: Code) -> None:
    async with rig() as here:
        _, cert = here.login()
        client = await RawClient.connect(here)
        assert await client.ask(client.body(cert)) == PROBED
        assert await client.ask(client.body(cert, signature=signature)) == FAILURE
        assert [told for _, told, _ in here.gate.refused_logins] == [code]
        client.abort()


async def test_two_readings_of_a_certificate_must_agree_on_its_key() -> None:
    async with rig() as here:
        verify = here.gate.verify
        here.gate.verify = lambda *args: msgspec.structs.replace(verify(*args), key="SHA256:another")
        told = await refused(here, [here.login()])
        assert told[0] is Code.IDENTITY_MALFORMED


@pytest.fixture
def accepted(monkeypatch: pytest.MonkeyPatch) -> list[transport.GatewayServerConnection]:
    """Every connection that the server accepts."""
    connections: list[transport.GatewayServerConnection] = []

    class Kept(transport.GatewayServerConnection):
        def accepted(self) -> None:
            super().accepted()
            connections.append(self)

    monkeypatch.setattr(transport, "GatewayServerConnection", Kept)
    return connections


async def test_only_the_request_in_progress_may_log_in(accepted: list[transport.GatewayServerConnection]) -> None:
    async with rig() as here:
        client = await RawClient.connect(here)
        (connection,) = accepted
        key, cert = here.login()
        body = client.body(cert, key)
        assert await connection.validate_public_key("here", cert.public_data, body, b"") is False
        assert here.gate.verified == []
        client.abort()


async def test_a_success_without_an_identity_is_closed(accepted: list[transport.GatewayServerConnection]) -> None:
    async with rig() as here:
        client = await RawClient.connect(here)
        (connection,) = accepted
        connection.logged_in()
        assert await client.answer() == CLOSED
        assert here.gate.logins == []
