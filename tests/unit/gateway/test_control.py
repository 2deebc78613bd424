"""The control socket: one call a connection, from our own uid or root, and never anything but an answer."""

import asyncio
import json
import socket
import stat
import struct
from asyncio.trsock import TransportSocket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from jumphost.errors import Code, Refused, Unavailable
from jumphost.gateway import control


class Shown(Struct, frozen=True):
    """Something that a verb returns."""

    n: int


async def echo(args: dict[str, Any]) -> Any:
    return args


async def shown(args: dict[str, Any]) -> Any:
    return [Shown(1)]


async def long(args: dict[str, Any]) -> Any:
    return "x" * (3 * control.MAX_CALL)


async def refuse(args: dict[str, Any]) -> Any:
    raise Refused(Code.APPROVAL_CLOSED, "it is over", detail="for the trail")


async def break_down(args: dict[str, Any]) -> Any:
    raise ZeroDivisionError("secret inner life")


VERBS = {"echo": echo, "shown": shown, "long": long, "refuse": refuse, "break": break_down}


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    place = tmp_path / "control.sock"
    async with await control.serve(place, VERBS):
        yield place


async def ask(path: Path, verb: str, args: dict[str, Any] | None = None) -> Any:
    return await asyncio.to_thread(control.call, path, verb, args)


async def raw(path: Path, line: bytes) -> bytes:
    """What comes back for any bytes, until the gateway hangs up."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(line)
        if not line.endswith(b"\n"):
            writer.write_eof()
        return await reader.read()
    except ConnectionError:  # it hung up without reading all of it
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("verb", "args", "result"),
    [("echo", None, {}), ("echo", {"a": [1, "é\n"]}, {"a": [1, "é\n"]}), ("shown", {}, [{"n": 1}])],
)
async def test_a_call_and_its_result(path: Path, verb: str, args: dict[str, Any] | None, result: Any) -> None:
    assert await ask(path, verb, args) == result


async def test_an_answer_may_be_long(path: Path) -> None:
    assert len(await ask(path, "long")) == 3 * control.MAX_CALL


async def test_a_refusal_arrives_with_its_code_and_without_its_detail(path: Path) -> None:
    with pytest.raises(Refused) as caught:
        await ask(path, "refuse")
    assert (caught.value.code, caught.value.message, caught.value.detail) == (Code.APPROVAL_CLOSED, "it is over", "")


async def test_a_fault_of_ours_says_no_more_than_that(path: Path) -> None:
    with pytest.raises(Refused) as caught:
        await ask(path, "break")
    assert (caught.value.code, caught.value.message) == (Code.INTERNAL, "internal fault: see the gateway's log")


async def test_an_unknown_verb_names_the_known(path: Path) -> None:
    with pytest.raises(Refused, match="got verb 'ecko', expected one of break, echo, long, refuse, shown"):
        await ask(path, "ecko")


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b"nonsense\n",
        b"\xff\n",
        b'{"verb": 1}\n',
        b'{"verb": "echo", "args": []}\n',
        b'{"verb": "echo", "v": 2}\n',
        b'{"verb": "echo", "more": 1}\n',
        b'{"verb": "echo"',
    ],
)
async def test_what_is_no_call_is_answered_so(path: Path, line: bytes) -> None:
    answer = json.loads(await raw(path, line))
    assert (answer["ok"], answer["code"]) == (False, "request.invalid")
    assert await ask(path, "echo") == {}


async def test_an_endless_call_is_hung_up_on(path: Path) -> None:
    assert await raw(path, b"x" * (2 * control.MAX_CALL + 1)) == b""
    assert await ask(path, "echo") == {}


async def test_a_caller_who_says_nothing_is_hung_up_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "CALL_TIMEOUT", 0.01)
    reader, writer = await asyncio.open_unix_connection(path)
    assert await reader.read() == b""
    writer.close()


async def test_a_stranger_is_not_answered(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = struct.pack("3i", 1, 65_534, 65_534)  # struct ucred: pid, uid, gid
    monkeypatch.setattr(TransportSocket, "getsockopt", lambda *_: stranger)
    assert await raw(path, b'{"verb": "echo"}\n') == b""


async def test_root_may_speak_to_the_gateway_of_another(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TransportSocket, "getsockopt", lambda *_: struct.pack("3i", 1, 0, 0))
    assert await ask(path, "echo") == {}


async def test_the_socket_is_ours_alone_and_a_stale_one_is_replaced(tmp_path: Path) -> None:
    place = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(place))
    async with await control.serve(place, VERBS):
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert await ask(place, "echo") == {}


@pytest.mark.parametrize("answer", [b"", b"nonsense\n", b'{"ok": true', b'{"ok": 1}\n', b'{"ok": true, "new": 1}\n'])
async def test_what_answers_otherwise_is_no_gateway(tmp_path: Path, answer: bytes) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(other, tmp_path / "socket"):
        with pytest.raises(Unavailable, match="no gateway answers at"):
            await ask(tmp_path / "socket", "echo")


async def test_a_code_that_is_not_known_here_is_a_refusal_all_the_same(tmp_path: Path) -> None:
    async def newer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b'{"ok": false, "code": "of.tomorrow", "message": "not today"}\n')
        writer.close()

    async with await asyncio.start_unix_server(newer, tmp_path / "socket"):
        with pytest.raises(Refused, match="not today") as caught:
            await ask(tmp_path / "socket", "echo")
    assert (caught.value.code, caught.value.detail) == (Code.INTERNAL, "the gateway's code is of.tomorrow")


def test_where_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="start it with `jumphost serve`") as caught:
        control.call(tmp_path / "nothing", "echo")
    assert caught.value.code is Code.GATEWAY_UNAVAILABLE
