"""What every policy engine must do, as checks that its tests run; each is told how to start one on a bundle."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping

import pytest
from msgspec.structs import replace

from jumphost.command.profiled.profile import encode
from jumphost.errors import Code, Problems, Unavailable
from jumphost.model.decision import Judgement
from jumphost.policy import bundle, profiles
from jumphost.policy.base import DocumentEngine
from jumphost.policy.protocol import Bundle, Module
from jumphost.testing.policies import main_only, rule, submission

Start = Callable[[Bundle, int], Awaitable[DocumentEngine]]
"""Starts an engine on a bundle with a deadline in milliseconds."""

PATIENT_MS = 20_000
GOOD = '{"effect": "allow", "rules": [{"id": "test.good", "effect": "allow", "message": "fine"}], "obligations": {}}'
ECHO = """
decision := {
	"effect": "allow",
	"rules": [{"id": input.identity.name, "effect": "allow", "message": input.purpose}],
	"obligations": {"stdin": "stream"},
}
"""
SEVERAL = """
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
PROFILE = "report: {summary: s, effects: [net_read], flags: {-n: number}, allow: [report], refuse: [report x]}"
ENDLESS = "value := count([1 | some a in numbers.range(1, 9000); some b in numbers.range(1, 9000); a == b + 9000])"


def answers(bodies: Mapping[str, str]) -> str:
    """A ``main`` that is fine but for the purposes named: there each body makes its ``value``."""
    known = json.dumps(list(bodies))
    parts = [f"decision := {GOOD} if not input.purpose in {known}\n"]
    parts += [f'decision := value if {{\n\tinput.purpose == "{name}"\n\t{body}\n}}\n' for name, body in bodies.items()]
    return "".join(parts)


def saying(effect: str, rules: str, obligations: str = "{}") -> str:
    """A body whose value is a decision with one rule for each word of ``rules``."""
    listed = ", ".join(f'{{"id": "r", "effect": "{one}", "message": ""}}' for one in rules.split())
    return f'value := {{"effect": "{effect}", "rules": [{listed}], "obligations": {obligations}}}'


FAULTS: dict[str, tuple[str, Code]] = {
    "undefined": ("value := 1\n\tfalse", Code.POLICY_INVALID),
    "null": ("value := null", Code.POLICY_INVALID),
    "true": ("value := true", Code.POLICY_INVALID),
    "text": ('value := "allow"', Code.POLICY_INVALID),
    "unknown effect": (saying("maybe", "allow"), Code.POLICY_INVALID),
    "unknown obligation": (saying("allow", "allow", '{"journal": false}'), Code.POLICY_INVALID),
    "hold without terms": (saying("hold", "hold"), Code.POLICY_INVALID),
    "allow with a deny rule": (saying("allow", "allow deny"), Code.POLICY_INVALID),
    "nothing said": (saying("deny", ""), Code.POLICY_NO_RULE),
    "builtin error": ("value := regex.match(`(`, input.id)", Code.POLICY_ERROR),
    "error behind not": (f"not regex.match(`(`, input.id)\n\tvalue := {GOOD}", Code.POLICY_ERROR),
    "two values": (f"some value in [{GOOD}, 1]", Code.POLICY_ERROR),
}


def alone(body: str) -> Bundle:
    """A bundle whose ``main`` is ``body``, with the canary of the library."""
    canary = (bundle.library() / "canary/canary.rego").read_text()
    made = main_only(body)
    return replace(made, modules=(*made.modules, Module("canary.rego", "jumphost.canary", canary)))


def assert_denied(judgement: Judgement, code: Code) -> None:
    """A denial by no rule, with a code and a text for the caller."""
    assert judgement.verdict.effect == "deny", judgement
    assert judgement.verdict.rules == ()
    assert judgement.code == code, judgement
    assert judgement.message


async def names_rule_document_and_revision(start: Start) -> None:
    engine = await start(alone(ECHO), PATIENT_MS)
    got = await engine.judge(submission(purpose="why"))
    assert (got.verdict.effect, got.code, got.message) == ("allow", "order-service", "why")
    assert got.verdict.obligations.stdin == "stream"
    assert got.revision == engine.revision != ""
    assert got.engine
    assert json.loads(got.document)["purpose"] == "why"
    assert await engine.judge_document(got.document) == got
    await engine.close()


async def looks_at_calls_by_the_profiles_of_its_bundle(start: Start) -> None:
    found = profiles.read(PROFILE.encode(), "test.yaml", [])
    engine = await start(replace(alone(f"decision := {GOOD}"), profiles=encode(found)), PATIENT_MS)
    got = await engine.judge(submission(b"report -n 5; other"))
    one, other = json.loads(got.document)["command"]["commands"]
    assert (one["profile"]["matched"], one["profile"]["effects"]) == (True, ["net_read"])
    assert other["profile"]["name"] == ""
    await engine.close()


async def carries_the_detectors_of_its_bundle(start: Start) -> None:
    engine = await start(replace(alone(f"decision := {GOOD}"), detectors=b"of the bundle"), PATIENT_MS)
    assert (await engine.judge(submission())).detectors == b"of the bundle"
    await engine.close()


async def lets_the_first_of_the_winners_speak(start: Start) -> None:
    engine = await start(alone(SEVERAL), PATIENT_MS)
    got = await engine.judge(submission())
    assert (got.code, got.message, len(got.verdict.rules)) == ("b", "b", 3)
    await engine.close()


async def denies_each_fault_with_its_code(start: Start) -> None:
    engine = await start(alone(answers({name: body for name, (body, _) in FAULTS.items()})), PATIENT_MS)
    for name, (_, code) in FAULTS.items():
        got = await engine.judge(submission(purpose=name))
        assert_denied(got, code)
        assert got.request_digest
        assert (await engine.judge(submission())).code == "test.good"
    await engine.close()


async def denies_what_takes_too_long(start: Start) -> None:
    engine = await start(alone(answers({"endless": ENDLESS})), 1000)
    assert_denied(await engine.judge(submission(purpose="endless")), Code.POLICY_TIMEOUT)
    assert (await engine.judge(submission())).code == "test.good"
    await engine.close()


async def denies_what_cannot_be_judged(start: Start) -> None:
    engine = await start(alone(f"decision := {GOOD}"), PATIENT_MS)
    for odd in (submission(purpose="\ud800"), submission(purpose="a\0b"), submission(b"x" * 10_000_000)):
        assert_denied(await engine.judge(odd), Code.REQUEST_INVALID)
    assert_denied(await engine.judge(submission(b"echo $((x))")), Code.COMMAND_UNPARSED)
    assert_denied(await engine.judge_document(b'{"schema": 1}'), Code.REQUEST_INVALID)
    await engine.close()


async def gives_each_caller_their_own_answer(start: Start) -> None:
    engine = await start(alone(ECHO), PATIENT_MS)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(engine.judge(submission(purpose=str(number)))) for number in range(100)]
    assert [task.result().message for task in asked] == [str(number) for number in range(100)]
    await engine.close()


async def keeps_its_peace_when_a_caller_leaves(start: Start) -> None:
    engine = await start(alone(answers({"endless": ENDLESS})), PATIENT_MS)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await engine.judge(submission(purpose="endless"))
    assert (await engine.judge(submission())).code == "test.good"
    await engine.close()


async def answers_nobody_once_closed(start: Start) -> None:
    engine = await start(alone(f"decision := {GOOD}"), PATIENT_MS)
    await engine.close()
    await engine.close()
    assert_denied(await engine.judge(submission()), Code.POLICY_UNAVAILABLE)


async def does_not_start_on_a_bundle_that_cannot_be_read(start: Start) -> None:
    broken = Module("rules/b.rego", "policies.rules.a.b", rule("policies.rules.a.b", "x :="))
    whole = alone(f"decision := {GOOD}")
    with pytest.raises(Problems) as caught:
        await start(replace(whole, modules=(*whole.modules, broken)), PATIENT_MS)
    assert {(one.file, one.code) for one in caught.value.problems} == {("rules/b.rego", "syntax.rego")}
    assert caught.value.problems[0].line


async def does_not_start_on_a_bundle_that_has_no_answer(start: Start) -> None:
    for body in ("decision := 1", "decision := 1 if false", "decision := regex.match(`(`, input.id)"):
        with pytest.raises(Unavailable, match="the bundle gives no valid answer") as caught:
            await start(alone(body), PATIENT_MS)
        assert caught.value.code is Code.POLICY_UNAVAILABLE


ENGINE: tuple[Callable[[Start], Awaitable[None]], ...] = (
    names_rule_document_and_revision,
    looks_at_calls_by_the_profiles_of_its_bundle,
    carries_the_detectors_of_its_bundle,
    lets_the_first_of_the_winners_speak,
    denies_each_fault_with_its_code,
    denies_what_takes_too_long,
    denies_what_cannot_be_judged,
    gives_each_caller_their_own_answer,
    keeps_its_peace_when_a_caller_leaves,
    answers_nobody_once_closed,
    does_not_start_on_a_bundle_that_cannot_be_read,
    does_not_start_on_a_bundle_that_has_no_answer,
)
