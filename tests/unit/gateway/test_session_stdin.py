"""A session whose decision asks for standard input: read, judged again, and only then handed on."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.config.settings import Hold, Limits, Settings
from jumphost.errors import Code
from jumphost.model.approval import Term
from jumphost.model.decision import Verdict
from jumphost.model.request import decode
from jumphost.policy.base import Submission
from jumphost.testing.clock import ManualClock
from jumphost.testing.session import ONE_DBA, House, holding, house, owing, verdict

SCRIPT = b"echo ran\n"
DIGEST = hashlib.sha256(SCRIPT).hexdigest()


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, change=small) as made:
        owing(made.engine, stdin="judge")
        yield made


def small(settings: Settings) -> Settings:
    limits = Limits(stdin_bytes=1000, stdin_s=30, stdin_bytes_per_identity=1500)
    return replace(settings, hold=Hold(status_interval=1), limits=limits)


async def send(here: House, data: bytes = SCRIPT, command: str = "sh -s", **options: Any) -> Any:
    async with await here.caller() as caller:
        process = await caller.create_process(command, encoding=None, **options)
        process.stdin.write(data)
        process.stdin.write_eof()
        return await process.wait()


def then(here: House, *says: Verdict) -> None:
    """The engine says one thing after the other, and the last one for good."""
    here.engine.says = lambda _: says[min(len(here.engine.asked), len(says)) - 1]


async def denied(done: Any, code: str, here: House) -> None:
    """The caller was told so, and nothing was touched."""
    assert (done.exit_status, done.stdout) == (77, b"")
    assert f"jumphost: denied {code}: ".encode() in done.stderr
    assert (here.runner.known, here.credentials.issued, await here.events("command.start")) == ({}, [], [])


async def test_it_is_judged_again_with_what_was_read_and_that_runs(here: House) -> None:
    done = await send(here)
    assert (done.exit_status, done.stdout, done.stderr) == (0, b"ran\n", b"")
    first, second = here.engine.asked
    assert (first.stdin_mode, first.stdin) == ("closed", None)
    assert replace(second, stdin=None, stdin_mode="closed", now_ns=0) == replace(first, now_ns=0)
    assert (second.stdin_mode, second.stdin) == ("judge", SCRIPT)
    kinds = [event["kind"] for event in await here.events() if event["session"] == first.id]
    assert kinds[:6] == [
        "session.open",
        "command.request",
        "command.decision",
        "command.decision",
        "recording.open",
        "command.start",
    ]
    asks, decides = await here.events("command.decision")
    assert "stdin" not in asks
    assert decides["stdin"] == {"as": "code", "bytes": 9, "sha256": DIGEST}
    kept = decode(await here.requests.get(decides["decision"]) or b"")
    assert (kept.stdin.sha256, kept.stdin.command.raw) == (DIGEST, "echo ran\n")
    cast = next(here.site.recordings.rglob("*.cast")).read_text()
    assert '"i","echo ran\\n"]' in cast


async def test_its_room_is_given_back(here: House) -> None:
    await send(here)
    await send(here, b"x" * 2000)
    await here.until(lambda: not here.parts.room.taken("deploy-bot"))


@pytest.mark.parametrize("data", [b"", b"\xff\0data", b"x" * 1000])
async def test_data_of_any_kind(here: House, data: bytes) -> None:
    assert (await send(here, data, "cat")).stdout == data


async def test_a_command_that_reads_nothing(here: House) -> None:
    assert (await send(here, b"ignored", "echo out")).stdout == b"out\n"


async def test_a_denial_asks_for_nothing(here: House) -> None:
    here.engine.says = lambda _: Verdict("deny", (), replace(verdict().obligations, stdin="judge"))
    async with await here.caller() as caller:
        done = await (await caller.create_process("sh -s", encoding=None)).wait()  # and no end of input
    assert (done.exit_status, len(here.engine.asked)) == (77, 1)


async def test_denied_once_it_is_seen(here: House) -> None:
    then(here, verdict(stdin="judge"), verdict("deny"))
    await denied(await send(here), "test.rule", here)
    assert len(here.engine.asked) == 2


@pytest.mark.parametrize("effect", ["allow", "hold"])
@pytest.mark.parametrize("says", ["stream", "closed"])
async def test_an_answer_that_no_longer_asks(here: House, says: Any, effect: Any) -> None:
    then(here, verdict(stdin="judge"), verdict(effect, ONE_DBA if effect == "hold" else (), stdin=says))
    await denied(await send(here), Code.STDIN_UNJUDGED, here)
    assert here.parts.holds.live() == []


async def test_code_that_is_not_understood_is_not_for_a_rule_alone(here: House) -> None:
    await denied(await send(here, b"echo $(id)\n"), Code.COMMAND_UNPARSED, here)


async def test_held_with_what_was_read(here: House) -> None:
    owing(here.engine, "hold", ONE_DBA, stdin="judge")
    script = b"echo $((1 + 1))\n"
    async with await here.caller() as caller:
        process = await caller.create_process("sh -s", encoding=None)
        process.stdin.write(script)
        process.stdin.write_eof()
        hold = await here.hold()
        assert hold.command == (
            f"'sh' -s\nstandard input, taken for code: 16 bytes, sha256 {hashlib.sha256(script).hexdigest()}\n"
            "echo $((1 + 1))\n"
        )
        assert here.parts.room.taken("deploy-bot") == 16
        await here.answer(hold)
        done = await process.wait()
    assert (done.exit_status, done.stdout) == (0, b"2\n")
    assert [asked.stdin for asked in here.engine.asked] == [None, script, script]
    assert {event["request_digest"] for event in (await here.events("command.decision"))[1:]} == {hold.request_digest}


async def test_a_hold_of_other_input_is_another(here: House) -> None:
    owing(here.engine, "hold", ONE_DBA, stdin="judge")
    no_wait = {"JUMPHOST_WAIT": "0"}
    assert (await send(here, b"echo a\n", env=no_wait)).exit_status == 75
    assert (await send(here, b"echo a\n", env=no_wait)).exit_status == 75
    [first] = here.parts.holds.live()
    await here.answer(first)
    assert (await send(here, b"echo b\n", env=no_wait)).exit_status == 75
    assert [hold.state for hold in here.parts.holds.live()] == ["approved", "pending"]
    assert here.runner.known == {}
    assert (await send(here, b"echo a\n", env=no_wait)).stdout == b"a\n"


async def test_input_that_the_policy_asks_for_after_the_approval(here: House) -> None:
    holding(here.engine)
    async with await here.caller() as caller:
        process = await caller.create_process("sh -s", encoding=None)
        process.stdin.write(SCRIPT)
        process.stdin.write_eof()
        hold = await here.hold()
        owing(here.engine, "hold", ONE_DBA, stdin="judge")
        await here.answer(hold)
        await denied(await process.wait(), Code.STDIN_UNJUDGED, here)


async def test_new_terms_after_the_wait_hold_the_same_input_again(here: House) -> None:
    owing(here.engine, "hold", ONE_DBA, stdin="judge")
    async with await here.caller() as caller:
        process = await caller.create_process("sh -s", encoding=None)
        process.stdin.write(SCRIPT)
        process.stdin.write_eof()
        first = await here.hold()
        owing(here.engine, "hold", (*ONE_DBA, Term(("security",), 1, 3600)), stdin="judge")
        await here.answer(first)
        second = await here.until(lambda: next((h for h in here.parts.holds.live() if h.id != first.id), None))
        assert second.request_digest == first.request_digest
        await here.answer(second)
        await here.answer(second, "bob")
        assert (await process.wait()).stdout == b"ran\n"


@pytest.mark.parametrize(("effect", "status", "word"), [("allow", 0, b"allowed"), ("hold", 75, b"held")])
async def test_a_dry_run_judges_it_too(here: House, effect: Any, status: int, word: bytes) -> None:
    owing(here.engine, effect, ONE_DBA if effect == "hold" else (), stdin="judge")
    done = await send(here, env={"JUMPHOST_DRY_RUN": "1"})
    assert (done.exit_status, done.stdout, done.stderr.split()[1]) == (status, b"", word)
    assert here.engine.asked[-1].stdin == SCRIPT
    assert (here.runner.known, here.parts.holds.live()) == ({}, [])
    then(here, verdict(stdin="judge"), verdict("deny"))
    here.engine.asked.clear()
    assert (await send(here, env={"JUMPHOST_DRY_RUN": "1"})).exit_status == 77


async def test_more_than_may_be_judged(here: House) -> None:
    await denied(await send(here, b"#" * 1001), Code.LIMIT_STDIN, here)
    assert len(here.engine.asked) == 1
    refused = (await here.events("request.refused"))[0]
    assert refused["code"] == Code.LIMIT_STDIN


async def test_who_holds_as_much_as_it_may_is_refused_and_nobody_else(here: House) -> None:
    owing(here.engine, "hold", ONE_DBA, stdin="judge")
    async with await here.caller() as caller:
        process = await caller.create_process("cat", encoding=None)
        process.stdin.write(b"x" * 1000)
        process.stdin.write_eof()
        await here.hold()
        await denied(await send(here, b"y" * 501, "cat"), Code.LIMIT_STDIN, here)
        async with await here.caller("backup-job") as other:
            second = await other.create_process("cat", encoding=None, env={"JUMPHOST_WAIT": "0"})
            second.stdin.write(b"y" * 1000)
            second.stdin.write_eof()
            assert (await second.wait()).exit_status == 75
    await here.until(lambda: not here.parts.room.taken("deploy-bot"))


async def test_a_caller_who_leaves_before_the_end(here: House) -> None:
    async with await here.caller() as caller:
        process = await caller.create_process("sh -s", encoding=None)
        process.stdin.write(SCRIPT)
        await here.until(lambda: here.parts.room.taken("deploy-bot"))
    closed = await here.event("session.close", code=Code.CALLER_GONE)
    assert closed["status"] == 77
    assert (len(here.engine.asked), here.runner.known) == (1, {})
    await here.until(lambda: not here.parts.room.taken("deploy-bot"))


async def test_a_certificate_that_ends_while_it_is_read(tmp_path: Path) -> None:
    clock = ManualClock()
    async with house(tmp_path, clock=clock) as here, await here.caller() as caller:
        owing(here.engine, stdin="judge")
        process = await caller.create_process("sh -s", encoding=None)
        process.stdin.write(SCRIPT)
        await here.until(lambda: here.parts.room.taken("deploy-bot"))
        clock.advance(601)
        process.stdin.write_eof()
        await denied(await process.wait(), Code.IDENTITY_EXPIRED, here)
        assert len(here.engine.asked) == 1


async def test_a_target_that_is_gone_once_it_was_read(here: House) -> None:
    async with await here.caller() as caller:
        process = await caller.create_process("sh -s", encoding=None)
        process.stdin.write(SCRIPT)
        await here.until(lambda: here.parts.room.taken("deploy-bot"))
        here.site.targets.write_text("")
        here.parts.standing.reload()
        process.stdin.write_eof()
        await denied(await process.wait(), Code.TARGET_UNAVAILABLE, here)


async def test_what_is_handed_on_is_what_was_judged(here: House) -> None:
    judged = here.engine.judgement

    def swap(asked: Submission) -> Any:
        """As if the memory of the gateway had changed once the engine had answered."""
        answer = judged(asked)
        if asked.stdin is not None:
            [session] = here.gateway._sessions
            session._input.data = b"echo forged\n"
        return answer

    here.engine.judgement = swap  # type: ignore[method-assign]
    done = await send(here)
    assert (done.exit_status, done.stdout) == (77, b"")
    assert b"denied stdin.unjudged" in done.stderr
    assert here.runner.known == {}
