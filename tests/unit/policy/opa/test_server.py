"""How a managed server is started, heard and started again, with a shell in the place of opa."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from jumphost.errors import Code, Unavailable
from jumphost.policy.opa import server as module
from jumphost.policy.opa.server import Server, arguments


def shell(text: str) -> Server:
    return Server(["/bin/sh", "-c", text])


async def until_said(server: Server, text: str) -> None:
    async with asyncio.timeout(20):
        while text not in server.said:
            await asyncio.sleep(0.01)


async def until_ended(server: Server) -> None:
    async with asyncio.timeout(20):
        while not server._process.ended:
            await asyncio.sleep(0.01)
    with pytest.raises(Unavailable) as caught:
        server.check()
    assert caught.value.code is Code.POLICY_UNAVAILABLE


def test_it_calls_nobody_and_answers_what_its_guard_admits() -> None:
    words = arguments("/opa", Path("/run/s"), [Path("/a"), Path("/b")])
    assert words[:3] == ["/opa", "run", "--server"]
    assert {"--addr=unix:///run/s", "--authorization=basic", "--skip-version-check", "--bundle"} <= set(words)
    assert words[-2:] == ["/a", "/b"]


async def test_it_has_limits_and_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "secret")
    server = shell("echo env $(env); echo limits $(ulimit -d) $(ulimit -c) $(ulimit -f); echo err >&2; exec sleep 60")
    await until_said(server, "err")
    server.check()
    assert "secret" not in server.said
    assert f"GOMEMLIMIT={module.HEAP}" in server.said
    assert f"limits {module.MEMORY // 1024} 0 0" in server.said
    await server.close()
    assert not Path(f"/proc/{server.pid}").exists()


async def test_its_last_words_are_heard_however_long_a_line_is() -> None:
    server = shell("head -c 100000 /dev/zero | tr '\\0' x; echo; printf 'no newline'; exit 3")
    await until_ended(server)
    assert server.said.endswith("no newline")
    assert max(map(len, server.said.split("\n"))) <= module._LINE
    await server.close()


async def test_who_dies_is_started_again_later_and_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACK_OFF_S", (0.01, 0.04))
    server = shell("exit 1")
    seen = []
    async with asyncio.timeout(20):
        while server.starts < 4:
            seen.append(server._back_off)
            await asyncio.sleep(0.01)
    assert sorted(seen) == seen
    assert max(seen) <= 0.04
    await server.close()
    starts = server.starts
    await asyncio.sleep(0.05)
    assert server.starts == starts


async def test_who_lived_long_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEADY_S", 0.0)
    server = shell("exec sleep 60")
    for starts in (2, 3):
        os.kill(server.pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            while server.starts < starts:
                await asyncio.sleep(0.01)
        assert server._back_off == 2 * module.BACK_OFF_S[0]
    await server.close()


async def test_what_cannot_be_started_is_said() -> None:
    server = Server(["/nonexistent/opa"])
    await until_ended(server)
    assert "FileNotFoundError" in server.said
    await server.close()
