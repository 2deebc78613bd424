"""The entrypoint in a whole bundle: it finds rule packages by itself, and the gateway can read what it answers.

Which effect wins and whose obligations join is tested beside it, in ``rego/jumphost/main/main_test.rego``.
"""

import json

import pytest

from jumphost.model.approval import Term
from jumphost.model.decision import CredentialTerms, Limits, Obligations, leading_rule, read_verdict
from jumphost.model.mask import Mask

QUERY = "data.jumphost.main.decision"
LITERAL = {"tier": "literal", "opaque": [], "dynamic": [], "commands": [{}]}
TERMS = {"approval": [{"groups": ["dba"], "count": 1, "ttl_s": 60}]}
VERDICTS = {
    "allow": {"id": "a", "message": "may", "obligations": {"env": ["A", "B"], "record": "io"}},
    "hold": {"id": "h", "message": "waits", "obligations": TERMS | {"env": ["B", "C"], "limits": {"timeout_s": 9}}},
    "deny": {"id": "d", "message": "no", "obligations": {}},
}
ALL = {"alpha": {effect: [verdict] for effect, verdict in VERDICTS.items()}}
HEAD = "import rego.v1\nimport future.keywords.not\n"


def request(rules, **changes):
    return {"operation": "exec", "command": LITERAL, "rules": rules} | changes


def says(effect, name="alpha", **obligations):
    return {name: {effect: [VERDICTS[effect] | ({"obligations": obligations} if obligations else {})]}}


def verdicts(ask, *inputs):
    """What the gateway reads in each answer, strictly."""
    return [read_verdict(json.dumps(answer).encode()) for answer in ask(QUERY, inputs)]


def led(verdict):
    rule = leading_rule(verdict)
    return (verdict.effect, rule and rule.id)


@pytest.mark.parametrize("document", [{}, [], "", None, 7, {"command": None}, {"rules": {}}])
def test_no_rule_is_read_as_deny(ask, document):
    (verdict,) = verdicts(ask, document)
    assert (led(verdict), verdict.rules, verdict.obligations) == (("deny", None), (), Obligations())


def test_each_effect_is_read_with_its_rule(ask):
    credentials = [
        {"id": name, "message": "", "obligations": {"credential": {"name": name, "ttl_s": 60}}} for name in ("x", "y")
    ]
    asked = {
        ("allow", "a"): request(says("allow")),
        ("hold", "h"): request(says("allow") | says("hold", "omega")),
        ("deny", "d"): request(ALL),
        ("deny", "policy.invalid"): request(says("allow", record="everything")),
        ("deny", "policy.conflict"): request({"alpha": {"allow": credentials}}),
        ("deny", "command.unparsed"): request(says("allow"), command=LITERAL | {"tier": "structured"}),
    }
    assert list(map(led, verdicts(ask, *asked.values()))) == list(asked)


def test_every_obligation_is_read(ask):
    said = {
        "mask": {"detectors": {"*": "label"}, "columns": {"pan*": "redact"}, "mode": "detect"},
        "credential": {"name": "payments-ro", "ttl_s": 60},
        "env": ["LANG"],
        "limits": {"timeout_s": 5, "output_bytes": 9, "on_expiry": "cut"},
        "record": "digest",
        "stdin": "judge",
        "alert": True,
    }
    (verdict,) = verdicts(ask, request(says("allow", **said) | says("hold", "omega", **TERMS)))
    assert verdict.obligations == Obligations(
        mask=Mask({"*": "label"}, {"pan*": "redact"}, "detect"),
        credential=CredentialTerms("payments-ro", 60),
        env=("LANG",),
        approval=(Term(groups=("dba",), count=1, ttl_s=60),),
        limits=Limits(5, 9, "cut"),
        record="digest",
        stdin="judge",
        alert=True,
    )


def test_the_order_of_owners_changes_nothing(ask):
    pairs = [(left, right) for left in VERDICTS for right in VERDICTS]
    one = ask(QUERY, [request(says(left) | says(right, "omega")) for left, right in pairs])
    other = ask(QUERY, [request(says(right) | says(left, "omega")) for left, right in pairs])
    assert one == other


@pytest.mark.parametrize(
    "rule", ["deny := true", "deny if true", "deny := []", 'deny := {"x": 1}', "default deny := false"]
)
def test_a_rule_that_is_not_a_set_is_denied(make_rego, rule):
    text = f"package policies.rules.alpha.wrong\n{HEAD}{rule}\nallow contains {json.dumps(VERDICTS['allow'])}\n"
    (verdict,) = verdicts(make_rego({"wrong.rego": text}).ask, request({}))
    assert verdict.effect == "deny"
    assert leading_rule(verdict).message == "policies.rules.alpha.wrong.deny is not a set: write `contains`"


def test_a_builtin_error_is_no_answer(make_rego):
    allow = json.dumps(VERDICTS["allow"])
    text = f"package policies.rules.alpha.broken\n{HEAD}allow contains {allow} if not startswith(input.n, `x`)\n"
    with pytest.raises(RuntimeError, match="startswith"):
        make_rego({"broken.rego": text}).ask(QUERY, [request({}, n=7)])


def test_every_rule_package_is_found(make_rego):
    modules = {
        f"{owner}{rule}.rego": f"package policies.rules.{owner}.{rule}\n{HEAD}"
        f'allow contains {{"id": "{owner}.{rule}.x", "message": "", "obligations": {{}}}}\n'
        for owner in ("a", "b", "c")
        for rule in ("one", "two")
    }
    backwards = dict(reversed(modules.items()))
    answers = [make_rego(files).ask(QUERY, [request({})])[0] for files in (modules, backwards)]
    assert answers[0] == answers[1]
    assert [rule["id"] for rule in answers[0]["rules"]] == [
        f"{owner}.{rule}.x" for owner in ("a", "b", "c") for rule in ("one", "two")
    ]


def test_what_is_only_watched_does_not_lead(watching):
    asked = [
        request(ALL),
        request(says("deny") | says("hold", "omega")),
        request({"alpha": {"allow": [VERDICTS["allow"] | {"id": "h"}]}}),
    ]
    assert list(map(led, verdicts(watching, *asked))) == [("allow", "a"), ("deny", None), ("deny", None)]
