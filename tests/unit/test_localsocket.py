"""Unix sockets: made for their owner from the first moment, and the kernel's word on who is there."""

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from jumphost.localsocket import bound, peer_uid


@pytest.mark.parametrize("mode", [0o600, 0o666])
@pytest.mark.parametrize("umask", [0, 0o077])
def test_a_socket_has_its_mode_whatever_the_umask(tmp_path: Path, mode: int, umask: int) -> None:
    before = os.umask(umask)
    try:
        with bound(tmp_path / "s", mode):
            found = (tmp_path / "s").stat().st_mode
    finally:
        os.umask(before)
    assert (stat.S_ISSOCK(found), stat.S_IMODE(found)) == (True, mode)


def test_it_is_never_wider_than_its_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0)
    monkeypatch.setattr(Path, "chmod", lambda path, mode: None)
    try:
        with bound(tmp_path / "s"):
            assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_stale_one_is_replaced(tmp_path: Path) -> None:
    bound(tmp_path / "s").close()
    with bound(tmp_path / "s") as listener, socket.socket(socket.AF_UNIX) as caller:
        listener.listen()
        caller.connect(str(tmp_path / "s"))


def test_a_path_may_have_107_bytes(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        bound(tmp_path / ("x" * 108))


async def test_the_kernel_says_who_asks() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        _, writer = await asyncio.open_unix_connection(sock=ours)
        assert peer_uid(writer) == os.geteuid()
        writer.close()
        await writer.wait_closed()
