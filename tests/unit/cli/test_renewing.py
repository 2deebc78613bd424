"""Where a gateway is, and ways to a certificate that fail; the one that works is in tests/scenarios/test_agent.py."""

import asyncio
import sys
from pathlib import Path

import asyncssh
import pytest

from jumphost.cli import renewing
from jumphost.config.create import write_key_pair
from jumphost.errors import Code, Unavailable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gateway", ("gateway", 2222)),
        ("gateway.example:22", ("gateway.example", 22)),
        ("192.0.2.1:2222", ("192.0.2.1", 2222)),
        ("[::1]:22", ("::1", 22)),
        ("[::1]", ("::1", 2222)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert renewing.address(text) == expected


@pytest.mark.parametrize("text", ["", ":22", "::1", "h:", "h:0", "h:65536", "h:x", "a b:22", "u@h:22", "[x]"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="expected HOST:PORT"):
        renewing.address(text)


async def test_no_gateway_there(tmp_path: Path) -> None:
    key = tmp_path / "id"
    write_key_pair(key, "job")
    private = asyncssh.read_private_key(key)
    private.generate_user_certificate(private, "job", principals=["job"]).write_certificate(tmp_path / "id-cert.pub")
    (tmp_path / "known").write_text("")
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(Unavailable) as caught:
            await renewing.renew("127.0.0.1", port, key, tmp_path / "known")
    assert caught.value.code is Code.GATEWAY_UNAVAILABLE


async def test_a_command_leaves_a_certificate(tmp_path: Path) -> None:
    words = [sys.executable, "-c", f"open({str(tmp_path / 'cert')!r}, 'w').write('line')"]
    assert await renewing.exchange(words, tmp_path / "cert") == "line"


@pytest.mark.parametrize("words", [["/nonexistent"], [sys.executable, "-c", "raise SystemExit(3)"], ["true"]])
async def test_a_command_that_leaves_none(tmp_path: Path, words: list[str]) -> None:
    with pytest.raises(Unavailable) as caught:
        await renewing.exchange(words, tmp_path / "cert")
    assert words[0] in caught.value.message


async def test_no_ssh_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "none"))
    key = tmp_path / "id"
    write_key_pair(key, "job")
    private = asyncssh.read_private_key(key)
    private.generate_user_certificate(private, "job", principals=["job"]).write_certificate(tmp_path / "id-cert.pub")
    with pytest.raises(Unavailable, match="no ssh-agent"):
        await renewing.hand_over(key, 60)
