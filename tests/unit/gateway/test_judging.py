"""Whether an engine's answer may be acted on."""

from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.errors import Code
from jumphost.gateway.judging import judge
from jumphost.model.decision import CredentialTerms, Judgement, denied
from jumphost.model.identity import Identity
from jumphost.model.mask import Mask
from jumphost.model.request import ApprovalView, TargetView
from jumphost.policy.base import Submission
from jumphost.testing.policies import submission
from jumphost.testing.session import ONE_DBA, ScriptedEngine, holding, owing, returns, verdict

LEASE = CredentialTerms("db", 60)

ASKED = submission(b"uptime")


async def answered(engine: ScriptedEngine, asked: Submission = ASKED) -> Judgement:
    return await judge(engine, asked, {})


@pytest.mark.parametrize("effect", ["allow", "hold"])
async def test_what_was_asked_is_believed(effect: Any) -> None:
    engine = ScriptedEngine()
    owing(engine, effect, ONE_DBA if effect == "hold" else ())
    judgement = await answered(engine)
    assert judgement.verdict == verdict(effect, ONE_DBA if effect == "hold" else ())
    assert judgement == engine.judgement(ASKED)


async def test_a_denial_needs_no_document() -> None:
    engine = ScriptedEngine()
    late = denied(Code.POLICY_TIMEOUT, "late")
    engine.fault = returns(late)
    assert await answered(engine) is late


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"id": "019aa0c0-0000-7000-8000-00000000000f"}, "id"),
        ({"identity": Identity(name="deploy-bot", owner="payments-team", issuer="main")}, "identity"),
        ({"identity": Identity(name="order-service", owner="payments-team", issuer="other")}, "identity"),
        ({"target": TargetView(name="batch-host", kind="ssh", login="app", labels={"env": "prod"})}, "target"),
        ({"target": TargetView(name="payments-db", kind="ssh", login="root", labels={"env": "prod"})}, "target"),
        ({"target": TargetView(name="payments-db", kind="ssh", login="app", labels={"env": "dev"})}, "target"),
        ({"operation": "line"}, "operation"),
        ({"raw": b"uptime "}, "command"),
        ({"env": {"LANG": "C"}}, "env"),
        ({"stdin": b"", "stdin_mode": "judge"}, "stdin"),
        ({"stdin_mode": "judge"}, "stdin"),
        ({"approvals": (ApprovalView("alice", ("dba",), "2026-11-22T12:00:00Z"),)}, "approvals"),
    ],
)
@pytest.mark.parametrize("effect", ["allow", "hold"])
async def test_an_answer_about_another_request_is_a_denial(change: dict[str, Any], what: str, effect: Any) -> None:
    engine = ScriptedEngine()
    owing(engine, effect, ONE_DBA if effect == "hold" else ())
    engine.fault = returns(engine.judgement(replace(ASKED, **change)))
    judgement = await answered(engine)
    assert (judgement.verdict.effect, judgement.code, judgement.detail) == ("deny", Code.POLICY_INVALID, what)


@pytest.mark.parametrize(
    "change", [{"stdin": None}, {"stdin": None, "stdin_mode": "closed"}, {"stdin": b"dat"}, {"stdin": b"dato"}]
)
async def test_an_answer_about_other_standard_input_is_a_denial(change: dict[str, Any]) -> None:
    engine = ScriptedEngine()
    owing(engine, stdin="judge")
    asked = replace(ASKED, stdin=b"data", stdin_mode="judge")
    engine.fault = returns(engine.judgement(replace(asked, **change)))
    judgement = await answered(engine, asked)
    assert (judgement.verdict.effect, judgement.code, judgement.detail) == ("deny", Code.POLICY_INVALID, "stdin")


async def test_an_objection_is_a_denial_with_its_code() -> None:
    engine = ScriptedEngine()
    owing(engine, stdin="stream")
    judgement = await answered(engine, replace(ASKED, raw=b"bash -s"))
    assert (judgement.verdict.effect, judgement.code) == ("deny", Code.STDIN_UNJUDGED)
    assert judgement.document


@pytest.mark.parametrize("change", [{"request_digest": "0" * 64}, {"input_digest": "0" * 64}])
async def test_digests_are_made_again(change: dict[str, str]) -> None:
    engine = ScriptedEngine()
    engine.fault = returns(replace(engine.judgement(ASKED), **change))
    judgement = await answered(engine)
    assert (judgement.code, judgement.detail) == (Code.POLICY_INVALID, "digest")


@pytest.mark.parametrize("document", [b"", b"{}", b"\xff", b"[" * 100_000])
async def test_no_document_is_a_denial(document: bytes) -> None:
    engine = ScriptedEngine()
    engine.fault = returns(replace(engine.judgement(ASKED), document=document))
    judgement = await answered(engine)
    assert (judgement.verdict.effect, judgement.code) == ("deny", Code.POLICY_INVALID)


@pytest.mark.parametrize(
    "owed",
    [
        {"mask": Mask({"*": "redact"}), "credential": LEASE},
        {"credential": LEASE},
    ],
    ids=["credential", "both"],
)
async def test_what_cannot_be_done_is_a_denial(owed: dict[str, Any]) -> None:
    engine = ScriptedEngine()
    owing(engine, **owed)
    judgement = await answered(engine)
    assert (judgement.verdict.effect, judgement.code) == ("deny", Code.POLICY_UNSUPPORTED)
    assert judgement.document == engine.judgement(ASKED).document


async def test_held_twice_is_asked_twice() -> None:
    engine = ScriptedEngine()
    holding(engine)
    await answered(engine)
    await answered(engine)
    assert engine.asked == [ASKED, ASKED]


SITE = Mask({"*": "redact"}, opaque=("gzip",))


@pytest.mark.parametrize("effect", ["allow", "hold"])
async def test_the_mask_of_the_site_is_owed_where_no_rule_speaks_of_one(effect: Any) -> None:
    engine, terms = ScriptedEngine(), ONE_DBA if effect == "hold" else ()
    owing(engine, effect, terms)
    assert (await answered(engine, submission(mask=SITE))).verdict.obligations.mask == SITE
    assert (await answered(engine, submission(mask=Mask(mode="detect")))).verdict.obligations.mask is None
    own = Mask({"email": "label"}, mode="detect")
    owing(engine, effect, terms, mask=own)
    assert (await answered(engine, submission(mask=SITE))).verdict.obligations.mask == own


async def test_what_the_mask_of_the_site_cannot_do_is_denied() -> None:
    engine = ScriptedEngine()
    owing(engine, stdin="stream", record="io")
    assert (await answered(engine)).verdict.effect == "allow"
    assert (await answered(engine, submission(mask=SITE))).code == Code.POLICY_UNSUPPORTED


async def test_a_judgement_under_another_mask_is_not_believed() -> None:
    engine = ScriptedEngine()
    engine.fault = returns(engine.judgement(submission(mask=Mask())))
    judgement = await answered(engine, submission(mask=SITE))
    assert (judgement.code, judgement.detail) == (Code.POLICY_INVALID, "mask")
