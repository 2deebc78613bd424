"""The lease of one command, from the decision that asks for it to its end, by real sessions."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from jumphost.errors import Code, Refused, Status
from jumphost.gateway import leasing
from jumphost.model.decision import CredentialTerms, Limits
from jumphost.model.lease import Lease
from jumphost.testing.leases import ScriptedDelivered
from jumphost.testing.session import ONE_DBA, House, hangs, house, owing, raises, returns

REVOKED = {"reason": "ended", "left": False}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        owing(made.engine, credential=CredentialTerms("db", 60))
        yield made


def gone(here: House) -> bool:
    """Whether nothing of any lease is left anywhere."""
    subjects = [minted.lease.subject for minted in here.delivery.delivered]
    return not here.provider.accounts.known and not here.parts.leases.live() and here.delivery.closed == subjects


async def leased(here: House) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The event of the one lease, and those of its end."""
    issued = [event for event in await here.events("credential.issue") if event.get("name")]
    return issued[0], await here.events("credential.revoke")


async def test_a_command_has_a_lease_and_it_ends_with_it(here: House) -> None:
    done = await here.run("printenv LEASED")
    assert (done.exit_status, done.stderr) == (0, "")
    issued, ended = await leased(here)
    assert done.stdout == f"{issued['subject']}\n"
    assert gone(here)
    assert {name: issued[name] for name in ("name", "provider", "template", "delivery", "identity", "target")} == {
        "name": "db",
        "provider": "memory",
        "template": "reader",
        "delivery": "proxy",
        "identity": "deploy-bot",
        "target": "batch-host",
    }
    (end,) = ended
    assert (end["lease"], end["session"], end["decision"]) == (issued["lease"], issued["session"], issued["decision"])
    assert REVOKED.items() <= end.items()


async def test_the_order_of_its_events(here: House) -> None:
    await here.run("true")
    await here.event("credential.issue", purpose="stop")
    kinds = [event["kind"] for event in await here.events()]
    steps = ("command.start", "credential.issue", "credential.revoke", "session.close")
    assert [kind for kind in kinds if kind in steps] == [
        "command.start",
        "credential.issue",
        "credential.issue",  # of the login
        "credential.revoke",
        "session.close",
        "credential.issue",  # of the login that takes away what lies there for it
    ]
    (known,) = here.runner.known.values()
    assert "credential.issue" in known, "the lease is in the journal before the target is touched"


async def test_who_is_left_behind_with_it_is_ended_though_the_caller_was_told(here: House) -> None:
    here.runner.stop_fault = raises(ZeroDivisionError())
    done = await here.run("exit 3")
    assert (done.exit_status, done.stderr) == (3, "")
    await here.until(lambda: len(here.runner.stopped) == 1)
    assert gone(here)


async def test_a_secret_on_the_target_is_gone_before_the_caller_is_told(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = replace(here.parts.settings.credentials["db"], delivery=("file",))
    monkeypatch.setitem(here.parts.settings.credentials, "db", source)
    monkeypatch.setitem(here.parts.deliveries, ("ssh", "file"), here.delivery)
    owing(here.engine, credential=CredentialTerms("db", 60, "file"))
    assert (await here.run("true")).exit_status == 0
    ends = [event for event in await here.events("credential.issue", "session.close") if event.get("purpose") != "run"]
    assert [event["kind"] for event in ends if not event.get("name")] == ["credential.issue", "session.close"]


async def test_no_lease_where_none_is_owed(here: House) -> None:
    owing(here.engine)
    assert (await here.run("true")).exit_status == 0
    assert here.provider.asked in ([], [("left", "")])
    assert await here.events("credential.revoke") == []


@pytest.mark.parametrize(
    ("ttl", "limits", "seconds"),
    [(60, Limits(), 60), (7200, Limits(), 3600), (60, Limits(timeout_s=7), 7)],
    ids=["as asked", "ceiling of the entry", "time of the command"],
)
async def test_how_long_it_may_live(here: House, ttl: int, limits: Limits, seconds: int) -> None:
    owing(here.engine, credential=CredentialTerms("db", ttl), limits=limits)
    before = here.clock.now_ns()
    await here.run("true")
    (minted,) = here.delivery.delivered
    assert 0 <= (minted.lease.expires_ns - before) / 1e9 - seconds < 20


async def test_it_ends_while_a_cut_command_is_still_being_stopped(here: House) -> None:
    stopped = asyncio.Event()

    async def slow() -> bool:
        return await stopped.wait()

    here.runner.stop_fault = slow
    async with await here.caller() as caller:
        await caller.create_process("sleep 1000")
        await here.until(lambda: here.runner.started)
        await here.verb("cert.revoke", kind="identity", value="deploy-bot", reason="stolen")
        await here.until(lambda: gone(here) and here.runner.stopped)
        assert await here.events("command.cut") == []
        stopped.set()
        await here.event("command.cut", left=False)


@pytest.mark.parametrize("fault", ["down", "raises", "rubbish"])
async def test_nothing_runs_without_its_credential(here: House, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if fault == "down":
        here.provider.accounts.down = True
    else:
        wrong = raises(ValueError("s3cret")) if fault == "raises" else returns(None)
        monkeypatch.setattr(here.provider, "issue", lambda _: wrong())
    done = await here.run("echo ran")
    assert (done.exit_status, done.stdout) == (Status.UNAVAILABLE, "")
    assert "jumphost: failed credential.unavailable: " in done.stderr
    assert here.runner.started == []
    assert "s3cret" not in str(await here.events())
    here.provider.accounts.down = False
    await here.until(lambda: not here.parts.leases.live())


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (raises(Refused(Code.REQUEST_INVALID, "not so")), Code.REQUEST_INVALID),
        (raises(ValueError("s3cret")), Code.CREDENTIAL_UNAVAILABLE),
        (hangs, Code.CREDENTIAL_UNAVAILABLE),
        (returns(None), Code.CREDENTIAL_UNAVAILABLE),
    ],
    ids=["refused", "raises", "hangs", "rubbish"],
)
async def test_nothing_runs_whose_credential_is_not_delivered(
    here: House, fault: Any, code: Code, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing, "DELIVER_S", 0.05)
    monkeypatch.setattr(here.delivery, "prepare", lambda *_: fault())
    done = await here.run("echo ran")
    assert done.stdout == ""
    assert f" {code}: " in done.stderr
    assert "s3cret" not in str(await here.events())
    assert here.runner.started == []
    assert gone(here)


async def test_it_ends_where_the_command_does_not_start(here: House) -> None:
    here.runner.start_fault = raises(Refused(Code.TARGET_HOST_KEY, "another key"))
    assert (await here.run("true")).exit_status == Status.PROTOCOL
    assert gone(here)


async def test_it_ends_where_its_caller_leaves_while_it_is_made(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    issue, asked = here.provider.issue, asyncio.Event()

    async def slow(lease: Lease) -> Any:
        minted = await issue(lease)
        asked.set()
        await asyncio.Event().wait()
        return minted

    monkeypatch.setattr(here.provider, "issue", slow)
    async with await here.caller() as caller:
        await caller.create_process("true")
        await asked.wait()
        assert here.provider.accounts.known
    await here.until(lambda: not here.provider.accounts.known and not here.parts.leases.live())
    assert here.runner.started == []


async def test_what_is_not_taken_away_is_still_ended(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "DELIVER_S", 0.05)
    prepare = here.delivery.prepare

    class Stuck(ScriptedDelivered):
        async def close(self) -> None:
            await hangs()

    async def stuck(*asked: Any) -> Stuck:
        await prepare(*asked)
        return Stuck(here.delivery, asked[0].lease.subject)

    monkeypatch.setattr(here.delivery, "prepare", stuck)
    with capture_logs() as logs:
        assert (await here.run("true")).exit_status == 0
    assert "delivery.not_closed" in [entry["event"] for entry in logs]
    assert not here.provider.accounts.known


async def test_the_caller_is_told_how_its_command_ended_though_the_lease_is_left(here: House) -> None:
    owing(here.engine, credential=CredentialTerms("db", 60), stdin="stream")
    async with await here.caller() as caller:
        process = await caller.create_process("read x; exit 7", encoding="utf-8")
        await here.until(lambda: here.runner.started)
        here.provider.accounts.down = True
        process.stdin.write_eof()
        assert (await process.wait()).exit_status == 7
    _, (left,) = await leased(here)
    assert left["left"]
    assert [kept.lease.id for kept in here.parts.leases.live()] == [left["lease"]]


async def test_a_credential_that_is_not_there_is_a_denial(here: House) -> None:
    owing(here.engine, credential=CredentialTerms("other", 60))
    done = await here.run("true")
    assert (done.exit_status, here.provider.asked) in [(77, []), (77, [("left", "")])]
    assert "denied policy.unsupported: the policy asks for a credential that this gateway does not have" in done.stderr


async def test_a_held_command_has_its_lease_only_when_it_runs(here: House) -> None:
    owing(here.engine, "hold", ONE_DBA, credential=CredentialTerms("db", 60))
    async with await here.caller() as caller:
        process = await caller.create_process("true")
        hold = await here.hold()
        assert here.parts.leases.live() == []
        await here.answer(hold)
        assert (await process.wait()).exit_status == 0
    assert len(here.delivery.delivered) == 1
    assert gone(here)
