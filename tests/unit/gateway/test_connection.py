"""A connection as the gateway sees it."""

import pytest

from jumphost.gateway.connection import Connection, escaped
from jumphost.model.identity import Caller, Identity
from jumphost.model.request import Source


class Ssh:
    """As much of asyncssh's connection as a Connection asks for."""

    def __init__(self, version: str = "") -> None:
        self.version = version
        self.disconnected: list[tuple[int, str]] = []

    def get_extra_info(self, name: str, default: str) -> str:
        return self.version or default

    def disconnect(self, code: int, reason: str) -> None:
        self.disconnected.append((code, reason))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::ffff:10.0.0.5", "10.0.0.5"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)
def test_source_is_normalised(address: str, expected: str) -> None:
    connection = Connection("id", Ssh("SSH-2.0-x\x1b"))
    connection.came_from(address, 4711)
    assert connection.source == Source(address=expected, port=4711, client="SSH-2.0-x\\x1b")


def test_source_before_the_version_has_no_client() -> None:
    connection = Connection("id", Ssh())
    assert connection.source == Source(address="", port=0, client="")


def test_identity_is_bound_once() -> None:
    connection = Connection("id", Ssh())
    alice = Caller(Identity(name="alice", owner="team", issuer="main"))
    connection.bind("db", alice)
    with pytest.raises(RuntimeError, match="second identity"):
        connection.bind("db", Caller(Identity(name="bob", owner="team", issuer="main")))
    assert (connection.username, connection.caller) == ("db", alice)


def test_disconnect_says_why() -> None:
    ssh = Ssh()
    Connection("id", ssh).disconnect("over")
    assert ssh.disconnected == [(11, "over")]  # SSH_DISCONNECT_BY_APPLICATION, RFC 4253 §11.1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(b"plain", "plain"), (b"\x1b[2J\n", "\\x1b[2J\\n"), (b"\xff\\", "\\xff\\\\"), (b"a" * 300, "a" * 255)],
)
def test_escaped_is_printable_and_short(raw: bytes, expected: str) -> None:
    assert escaped(raw) == expected
