"""Every private name of asyncssh that our subclasses use or replace: it is here, and asyncssh still has it.

The table is complete by test: a use that is not listed fails, and so does a listed name that is no longer used.
"""

import ast
import asyncio
import inspect
from pathlib import Path

import asyncssh
import pytest
from asyncssh.auth import _ClientPublicKeyAuth
from asyncssh.channel import SSHChannel
from asyncssh.connection import SSHConnection
from asyncssh.encryption import GCMEncryption

import jumphost
from jumphost.testing.gateway import rig

ROOT = Path(jumphost.__file__).parent

# module: (our class, asyncssh's class, private names used or replaced)
USES = {
    "wire.py": {
        "BoundedConnection": (
            SSHConnection,
            {
                "_choose_alg",
                "_deferred_packets",
                "_kex_complete",
                "_send_deferred_packets",
                "_strict_kex",
                "_transport",
            },
        ),
        "BoundedChannel": (
            SSHChannel,
            {
                "_accept_data",
                "_conn",
                "_deliver_data",
                "_flush_send_buf",
                "_init_recv_window",
                "_pause_resume_writing",
                "_recv_buf",
                "_recv_window",
                "_send_buf",
                "_session",
            },
        ),
    },
    "fastwire.py": {
        "Sealer": (GCMEncryption, {"_cipher"}),
        "FastConnection": (
            SSHConnection,
            {
                "_auth_complete",
                "_auth_final",
                "_channels",
                "_compressor",
                "_decompressor",
                "_force_close",
                "_inpbuf",
                "_kex_complete",
                "_log_packet",
                "_loop",
                "_max_recv_pktlen",
                "_recv_data",
                "_recv_encryption",
                "_recv_pkthdr",
                "_recv_seq",
                "_rekey_bytes",
                "_rekey_bytes_sent",
                "_rekey_seconds",
                "_rekey_time",
                "_send",
                "_send_encryption",
                "_send_seq",
            },
        ),
        "FastChannel": (
            SSHChannel,
            {
                "_accept_data",
                "_conn",
                "_log_packet",
                "_recv_state",
                "_recv_window",
                "_send_buf",
                "_send_chan",
                "_send_pktsize",
                "_send_state",
                "_send_window",
            },
        ),
    },
    "gateway/transport.py": {
        "GatewayServerConnection": (
            asyncssh.SSHServerConnection,
            {
                "_channels",
                "_finish_userauth",
                "_login_timer_callback",
                "_packet_handlers",
                "_process_channel_open",
                "_process_disconnect",
                "_process_global_request",
                "_process_kexinit",
                "_session_id",
                "_username",
            },
        ),
    },
    "gateway/channel.py": {
        "GatewayChannel": (
            asyncssh.SSHServerChannel,
            {
                "_close_send",
                "_process_env_request",
                "_process_exec_request",
                "_process_shell_request",
                "_process_subsystem_request",
                "_report_response",
                "_request_queue",
                "_service_next_request",
                "_session_started",
            },
        ),
    },
    "target/connection.py": {
        "TargetConnection": (
            asyncssh.SSHClientConnection,
            {"_auth_methods", "_loop", "_validate_openssh_host_certificate"},
        ),
    },
}
CASES = [
    pytest.param(module, name, base, names, id=f"{module}:{name}")
    for module, classes in USES.items()
    for name, (base, names) in classes.items()
]

# What our replacements of methods rely on: the parameters they are called with.
SIGNATURES = [
    (SSHConnection, "_send_deferred_packets", []),
    (SSHConnection, "_choose_alg", ["alg_type", "local_algs", "remote_algs"]),
    (SSHConnection, "send_packet", ["pkttype", "args", "handler"]),
    (SSHConnection, "data_received", ["data", "datatype"]),
    (SSHConnection, "_send", ["data"]),
    (SSHConnection, "_recv_data", []),
    (SSHConnection, "_recv_pkthdr", []),
    (SSHConnection, "_force_close", ["exc"]),
    (GCMEncryption, "encrypt_packet", ["seq", "header", "packet"]),
    (GCMEncryption, "decrypt_packet", ["seq", "first", "rest", "header_len", "mac"]),
    (SSHConnection, "_process_channel_open", ["_pkttype", "_pktid", "packet"]),
    (SSHConnection, "_process_disconnect", ["_pkttype", "_pktid", "packet"]),
    (SSHConnection, "_process_kexinit", ["_pkttype", "_pktid", "packet"]),
    (SSHConnection, "_login_timer_callback", []),
    (SSHConnection, "_process_global_request", ["_pkttype", "_pktid", "packet"]),
    (SSHConnection, "_finish_userauth", ["begin_auth", "method", "packet"]),
    (SSHConnection, "send_userauth_failure", ["partial_success"]),
    (asyncssh.SSHServerConnection, "validate_public_key", ["username", "key_data", "msg", "signature"]),
    (asyncssh.SSHServerConnection, "reload_config", []),
    (SSHConnection, "send_userauth_request", ["method", "args", "key", "trivial"]),
    (asyncssh.SSHClientConnection, "try_next_auth", ["next_method"]),
    (_ClientPublicKeyAuth, "_send_signed_request", []),
    (SSHChannel, "write", ["data", "datatype"]),
    (SSHChannel, "_flush_send_buf", []),
    (SSHChannel, "_accept_data", ["data", "datatype"]),
    (SSHChannel, "_deliver_data", ["data", "datatype"]),
    (SSHChannel, "_service_next_request", []),
    (SSHChannel, "_report_response", ["result"]),
    (SSHChannel, "_close_send", []),
    (asyncssh.SSHServerChannel, "_process_env_request", ["packet"]),
    (asyncssh.SSHServerChannel, "_process_exec_request", ["packet"]),
    (asyncssh.SSHServerChannel, "_process_shell_request", ["packet"]),
    (asyncssh.SSHServerChannel, "_process_subsystem_request", ["packet"]),
]


def attributes(base: type) -> set[str]:
    """Private names of a class of asyncssh: its methods, and what the ``__init__`` of it or a parent sets."""
    names = {name for name in dir(base) if name.startswith("_") and not name.startswith("__")}
    for cls in base.__mro__:
        if cls.__module__.startswith("asyncssh"):
            for node in ast.walk(ast.parse(inspect.getsource(cls))):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
                    names.add(node.attr)
    return names


def used(module: str, name: str) -> set[str]:
    """Private names that our class defines or reads on ``self`` or ``super()``."""
    tree = ast.parse((ROOT / module).read_text())
    ours = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name)
    names = {node.name for node in ours.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    names |= {target.id for node in ours.body if isinstance(node, ast.Assign) for target in node.targets}
    names |= {node.attr for node in ast.walk(ours) if isinstance(node, ast.Attribute)}
    return {found for found in names if found.startswith("_") and not found.startswith("__")}


@pytest.mark.parametrize(("module", "name", "base", "names"), CASES)
def test_table_is_what_the_class_uses(module: str, name: str, base: type, names: set[str]) -> None:
    assert used(module, name) & attributes(base) == names


@pytest.mark.parametrize(("module", "name", "base", "names"), CASES)
def test_our_own_names_do_not_hide_those_of_asyncssh(module: str, name: str, base: type, names: set[str]) -> None:
    ours = {n for n in vars(_import(module, name)) if n.startswith("_") and not n.startswith("__")}
    assert ours & attributes(base) <= names


@pytest.mark.parametrize(("base", "name", "parameters"), SIGNATURES, ids=lambda value: getattr(value, "__name__", None))
def test_signatures(base: type, name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(base, name)).parameters)[1:] == parameters


def test_ignore_is_sent_in_one_place_only() -> None:
    source = inspect.getsource(asyncssh.connection)
    assert source.count("send_packet(MSG_IGNORE") == 1


def test_packets_are_dispatched_by_the_table_of_the_class() -> None:
    assert "self._packet_handlers[pkttype](self" in inspect.getsource(asyncssh.packet.SSHPacketHandler.process_packet)


async def test_private_state_of_a_live_connection() -> None:
    async with rig() as here:
        client = await here.connect()
        process = await client.create_process("cat", encoding=None)
        caller = here.gate.channels[0]
        channel = caller._channel
        connection = channel.get_connection()
        assert connection._kex_complete is True
        assert connection._deferred_packets == []
        assert isinstance(connection._transport, asyncio.Transport)
        assert list(connection._channels.values()) == [channel]
        assert connection._username == "here"
        assert len(connection._session_id) == 32
        assert (channel._recv_window, channel._init_recv_window) == (1 << 20, 1 << 20)
        assert (channel._recv_buf, channel._send_buf, channel._request_queue) == ([], [], [])
        assert channel._session is caller
        assert channel._session_started is True
        process.stdin.write_eof()
        await process.wait()
        client.close()


def _import(module: str, name: str) -> type:
    path = "jumphost." + module.removesuffix(".py").replace("/", ".")
    return getattr(__import__(path, fromlist=[name]), name)
