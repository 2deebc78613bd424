import asyncio

import asyncssh
import pytest

from jumphost import wire
from jumphost.errors import Code, Unavailable
from jumphost.model.target import Target
from jumphost.target import hostkeys


def line(algorithm: str) -> str:
    return asyncssh.generate_private_key(algorithm).export_public_key().decode()


def place(**known: tuple[str, ...]) -> Target:
    return Target(name="t", logins=("app",), **known)  # type: ignore[arg-type]


def test_trusted_are_the_keys_and_authorities_of_the_target() -> None:
    key, authority = line("ssh-ed25519"), line("ecdsa-sha2-nistp256")
    keys, authorities, revoked = hostkeys.trusted(place(host_keys=(key,), host_ca=(authority,)))
    assert [one.export_public_key().decode() for one in keys] == [key]
    assert [one.export_public_key().decode() for one in authorities] == [authority]
    assert revoked == []


def test_a_target_without_any_is_refused() -> None:
    with pytest.raises(ValueError, match="got no host key for target t"):
        hostkeys.trusted(place())


def test_a_line_that_is_no_key_is_refused() -> None:
    with pytest.raises(ValueError, match="expected public key lines"):
        hostkeys.trusted(place(host_keys=("ssh-ed25519 nonsense",)))


def test_the_kind_of_the_known_key_is_asked_for_first() -> None:
    asked = hostkeys.algorithms(place(host_keys=(line("ecdsa-sha2-nistp384"),)), wire.DEFAULT)
    assert asked[0] == "ecdsa-sha2-nistp384"
    assert set(asked) == {name for name in wire.DEFAULT.host_keys if "-cert-" not in name}


def test_certificates_are_asked_for_where_an_authority_is_known() -> None:
    asked = hostkeys.algorithms(place(host_ca=(line("ssh-ed25519"),)), wire.DEFAULT)
    assert asked == list(wire.DEFAULT.host_keys)


async def test_scan(target: Target) -> None:
    assert await hostkeys.scan(target.host, target.port) == target.host_keys[0]


async def test_scan_of_what_is_no_ssh_server() -> None:
    async def web(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(web, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unavailable, match=f"got no host key from 127.0.0.1:{port}") as failed:
            await hostkeys.scan("127.0.0.1", port)
    assert failed.value.code is Code.TARGET_UNREACHABLE
