"""What an engine may answer, read strictly."""

import json
from typing import Any

import msgspec
import pytest

from jumphost.errors import Code
from jumphost.model.approval import Term
from jumphost.model.decision import (
    NOTHING,
    CredentialTerms,
    Decision,
    Judgement,
    Limits,
    Mask,
    Obligations,
    Rule,
    Verdict,
    denied,
    leading_rule,
    read_verdict,
)

TERMS = [{"groups": ["dba"], "count": 1, "ttl_s": 60}]


def answer(effect: object, *rules: str, **obligations: object) -> dict[str, Any]:
    """A decision document whose rules are named for their effects."""
    return {
        "effect": effect,
        "rules": [{"id": f"test.{number}.{said}", "effect": said} for number, said in enumerate(rules)],
        "obligations": obligations,
    }


def read(document: object) -> Verdict:
    return read_verdict(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("effect", "rules", "obligations"),
    [
        ("deny", [], {}),
        ("deny", ["deny"], {}),
        ("deny", ["allow", "hold", "deny"], {}),
        ("hold", ["hold"], {"approval": TERMS}),
        ("hold", ["allow", "hold"], {"approval": TERMS}),
        ("allow", ["allow", "allow"], {}),
    ],
)
def test_rules_and_effect_agree(effect: str, rules: list[str], obligations: dict[str, object]) -> None:
    verdict = read(answer(effect, *rules, **obligations))
    assert verdict.effect == effect
    assert [rule.effect for rule in verdict.rules] == rules


@pytest.mark.parametrize("effect", ["allow", "deny", "hold"])
@pytest.mark.parametrize("rules", [[], ["allow"], ["hold"], ["deny"], ["allow", "hold"], ["hold", "deny"]])
def test_rules_that_say_otherwise_are_refused(effect: str, rules: list[str]) -> None:
    strongest = "deny" if "deny" in rules or not rules else "hold" if "hold" in rules else "allow"
    document = answer(effect, *rules, approval=TERMS if effect == "hold" else [])
    if effect == strongest:
        assert read(document).effect == effect
    else:
        with pytest.raises(ValueError, match=f"got effect '{effect}' from rules that say '{strongest}'"):
            read(document)


def test_a_hold_has_terms_and_nothing_else_has() -> None:
    with pytest.raises(ValueError, match="got a hold without approval terms"):
        read(answer("hold", "hold"))
    for effect in ("allow", "deny"):
        with pytest.raises(ValueError, match=f"got approval terms with effect '{effect}'"):
            read(answer(effect, effect, approval=TERMS))


def test_every_obligation_is_read() -> None:
    verdict = read(
        answer(
            "hold",
            "hold",
            approval=TERMS,
            mask={"detectors": {"*": "redact"}, "columns": {"card*": "partial"}, "mode": "detect"},
            credential={"name": "db.ro", "ttl_s": 60, "delivery": "env"},
            env=["LANG"],
            limits={"timeout_s": 5, "output_bytes": 1, "on_expiry": "cut"},
            record="io",
            stdin="judge",
        )
    )
    assert verdict.obligations == Obligations(
        mask=Mask({"*": "redact"}, {"card*": "partial"}, "detect"),
        credential=CredentialTerms("db.ro", 60, "env"),
        env=("LANG",),
        approval=(Term(("dba",), 1, 60),),
        limits=Limits(5, 1, "cut"),
        record="io",
        stdin="judge",
    )


def test_what_nobody_spoke_of() -> None:
    assert read(answer("allow", "allow")).obligations == NOTHING
    assert (NOTHING.stdin, NOTHING.record, NOTHING.env) == ("closed", "output", ())
    assert (NOTHING.mask, NOTHING.credential, NOTHING.limits.timeout_s) == (None, None, None)


@pytest.mark.parametrize(
    "document",
    [
        None,
        True,
        "allow",
        [],
        {},
        {"effect": "allow"},
        {**answer("allow", "allow"), "extra": 1},
        {**answer("allow", "allow"), "obligations": None},
        {**answer("allow", "allow"), "rules": {}},
        {**answer("allow"), "rules": [{"id": "", "effect": "allow"}]},
        {**answer("allow"), "rules": [{"id": "x" * 257, "effect": "allow"}]},
        {**answer("allow"), "rules": [{"id": "x", "effect": "allow", "message": "m" * 1025}]},
        {**answer("allow"), "rules": [{"id": "x", "effect": "allow", "level": 1}]},
        answer("ALLOW", "allow"),
        answer(["allow"], "allow"),
        answer("allow", "allow", unknown=1),
        answer("allow", "allow", env="LANG"),
        answer("allow", "allow", env=["A B"]),
        answer("allow", "allow", env=["1A"]),
        answer("allow", "allow", stdin="open"),
        answer("allow", "allow", record="off"),
        answer("allow", "allow", mask={"detectors": {"*": "none"}}),
        answer("allow", "allow", mask={"mode": "off"}),
        answer("allow", "allow", credential={"name": "a b", "ttl_s": 1}),
        answer("allow", "allow", credential={"name": "a"}),
        answer("allow", "allow", credential={"name": "a", "ttl_s": 0}),
        answer("allow", "allow", limits={"timeout_s": 0}),
        answer("allow", "allow", limits={"timeout_s": 1.5}),
        answer("allow", "allow", limits={"output_bytes": 2**53}),
        answer("allow", "allow", limits={"on_expiry": "ignore"}),
        answer("hold", "hold", approval=[{"groups": [], "count": 1, "ttl_s": 1}]),
        answer("hold", "hold", approval=TERMS[0]),
    ],
)
def test_anything_else_is_refused(document: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # msgspec's words
        read(document)


@pytest.mark.parametrize("raw", [b"", b"{", b"allow", b"\xff", b'{"effect":"allow"} x', b"NaN"])
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_verdict(raw)


def test_the_leading_rule_is_the_first_by_id_of_those_that_won() -> None:
    rules = tuple(Rule(name, effect) for name, effect in [("c", "hold"), ("a", "allow"), ("b", "hold")])
    assert leading_rule(Verdict("hold", rules, NOTHING)) == Rule("b", "hold")
    assert leading_rule(Verdict("deny", (), NOTHING)) is None


def test_a_denial_that_no_rule_spoke() -> None:
    judgement = denied(Code.POLICY_TIMEOUT, "too slow", revision="r", document=b"{}")
    assert judgement == Judgement(
        Verdict("deny", (), NOTHING), "policy.timeout", "too slow", document=b"{}", revision="r"
    )
    decision = Decision("d", 1, judgement)
    assert (decision.effect, decision.obligations) == ("deny", NOTHING)
