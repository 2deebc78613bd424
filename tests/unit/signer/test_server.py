"""Answers, their order with the log, and who may ask."""

import asyncio
import os
import shutil
import stat
from pathlib import Path

import pytest

from jumphost.clock import NS_PER_S
from jumphost.errors import Code, Unavailable
from jumphost.signer import server as module
from jumphost.signer.protocol import Check, Failed, IssueCaller, Issued, answer, frame, read_frame
from jumphost.signer.server import serve
from jumphost.testing import decided
from jumphost.testing.signing import SigningBench, new_public_line

CHECK = Check("payments-db", "app", "127.0.0.1", new_public_line())


def test_every_kind_of_question_is_answered_and_recorded(bench: SigningBench) -> None:
    decision = decided.decision(bench.request(), bench.clock)
    questions = [
        IssueCaller("order-service", new_public_line(), 60),
        bench.sign_target(decision),
        bench.sign_target(decision, purpose="TERM"),
        bench.sign_target(decision, purpose="stop"),
        CHECK,
    ]
    answers = [bench.ask(asked) for asked in questions]
    start, *records = bench.records.since(0)
    assert start.kind == "start"
    assert [record.kind for record in records] == ["caller", "run", "signal", "stop", "check"]
    for given, record in zip(answers, records, strict=True):
        assert isinstance(given, Issued)
        assert (given.serial, given.valid_before) == (record.serial, record.valid_before)
    assert {record.decision for record in records[1:4]} == {decision.id}
    assert records[1].critical["source-address"] == "10.0.0.7"


@pytest.mark.parametrize("body", [b"", b"{", b'{"type":"caller"}'])
def test_what_is_no_question_is_refused_and_recorded(bench: SigningBench, body: bytes) -> None:
    given = bench.signer.answer(body, peer=7)
    assert isinstance(given, Failed)
    assert given.code == Code.SIGNER_REFUSED
    last = bench.records.since(0)[-1]
    assert (last.kind, last.peer) == ("refused", 7)
    assert last.reason == given.message


def test_a_certificate_that_was_not_recorded_is_not_given(bench: SigningBench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> None:
        raise Unavailable(Code.SIGNER_UNAVAILABLE, "no disk")

    asked = bench.sign_target(decided.decision(bench.request(), bench.clock))
    with monkeypatch.context() as patch:
        patch.setattr(bench.records, "append", fails)
        assert bench.ask(asked) == Failed(Code.SIGNER_UNAVAILABLE, "no disk")
        assert bench.ask(Check("x", "y", "z", "k")).code == Code.SIGNER_REFUSED  # type: ignore[union-attr]
    again = bench.ask(asked)
    assert isinstance(again, Failed)
    assert "has had its run certificate" in again.message


def test_files_with_problems_sign_nothing(bench: SigningBench) -> None:
    bench.site.targets.write_text("x: [")
    given = bench.ask(CHECK)
    assert isinstance(given, Failed)
    assert given.code == Code.SIGNER_UNAVAILABLE


def test_one_key_for_both_cas_is_no_signer(bench: SigningBench) -> None:
    bench.stop()
    shutil.copy(bench.site.signer / "caller_ca", bench.site.signer / "target_ca")
    with pytest.raises(Unavailable, match="expected one each"):
        bench.start()


def test_a_log_that_was_changed_is_no_start(bench: SigningBench) -> None:
    bench.stop()
    path = bench.site.signer / "log.jsonl"
    path.write_bytes(path.read_bytes() + b"edited\n")
    with pytest.raises(Unavailable, match="not as it wrote it"):
        bench.start()


def test_it_remembers_over_a_restart(bench: SigningBench) -> None:
    decision = decided.decision(bench.request(), bench.clock)
    assert isinstance(bench.ask(bench.sign_target(decision)), Issued)
    bench.stop()
    bench.clock.advance(1)
    bench.start()
    again = bench.ask(bench.sign_target(decision))
    assert isinstance(again, Failed)
    assert isinstance(bench.ask(bench.sign_target(decision, purpose="stop")), Issued)
    assert bench.records.since(bench.clock.now_ns() // NS_PER_S)[0].kind == "start"


async def exchange(path: Path, data: bytes) -> bytes:
    """The body of the answer, b"" where the signer hung up."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(data)
    writer.write_eof()
    try:
        return await read_frame(reader)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_over_its_socket(bench: SigningBench, tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("stale")
    async with await serve(bench.signer, path, peers=()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert isinstance(answer(await exchange(path, frame(CHECK))), Issued)
        assert isinstance(answer(await exchange(path, b"\0\0\0\1{")), Failed)
        for broken in (b"", b"\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\2{"):
            assert await exchange(path, broken) == b""
        assert isinstance(answer(await exchange(path, frame(CHECK))), Issued)


async def test_a_uid_that_is_not_listed_gets_no_answer(
    bench: SigningBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.os, "geteuid", lambda: 4242)
    async with await serve(bench.signer, tmp_path / "strict", peers=()):
        assert await exchange(tmp_path / "strict", frame(CHECK)) == b""
    async with await serve(bench.signer, tmp_path / "shared", peers=[os.getuid()]):
        assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o666
        assert isinstance(answer(await exchange(tmp_path / "shared", frame(CHECK))), Issued)


async def test_a_peer_that_says_nothing_is_let_go(
    bench: SigningBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUESTION_TIMEOUT_S", 0.05)
    async with await serve(bench.signer, tmp_path / "s", peers=()):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        assert await reader.read() == b""
        writer.close()


async def test_too_many_peers_are_let_go(bench: SigningBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 0)
    async with await serve(bench.signer, tmp_path / "s", peers=()):
        assert await exchange(tmp_path / "s", frame(CHECK)) == b""
