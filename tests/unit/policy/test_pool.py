"""What the pool does when all goes well, and how it starts; every fault is in tests/fail_closed."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from jumphost.errors import Code, Problem, Problems, Unavailable
from jumphost.model.identity import Identity
from jumphost.policy import pool as module
from jumphost.policy.pool import Pool, inspect
from jumphost.policy.protocol import Bundle, Module, Ready
from jumphost.testing.policies import main_only, rule, submission

ECHO = """
decision := {
	"effect": "allow",
	"rules": [{"id": input.identity.name, "effect": "allow", "message": input.purpose}],
	"obligations": {"stdin": "stream"},
}
"""
DEADLINE_MS = 20_000


@pytest.fixture
async def echo() -> AsyncIterator[Pool]:
    pool = await Pool.start(main_only(ECHO), workers=2, deadline_ms=DEADLINE_MS)
    yield pool
    await pool.close()


async def test_a_judgement_names_rule_document_and_revision(echo: Pool) -> None:
    judgement = await echo.judge(submission(purpose="why"))
    assert (judgement.verdict.effect, judgement.code, judgement.message) == ("allow", "order-service", "why")
    assert judgement.verdict.obligations.stdin == "stream"
    assert judgement.revision == echo.revision == "0" * 64
    assert judgement.engine.startswith("embedded: regorus ")
    assert json.loads(judgement.document)["purpose"] == "why"
    assert (await echo.judge_document(judgement.document)) == judgement


async def test_of_several_rules_the_first_of_the_winners_speaks() -> None:
    body = """
decision := {
	"effect": "deny",
	"rules": [
		{"id": "a", "effect": "allow", "message": "a"},
		{"id": "c", "effect": "deny", "message": "c"},
		{"id": "b", "effect": "deny", "message": "b"},
	],
	"obligations": {},
}
"""
    pool = await Pool.start(main_only(body), workers=1, deadline_ms=DEADLINE_MS)
    judgement = await pool.judge(submission())
    await pool.close()
    assert (judgement.code, judgement.message) == ("b", "b")
    assert len(judgement.verdict.rules) == 3


async def test_no_caller_gets_the_answer_of_another(echo: Pool) -> None:
    async def one(number: int) -> None:
        name = f"identity-{number % 2}"
        asked = submission(identity=Identity(name=name, owner="o", issuer="main"), purpose=str(number))
        judgement = await echo.judge(asked)
        assert (judgement.code, judgement.message) == (name, str(number))
        assert json.loads(judgement.document)["identity"]["name"] == name

    async with asyncio.TaskGroup() as group:
        for number in range(200):
            group.create_task(one(number))
    assert len(echo.pids) == 3, "two that judge and a spare, and none was lost"


async def test_more_than_may_wait_are_denied_at_once(echo: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING", 2)
    for _ in range(2):
        await echo._free.acquire()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(echo.judge(submission())) for _ in range(4)]
        await asyncio.sleep(0)
        for _ in range(2):
            echo._free.release()
    codes = [task.result().code for task in tasks]
    assert codes == ["order-service"] * 2 + [Code.POLICY_UNAVAILABLE] * 2


async def test_nobody_waits_for_ever(echo: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "START_S", 0.01)
    for _ in range(2):
        await echo._free.acquire()
    judgement = await echo.judge(submission())
    assert (judgement.verdict.effect, judgement.code) == ("deny", Code.POLICY_UNAVAILABLE)


async def test_a_bundle_that_cannot_be_read_does_not_start() -> None:
    bundle = Bundle(modules=(Module("a.rego", "policies.a", rule("policies.a", "x :=")),))
    with pytest.raises(Problems) as caught:
        await Pool.start(bundle)
    assert [(one.file, one.code) for one in caught.value.problems] == [("a.rego", "syntax.rego")]


@pytest.mark.parametrize("body", ["decision := 1", "decision := 1 if false", 'decision := regex.match("(", input.id)'])
async def test_a_bundle_without_a_valid_answer_does_not_start(body: str) -> None:
    with pytest.raises(Unavailable, match="the bundle gives no valid answer") as caught:
        await Pool.start(main_only(body), deadline_ms=DEADLINE_MS)
    assert caught.value.detail


async def test_where_no_worker_starts_the_pool_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pool, "module", "jumphost.testing.nothing")
    with pytest.raises(Unavailable, match="no policy worker starts: EOFError"):
        await Pool.start(main_only(ECHO))


async def test_closing_twice_is_closing_once(echo: Pool) -> None:
    pids = echo.pids
    await echo.close()
    await echo.close()
    assert pids
    assert not echo.pids


async def test_modules_can_be_looked_at_alone() -> None:
    good = Module("a.rego", "policies.a", rule("policies.a", "x := 1"))
    bad = Module("b.rego", "policies.b", rule("policies.b", "x :="))
    assert [one.file for one in await inspect((good, bad), whole=True)] == ["b.rego"]
    assert await inspect((good,), whole=True) == ()


async def test_a_bundle_that_is_not_portable_does_not_start() -> None:
    with pytest.raises(Problems) as caught:
        await Pool.start(main_only("decision := crypto.sha256(input.id)"))
    assert [(one.file, one.line, one.code) for one in caught.value.problems] == [("main.rego", 6, "portable.builtin")]


async def test_tests_are_read_but_not_held_to_what_judges() -> None:
    test = Module(
        "a_test.rego", "policies.a_test", "package policies.a_test\ntest_x if not x.y with count as 1", test=True
    )
    assert [one.code for one in await inspect((test,), whole=True)] == ["syntax.rego"]
    test = Module(
        "a_test.rego", "policies.a_test", "package policies.a_test\ntest_x if not input.y with input as 1", test=True
    )
    assert await inspect((test,), whole=True) == ()


async def test_a_worker_that_did_not_read_its_bundle_whole_never_judges(echo: Pool) -> None:
    echo._idle[0]._ready = Ready((Problem("a.rego", 1, "", "could not be read"),))
    judgement = await echo.judge(submission())
    assert (judgement.code, judgement.verdict.effect) == (Code.POLICY_UNAVAILABLE, "deny")
    assert "could not read its bundle: a.rego:1" in judgement.detail
    assert (await echo.judge(submission())).code == "order-service"


async def test_a_worker_that_is_not_ready_in_time_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(main_only(ECHO), workers=1, deadline_ms=DEADLINE_MS)
    with monkeypatch.context() as soon:
        soon.setattr(module, "START_S", 0.001)
        judgement = await pool.judge(submission())
    assert (judgement.code, judgement.verdict.effect) == (Code.POLICY_UNAVAILABLE, "deny")
    assert "was not ready within" in judgement.detail
    assert (await pool.judge(submission())).code == "order-service"
    await pool.close()
