"""Three paths for this machine's probes, and nothing for whoever asks otherwise."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jumphost import metrics
from jumphost.errors import Code, Unavailable
from jumphost.gateway import status
from jumphost.gateway.status import Check, Status

HOST = "127.0.0.1"


async def well() -> None: ...


async def full() -> None:
    raise Unavailable(Code.LIMIT_DISK, "too little disk", detail="/srv: got 7 bytes")


async def silent() -> None:
    await asyncio.Event().wait()


async def broken() -> None:
    raise ZeroDivisionError


@contextlib.asynccontextmanager
async def listening(**checks: Check) -> AsyncIterator[int]:
    async with await Status(checks).serve(HOST, 0) as server:
        yield server.sockets[0].getsockname()[1]


async def asked(port: int, request: bytes) -> bytes:
    """All that comes back; b"" if nothing does."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(request)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def got(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    head, _, body = (await asked(port, f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())).partition(b"\r\n\r\n")
    assert head.endswith(b"Connection: close")
    return int(head.split(b" ")[1]), body


async def test_healthy_is_who_answers() -> None:
    async with listening(disk=full) as port:
        assert await got(port, "/healthz") == (200, b"{}")


async def test_ready_is_who_could_run_a_command() -> None:
    async with listening(disk=well, journal=well) as port:
        code, body = await got(port, "/readyz?verbose")
        assert (code, json.loads(body)) == (200, {"ready": True, "problems": {}})


async def test_what_stands_against_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "CHECK_S", 0.05)
    async with listening(disk=full, journal=well, signer=silent) as port:
        code, body = await got(port, "/readyz")
    assert (code, json.loads(body)) == (
        503,
        {
            "ready": False,
            "problems": {
                "disk": {"code": "limit.disk", "message": "too little disk"},
                "signer": {"code": "", "message": "no answer within 0 s"},
            },
        },
    )


async def test_figures_can_be_read() -> None:
    metrics.COMMANDS.labels("deny").inc()
    async with listening() as port:
        code, body = await got(port, "/metrics")
    names = {family.name for family in text_string_to_metric_families(body.decode())}
    assert code == 200
    assert {"jumphost_commands", "jumphost_decision_seconds", "jumphost_disk_free_bytes"} <= names


async def test_nothing_else_is_served() -> None:
    async with listening() as port:
        for path in ("/", "/healthz/", "//readyz", "/etc/passwd", "healthz", "http://x/healthz"):
            assert (await got(port, path))[0] == 404
        assert (await got(port, "/healthz", "POST"))[0] == 405
        code, body = await got(port, "/healthz", "HEAD")
        assert (code, body) == (200, b"")


@pytest.mark.parametrize("request_", [b"GET /healthz" + b"x" * status.MAX_HEAD * 20, b"\xff\0\r\n\r\n"])
async def test_rubbish_is_bounded(request_: bytes) -> None:
    async with listening() as port:
        assert (await asked(port, request_))[:13] in (b"", b"HTTP/1.1 405 ")
        assert (await got(port, "/healthz"))[0] == 200


async def test_the_silent_and_the_many_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "TIMEOUT_S", 0.2)
    async with listening() as port:
        idle = [await asyncio.open_connection(HOST, port) for _ in range(status.MAX_CONNECTIONS)]
        assert await asked(port, b"GET /healthz HTTP/1.1\r\n\r\n") == b""
        for reader, writer in idle:
            assert await reader.read() == b""
            writer.close()
        assert (await got(port, "/healthz"))[0] == 200


async def test_a_check_that_breaks_is_no_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context.get("exception")))
    async with listening(disk=broken) as port:
        assert await asked(port, b"GET /readyz HTTP/1.1\r\n\r\n") == b""
    assert [type(error) for error in told] == [ZeroDivisionError]
