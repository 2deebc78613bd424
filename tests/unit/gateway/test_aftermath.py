"""What an earlier gateway left running is stopped once, with what the signer needs for it, and the journal says how."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jumphost.errors import Code, Refused, Unavailable
from jumphost.gateway.aftermath import stop_left, stopping
from jumphost.model.event import Event, Kind
from jumphost.model.request import decode, input_digest, request_digest
from jumphost.testing.session import House, hangs, house, raises, returns

UNKNOWN = {"outcome": "unknown"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


async def lost(here: House) -> tuple[str, str]:
    """Ids of a session and decision whose command ran, and whose end is not in the journal: as after a crash."""
    before = len(here.runner.started)
    await here.run("echo out")
    await here.until(lambda: len(here.runner.closed) > before)
    event = (await here.events("command.start"))[-1]
    gone = Event(Kind.COMMAND_CUT, here.clock.now_ns(), event["session"], "", event["decision"], data=UNKNOWN)
    await here.store.write(None, gone)
    return event["session"], event["decision"]


async def stops(here: House, session: str) -> list[dict[str, Any]]:
    kept = ("left", "code", "decision", "target")
    found = [event for event in await here.events("command.stop") if event["session"] == session]
    return [{name: event[name] for name in kept if name in event} for event in found]


async def test_it_is_stopped_with_a_credential_that_is_in_the_journal_and_only_once(here: House) -> None:
    session, decision = await lost(here)
    asked: list[dict[str, Any]] = []
    issue = here.credentials.issue

    async def seen(**what: Any) -> Any:
        asked.append(what)
        return await issue(**what)

    here.credentials.issue = seen  # type: ignore[method-assign]
    await stop_left(here.parts)
    await stop_left(here.parts)
    assert here.runner.stopped == [session]
    [what] = asked
    document = await here.requests.get(decision)
    assert document is not None
    judged = what["decision"].judgement
    assert (what["purpose"], what["decision"].id, what["approvals"]) == ("stop", decision, ())
    assert (judged.document, judged.input_digest) == (document, input_digest(document))
    assert judged.request_digest == request_digest(decode(document))
    assert await stops(here, session) == [{"left": False, "decision": decision, "target": "batch-host"}]
    purposes = [event["purpose"] for event in await here.events("credential.issue")]
    assert purposes == ["run", "stop"]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (returns(None), {}),
        (raises(Unavailable(Code.TARGET_UNREACHABLE, "gone")), {"code": "target.unreachable"}),
        (raises(Refused(Code.SIGNER_REFUSED, "no")), {"code": "signer.refused"}),
        (raises(ZeroDivisionError()), {"code": "internal"}),
    ],
)
async def test_what_could_not_be_stopped_is_told_and_tried_again(here: House, fault: Any, told: dict[str, str]) -> None:
    session, decision = await lost(here)
    here.runner.stop_fault = fault
    await stop_left(here.parts)
    here.runner.stop_fault = None
    await stop_left(here.parts)
    shared = {"decision": decision, "target": "batch-host"}
    assert await stops(here, session) == [{"left": True, **told, **shared}, {"left": False, **shared}]


async def test_a_target_that_is_gone_from_the_files(here: House) -> None:
    session, _ = await lost(here)
    (here.site.root / "targets.yaml").write_text("{}\n")
    here.parts.standing.reload()
    await stop_left(here.parts)
    assert [(one["left"], one["code"]) for one in await stops(here, session)] == [(True, "target.unavailable")]
    assert here.runner.stopped == []


async def test_a_document_that_is_gone(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    session, _ = await lost(here)

    async def none(_: str) -> None:
        return None

    monkeypatch.setattr(here.requests, "get", none)
    await stop_left(here.parts)
    assert [(one["left"], one["code"]) for one in await stops(here, session)] == [(True, "request.invalid")]


async def test_a_journal_that_cannot_be_read_ends_nothing(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: Any) -> None:
        raise Unavailable(Code.JOURNAL_UNAVAILABLE, "no")

    monkeypatch.setattr(here.store, "read", broken)
    await stop_left(here.parts)


async def test_the_gateway_ends_without_waiting_for_it(here: House) -> None:
    session, _ = await lost(here)
    here.runner.stop_fault = hangs
    async with stopping(here.parts):
        await here.until(lambda: here.runner.stopped == [session])
    assert await stops(here, session) == []
