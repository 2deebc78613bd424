"""Refused attempts in the journal: each, and beyond a rate their number."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jumphost.audit.flood import EACH, WINDOW_S
from jumphost.errors import Code, Refused, Unavailable
from jumphost.store.sqlite import Store
from jumphost.testing.clock import ManualClock
from jumphost.web import refusals
from jumphost.web.refusals import Refusals

ERROR = Refused(Code.TOKEN_EXPIRED, "m" * 2000, detail="d" * 2000)


async def events(store: Store) -> list[dict[str, Any]]:
    return await store.read(
        lambda opened: [msgspec.json.decode(row[0]) for row in opened.execute("SELECT body FROM event ORDER BY idx")]
    )


async def test_each_is_written_and_many_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "COUNT_S", 0.01)
    clock, store = ManualClock(), Store.open(tmp_path / "journal.db", log="test")
    noted = Refusals(store, clock)
    for number in range(EACH + 7):
        await noted.note(ERROR, decision=str(number), source="192.0.2.1")
    written = await events(store)
    assert [event["decision"] for event in written] == [str(number) for number in range(EACH)]
    assert (written[0]["kind"], written[0]["code"], written[0]["source"]) == (
        "cert.refused",
        "token.expired",
        "192.0.2.1",
    )
    assert (len(written[0]["message"]), len(written[0]["detail"])) == (1024, 1024)
    clock.advance(WINDOW_S)
    async with noted.counting():
        while len(written) == EACH:
            await asyncio.sleep(0.01)
            written = await events(store)
    assert (written[-1]["kind"], written[-1]["count"]) == ("cert.refused", 7)
    await store.close()


async def test_a_journal_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def failing(*_: Any) -> None:
        raise Unavailable(Code.JOURNAL_UNAVAILABLE, "the disk is full")

    store = Store.open(tmp_path / "journal.db", log="test")
    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", failing)
        await Refusals(store, ManualClock()).note(ERROR, decision="", source="192.0.2.1")
    assert "the disk is full" in capsys.readouterr().out
    await store.close()
