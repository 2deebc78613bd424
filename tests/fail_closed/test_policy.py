"""Every way in which the embedded engine can fail is a denial with its own code, and the next answer is right again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable

import pytest

from jumphost.errors import Code
from jumphost.model.decision import Judgement
from jumphost.policy.base import Submission
from jumphost.policy.pool import Pool
from jumphost.testing.policies import Unreviewed, main_only, submission
from jumphost.testing.rogue import RoguePool

GOOD = '{"effect": "allow", "rules": [{"id": "test.good", "effect": "allow", "message": "fine"}], "obligations": {}}'
FAULT = submission(purpose="fault")
DEADLINE_MS = 1000


def answers(body: str) -> str:
    """A ``main`` that is fine but for the purpose ``fault``; ``VALUE`` is what it says then."""
    head = f'decision := {GOOD} if input.purpose != "fault"\n'
    return head + f'decision := value if {{\n\tinput.purpose == "fault"\n\t{body}\n}}\n'


def document(text: str) -> str:
    return answers(f"value := {text}")


def rules(*effects: str) -> str:
    members = ", ".join(f'{{"id": "r{n}", "effect": "{effect}", "message": ""}}' for n, effect in enumerate(effects))
    return f"[{members}]"


def decision(effect: str, listed: str, obligations: str = "{}", more: str = "") -> str:
    return document(f'{{"effect": "{effect}", "rules": {listed}, "obligations": {obligations}{more}}}')


WRONG_ANSWERS = {
    "undefined": (answers("value := 1\n\tfalse"), Code.POLICY_INVALID),
    "null": (document("null"), Code.POLICY_INVALID),
    "false": (document("false"), Code.POLICY_INVALID),
    "true": (document("true"), Code.POLICY_INVALID),
    "text": (document('"allow"'), Code.POLICY_INVALID),
    "the text that regorus has for undefined": (document('"<undefined>"'), Code.POLICY_INVALID),
    "list": (document('["allow"]'), Code.POLICY_INVALID),
    "empty": (document("{}"), Code.POLICY_INVALID),
    "only an effect": (document('{"effect": "allow"}'), Code.POLICY_INVALID),
    "capital effect": (decision("ALLOW", rules("allow")), Code.POLICY_INVALID),
    "unknown effect": (decision("maybe", rules("allow")), Code.POLICY_INVALID),
    "unknown key": (decision("allow", rules("allow"), more=', "extra": 1'), Code.POLICY_INVALID),
    "unknown obligation": (decision("allow", rules("allow"), '{"journal": false}'), Code.POLICY_INVALID),
    "unknown level": (decision("allow", rules("allow"), '{"record": "none"}'), Code.POLICY_INVALID),
    "limit of nothing": (decision("allow", rules("allow"), '{"limits": {"timeout_s": 0}}'), Code.POLICY_INVALID),
    "limit with a fraction": (decision("allow", rules("allow"), '{"limits": {"timeout_s": 1.5}}'), Code.POLICY_INVALID),
    "allow without a rule": (decision("allow", "[]"), Code.POLICY_INVALID),
    "allow with a deny rule": (decision("allow", rules("allow", "deny")), Code.POLICY_INVALID),
    "allow with a hold rule": (decision("allow", rules("allow", "hold")), Code.POLICY_INVALID),
    "hold without terms": (decision("hold", rules("hold")), Code.POLICY_INVALID),
    "hold with empty terms": (decision("hold", rules("hold"), '{"approval": []}'), Code.POLICY_INVALID),
    "hold for nobody": (
        decision("hold", rules("hold"), '{"approval": [{"groups": [], "count": 1, "ttl_s": 60}]}'),
        Code.POLICY_INVALID,
    ),
    "hold for no one's count": (
        decision("hold", rules("hold"), '{"approval": [{"groups": ["dba"], "count": 0, "ttl_s": 60}]}'),
        Code.POLICY_INVALID,
    ),
    "deny without a rule": (decision("deny", "[]"), Code.POLICY_NO_RULE),
    "a rule with no id": (decision("allow", '[{"id": "", "effect": "allow"}]'), Code.POLICY_INVALID),
    "two values": (f'decision := {GOOD}\ndecision := {{}} if input.purpose == "fault"\n', Code.POLICY_ERROR),
    "builtin error": (answers('value := regex.match("(", input.purpose)'), Code.POLICY_ERROR),
    "builtin error under a not": (answers('not regex.match("(", input.purpose)\n\tvalue := {}'), Code.POLICY_ERROR),
    "type error": (answers("value := net.cidr_contains(5, input.purpose)"), Code.POLICY_ERROR),
    "network": (
        answers('not http.send({"method": "get", "url": "http://127.0.0.1/"})\n\tvalue := {}'),
        Code.POLICY_ERROR,
    ),
    "name server": (answers('value := net.lookup_ip_addr("localhost")'), Code.POLICY_ERROR),
    "environment": (answers("value := opa.runtime()"), Code.POLICY_ERROR),
    "clock": (answers("value := time.now_ns()"), Code.POLICY_ERROR),
    "chance": (answers('value := rand.intn("x", 5)'), Code.POLICY_ERROR),
    "chance by name": (answers('value := uuid.rfc4122("x")'), Code.POLICY_ERROR),
    "trace": (answers('trace("x")\n\tvalue := {}'), Code.POLICY_ERROR),
    "unknown builtin": (answers('value := crypto.sha256("x")'), Code.POLICY_ERROR),
    "panic of the engine": (answers('value := strings.count("", "")'), Code.POLICY_ERROR),
    "endless": (
        answers(
            "value := count([1 | some a in numbers.range(1, 9000); some b in numbers.range(1, 9000); a == b + 9000])"
        ),
        Code.POLICY_TIMEOUT,
    ),
}


async def expect_good(pool: Pool) -> None:
    judgement = await pool.judge(submission(purpose="good"))
    assert (judgement.verdict.effect, judgement.code) == ("allow", "test.good"), judgement


def assert_denied(judgement: Judgement, code: Code) -> None:
    assert judgement.verdict.effect == "deny", judgement
    assert judgement.verdict.rules == ()
    assert judgement.code == code, judgement
    assert judgement.message


@pytest.mark.parametrize(("body", "code"), WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
async def test_a_wrong_answer_is_a_denial(body: str, code: Code) -> None:
    pool = await Unreviewed.start(main_only(body), workers=1, deadline_ms=DEADLINE_MS)
    try:
        for _ in range(2):
            judgement = await pool.judge(FAULT)
            assert_denied(judgement, code)
            assert (judgement.document != b"") == (code is not Code.POLICY_TIMEOUT)
            await expect_good(pool)
    finally:
        await pool.close()


async def test_memory_over_the_limit_is_a_denial() -> None:
    body = answers("value := count(numbers.range(1, 40000000))")
    pool = await Unreviewed.start(main_only(body), workers=1, deadline_ms=20_000, memory=256 << 20)
    try:
        assert_denied(await pool.judge(FAULT), Code.POLICY_UNAVAILABLE)
        await expect_good(pool)
    finally:
        await pool.close()


async def kill(pids: Iterable[int]) -> None:
    """Kills them and waits until this loop has reaped them."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    while any(os.access(f"/proc/{pid}", os.F_OK) for pid in pids):
        await asyncio.sleep(0)


@pytest.fixture
async def slow() -> AsyncIterator[Pool]:
    """A pool whose faulty request takes long, within its deadline."""
    body = answers("value := count([1 | some a in numbers.range(1, 9000); some b in numbers.range(1, 9000); a == b])")
    pool = await Unreviewed.start(main_only(body), workers=2, deadline_ms=30_000)
    yield pool
    await pool.close()


async def test_workers_killed_while_they_judge_are_a_denial(slow: Pool) -> None:
    async with asyncio.TaskGroup() as group:
        judging = group.create_task(slow.judge(FAULT))
        await asyncio.sleep(0.05)
        await kill(slow.pids)
    assert_denied(judging.result(), Code.POLICY_UNAVAILABLE)
    await expect_good(slow)


async def test_workers_killed_while_idle_are_replaced_unseen(slow: Pool) -> None:
    before = slow.pids
    await kill(before)
    await expect_good(slow)
    assert not slow.pids & before


async def test_a_stopped_worker_is_a_timeout() -> None:
    pool = await Unreviewed.start(main_only(document("{}")), workers=1, deadline_ms=DEADLINE_MS)
    try:
        for pid in pool.pids:
            os.kill(pid, signal.SIGSTOP)
        assert_denied(await pool.judge(submission(purpose="good")), Code.POLICY_TIMEOUT)
    finally:
        await pool.close()


async def test_a_cancelled_judgement_leaves_no_half_read_worker(slow: Pool) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await slow.judge(FAULT)
        await expect_good(slow)


async def test_closing_answers_those_who_wait_and_those_who_come(slow: Pool) -> None:
    async with asyncio.TaskGroup() as group:
        judging = [group.create_task(slow.judge(FAULT)) for _ in range(4)]
        await asyncio.sleep(0.05)
        await slow.close()
    for task in judging:
        assert_denied(task.result(), Code.POLICY_UNAVAILABLE)
    assert_denied(await slow.judge(FAULT), Code.POLICY_UNAVAILABLE)


ROGUES = {
    "another number": Code.POLICY_UNAVAILABLE,
    "not a reply": Code.POLICY_UNAVAILABLE,
    "another type": Code.POLICY_UNAVAILABLE,
    "unknown code": Code.POLICY_UNAVAILABLE,
    "too long": Code.POLICY_UNAVAILABLE,
    "half": Code.POLICY_UNAVAILABLE,
    "exit": Code.POLICY_UNAVAILABLE,
    "silence": Code.POLICY_TIMEOUT,
}


@pytest.mark.parametrize("purpose", ROGUES)
async def test_a_worker_that_breaks_the_protocol_is_a_denial_and_gone(purpose: str) -> None:
    pool = await RoguePool.start(main_only("decision := {}"), workers=1, deadline_ms=DEADLINE_MS)
    try:
        before = pool.pids
        assert_denied(await pool.judge(submission(purpose=purpose)), ROGUES[purpose])
        assert len(pool.pids & before) == len(before) - 1, "the worker was replaced"
        assert (await pool.judge(submission())).code == "rogue"
    finally:
        await pool.close()


async def test_a_reply_too_many_answers_nobody_else() -> None:
    pool = await RoguePool.start(main_only("decision := {}"), workers=1, deadline_ms=DEADLINE_MS)
    try:
        assert (await pool.judge(submission(purpose="twice"))).code == "rogue"
        assert_denied(await pool.judge(submission()), Code.POLICY_UNAVAILABLE)
        assert (await pool.judge(submission())).code == "rogue"
    finally:
        await pool.close()


INPUTS: dict[str, tuple[Callable[[], Submission], Code]] = {
    "lone surrogate in a text": (lambda: submission(purpose="\ud800"), Code.REQUEST_INVALID),
    "lone surrogate in a name": (lambda: submission(env={"\udfff": "x"}), Code.REQUEST_INVALID),
    "NUL in a text": (lambda: submission(purpose="a\0b"), Code.REQUEST_INVALID),
    "NUL in a command": (lambda: submission(b"echo a\0b"), Code.REQUEST_INVALID),
    "command that is not UTF-8": (lambda: submission(b"echo \xff"), Code.REQUEST_INVALID),
    "10 MB of command": (lambda: submission(b"x" * 10_000_000), Code.REQUEST_INVALID),
    "10 MB of purpose": (lambda: submission(purpose="x" * 10_000_000), Code.REQUEST_INVALID),
    "300 KB of environment": (lambda: submission(env={"A": "x" * 300_000}), Code.REQUEST_INVALID),
    "empty command": (lambda: submission(b""), Code.COMMAND_UNPARSED),
    "blank command": (lambda: submission(b"  \t "), Code.COMMAND_UNPARSED),
    "what no reader understands": (lambda: submission(b"echo $((x))"), Code.COMMAND_UNPARSED),
    "operation nobody knows": (lambda: submission(operation="Exec ute"), Code.REQUEST_INVALID),
}


@pytest.mark.parametrize(("make", "code"), INPUTS.values(), ids=INPUTS)
async def test_what_cannot_be_judged_is_denied_though_the_policy_allows_all(
    make: Callable[[], Submission], code: Code
) -> None:
    pool = await Unreviewed.start(main_only(f"decision := {GOOD}"), workers=1, deadline_ms=5000)
    try:
        assert_denied(await pool.judge(make()), code)
        await expect_good(pool)
    finally:
        await pool.close()
