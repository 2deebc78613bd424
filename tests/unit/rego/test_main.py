"""The entrypoint: which effect wins, whose obligations join, and that whatever is not right is denied."""

import itertools
import json

import pytest

from jumphost.model.decision import leading_rule, read_verdict

QUERY = "data.jumphost.main.decision"
LITERAL = {"tier": "literal", "opaque": [], "dynamic": [], "commands": [{}]}
SILENT = {"approval": [], "env": [], "limits": {}, "record": "output", "stdin": "closed"}
TERMS = {"approval": [{"groups": ["dba"], "count": 1, "ttl_s": 60}]}
VERDICTS = {
    "allow": {"id": "a", "message": "may", "obligations": {"env": ["A", "B"], "record": "io"}},
    "hold": {"id": "h", "message": "waits", "obligations": TERMS | {"env": ["B", "C"], "limits": {"timeout_s": 9}}},
    "deny": {"id": "d", "message": "no", "obligations": {}},
}
HEAD = "import rego.v1\nimport future.keywords.not\n"


def request(rules, **changes):
    return {"operation": "exec", "command": LITERAL, "rules": rules} | changes


def says(effect, name="alpha"):
    return {name: {effect: [VERDICTS[effect]]}}


def decide(ask, *inputs):
    answers = ask(QUERY, inputs)
    return answers, [read_verdict(json.dumps(answer).encode()) for answer in answers]


@pytest.mark.parametrize("document", [{}, [], "", None, 7, {"command": None}, {"rules": {}}])
def test_no_rule_is_deny(ask, document):
    (answer,), _ = decide(ask, document)
    assert answer == {"effect": "deny", "rules": [], "obligations": SILENT}


@pytest.mark.parametrize("effects", list(itertools.product(["deny", "hold", "allow"], repeat=2)))
def test_deny_over_hold_over_allow(ask, effects):
    first, second = effects
    inputs = [request(says(first, a) | says(second, b)) for a, b in (("alpha", "omega"), ("omega", "alpha"))]
    inputs.append(request({"alpha": {effect: [VERDICTS[effect]] for effect in effects}}))
    answers, _ = decide(ask, *inputs)
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["effect"] == min(effects, key=["deny", "hold", "allow"].index)
    assert {rule["effect"] for rule in answers[0]["rules"]} == set(effects)


def test_obligations_of_an_allow_join_beside_a_hold(ask):
    (answer,), _ = decide(ask, request(says("allow") | says("hold", "omega")))
    assert answer["effect"] == "hold"
    assert answer["obligations"] == SILENT | TERMS | {"env": ["B"], "record": "io", "limits": {"timeout_s": 9}}


def test_a_deny_joins_nothing(ask):
    (answer,), (verdict,) = decide(ask, request({"alpha": {name: [one] for name, one in VERDICTS.items()}}))
    assert answer["obligations"] == SILENT
    assert answer["rules"] == [
        {"id": "a", "effect": "allow", "message": "may"},
        {"id": "d", "effect": "deny", "message": "no"},
        {"id": "h", "effect": "hold", "message": "waits"},
    ]
    assert leading_rule(verdict).id == "d"


def test_a_deny_is_not_hidden_behind_a_conflict(ask):
    asking = [
        {"id": name, "message": "", "obligations": {"credential": {"name": name, "ttl_s": 60}}} for name in ("x", "y")
    ]
    (answer,), (verdict,) = decide(ask, request({"alpha": {"allow": asking}} | says("deny", "omega")))
    assert {rule["id"] for rule in answer["rules"]} == {"d", "x", "y"}
    assert leading_rule(verdict).id == "d"


def test_hold_needs_no_allow_beside_it(ask):
    (answer,), _ = decide(ask, request(says("hold")))
    assert answer["effect"] == "hold"


MALFORMED = [
    7,
    "allow",
    None,
    [],
    {},
    {"id": "a"},
    {"id": "a", "message": "m"},
    {"id": "", "message": "m", "obligations": {}},
    {"id": 7, "message": "m", "obligations": {}},
    {"id": "a", "message": None, "obligations": {}},
    {"id": "a", "message": "m", "obligations": []},
    {"id": "a", "message": "m", "obligations": {}, "more": 1},
    {"id": "a", "message": "m", "obligations": {"masks": {}}},
    {"id": "a", "message": "m", "obligations": {"record": "everything"}},
]


@pytest.mark.parametrize("effect", ["allow", "hold", "deny"])
@pytest.mark.parametrize("member", MALFORMED, ids=json.dumps)
def test_a_malformed_verdict_is_denied(ask, effect, member):
    good = says("allow", "omega")
    (answer,), (verdict,) = decide(ask, request(good | {"alpha": {effect: [member]}}))
    assert answer["effect"] == "deny"
    assert leading_rule(verdict).id == "policy.invalid"
    assert leading_rule(verdict).message.startswith(f"policies.rules.alpha.speaker.{effect}: malformed verdict")


@pytest.mark.parametrize("obligations", [{}, {"approval": []}, {"approval": {}}, {"approval": [{}]}])
def test_a_hold_without_terms_is_denied(ask, obligations):
    member = {"id": "h", "message": "m", "obligations": obligations}
    (answer,), (verdict,) = decide(ask, request({"alpha": {"hold": [member]}}))
    assert (answer["effect"], leading_rule(verdict).id) == ("deny", "policy.invalid")


@pytest.mark.parametrize("effect", ["allow", "deny"])
def test_terms_of_approval_belong_to_a_hold(ask, effect):
    member = {"id": "a", "message": "m", "obligations": TERMS}
    (answer,), (verdict,) = decide(ask, request({"alpha": {effect: [member]}}))
    assert (answer["effect"], leading_rule(verdict).id) == ("deny", "policy.invalid")


def test_the_reason_names_rule_and_obligation(ask):
    member = {"id": "pay.x", "message": "m", "obligations": {"record": "all", "stdin": "stream", "limits": {"ram": 1}}}
    _, (verdict,) = decide(ask, request({"alpha": {"allow": [member]}}))
    assert leading_rule(verdict).message == "policies.rules.alpha.speaker.allow: malformed verdict pay.x limits record"


@pytest.mark.parametrize(
    "rule", ["deny := true", "deny if true", "deny := []", 'deny := {"x": 1}', "default deny := false"]
)
def test_what_is_not_a_set_is_denied(make_rego, rule):
    text = f"package policies.rules.alpha.wrong\n{HEAD}{rule}\nallow contains {json.dumps(VERDICTS['allow'])}\n"
    (answer,), (verdict,) = decide(make_rego({"wrong.rego": text}).ask, request({}))
    assert answer["effect"] == "deny"
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
        "a.one.x",
        "a.two.x",
        "b.one.x",
        "b.two.x",
        "c.one.x",
        "c.two.x",
    ]


@pytest.mark.parametrize("operation", ["exec", "line"])
@pytest.mark.parametrize(
    "change",
    [{"tier": "structured"}, {"tier": "unparsed"}, {"opaque": ["eval"]}, {"dynamic": ["glob"]}, {"commands": []}],
    ids=json.dumps,
)
def test_only_a_literal_command_is_allowed_by_rule_alone(ask, operation, change):
    command = LITERAL | change
    answers, verdicts = decide(
        ask,
        request(says("allow"), operation=operation, command=command),
        request(says("allow") | says("hold", "omega"), operation=operation, command=command),
    )
    assert [answer["effect"] for answer in answers] == ["deny", "hold"]
    assert leading_rule(verdicts[0]).id == "command.unparsed"


@pytest.mark.parametrize("field", ["operation", "command"])
def test_an_allow_on_a_partial_document_is_denied(ask, field):
    document = request(says("allow")) | {"command": {}}
    document.pop(field)
    (answer,), _ = decide(ask, document)
    assert answer["effect"] == "deny"


def test_operations_that_run_no_text_need_no_literal_command(ask):
    document = request(says("allow"), operation="sftp.read", command={"tier": "unparsed"})
    (answer,), _ = decide(ask, document)
    assert answer["effect"] == "allow"


def test_a_rule_that_is_watched_is_said_and_counts_for_nothing(watching):
    asked = [
        request({"alpha": {effect: [VERDICTS[effect]] for effect in VERDICTS}}),
        request(says("deny") | says("hold", "omega")),
        request({"alpha": {"allow": [VERDICTS["allow"] | {"id": "h"}]}}),
    ]
    (all_three, strict, lenient), verdicts = decide(watching, *asked)
    assert all_three["effect"] == "allow"
    assert {rule["id"]: rule["effect"] for rule in all_three["rules"]} == {
        "a": "allow",
        "h": "would_hold",
        "d": "would_deny",
    }
    assert all_three["obligations"] == SILENT | {"env": ["A", "B"], "record": "io"}
    assert [strict["effect"], lenient["effect"]] == ["deny", "deny"]
    assert [rule["effect"] for rule in lenient["rules"]] == ["would_allow"]
    assert [leading_rule(verdict) and leading_rule(verdict).id for verdict in verdicts] == ["a", None, None]


def test_what_is_malformed_is_denied_though_it_is_watched(watching):
    bad = VERDICTS["deny"] | {"obligations": {"stdin": "open"}}
    (answer,), _ = decide(watching, request({"alpha": {"deny": [bad]}, "omega": {"allow": [VERDICTS["allow"]]}}))
    assert answer["effect"] == "deny"
    assert [rule["id"] for rule in answer["rules"] if rule["effect"] == "deny"] == ["policy.invalid"]


def test_an_alert_is_said_only_where_a_rule_asks_for_it(ask):
    loud = VERDICTS["allow"] | {"id": "loud", "obligations": {"alert": True}}
    answers, verdicts = decide(
        ask,
        request({"alpha": {"allow": [VERDICTS["allow"]]}, "omega": {"allow": [loud]}}),
        request(says("allow")),
        request({"alpha": {"allow": [loud | {"obligations": {"alert": False}}]}}),
    )
    assert [answer["obligations"].get("alert") for answer in answers] == [True, None, None]
    assert [verdict.obligations.alert for verdict in verdicts] == [True, False, False]
    assert answers[2]["effect"] == "deny"
