"""Every obligation: what is right, and that anything else is not."""

import json

import pytest

RIGHT = {
    "record": ["output", "io", "digest"],
    "stdin": ["closed", "judge", "stream"],
    "env": [[], ["LANG", "_x", "A" * 128]],
    "approval": [
        [{"groups": ["dba"], "count": 1, "ttl_s": 1}],
        [{"groups": ["a", "b"], "count": 16, "ttl_s": 2592000}],
    ],
    "limits": [{}, {"timeout_s": 1, "output_bytes": 2**53 - 1, "on_expiry": "cut"}, {"on_expiry": "finish"}],
    "credential": [{"name": "payments-ro", "ttl_s": 60}, {"name": "x", "ttl_s": 1, "delivery": "env"}],
    "mask": [{}, {"mode": "detect"}, {"detectors": {"*": "redact"}, "columns": {"pan*": "partial"}, "mode": "enforce"}],
}
WRONG = {
    "record": ["", "Output", None, ["io"], {}],
    "stdin": ["open", "", None, ["judge"]],
    "env": [None, "LANG", {}, [1], ["A=B"], [""], ["1A"], ["A" * 129], ["LANG\n"]],
    "approval": [
        None,
        [],
        {},
        [None],
        [{"groups": ["dba"], "count": 1}],
        [{"groups": [], "count": 1, "ttl_s": 1}],
        [{"groups": [1], "count": 1, "ttl_s": 1}],
        [{"groups": "dba", "count": 1, "ttl_s": 1}],
        [{"groups": {"a": "dba"}, "count": 1, "ttl_s": 1}],
        [{"groups": ["dba"], "count": 0, "ttl_s": 1}],
        [{"groups": ["dba"], "count": 17, "ttl_s": 1}],
        [{"groups": ["dba"], "count": 1.5, "ttl_s": 1}],
        [{"groups": ["dba"], "count": "1", "ttl_s": 1}],
        [{"groups": ["dba"], "count": 1, "ttl_s": 2592001}],
        [{"groups": ["dba"], "count": 1, "ttl_s": 1, "quorum": 1}],
    ],
    "limits": [
        None,
        [],
        {"timeout_s": 0},
        {"timeout_s": -1},
        {"timeout_s": 0.5},
        {"timeout_s": "5"},
        {"timeout_s": None},
        {"output_bytes": 2**53},
        {"on_expiry": "kill"},
        {"cpu": 1},
    ],
    "credential": [
        None,
        "payments-ro",
        {},
        {"name": "payments-ro"},
        {"ttl_s": 60},
        {"name": "a b", "ttl_s": 60},
        {"name": "x", "ttl_s": 0},
        {"name": "x", "ttl_s": 60, "delivery": "mail"},
        {"name": "x", "ttl_s": 60, "secret": "y"},
    ],
    "mask": [
        None,
        [],
        {"detectors": ["iban"]},
        {"detectors": []},
        {"detectors": {"iban": "hide"}},
        {"columns": {"pan": None}},
        {"mode": "off"},
        {"rows": {}},
    ],
    "mystery": [1],
}


def test_known_obligations_are_right(ask):
    cases = [{"name": name, "value": value} for name, values in RIGHT.items() for value in values]
    assert ask("data.jumphost.shape.obligation(input.name, input.value)", cases) == [True] * len(cases)


def test_anything_else_is_not(ask):
    cases = [{"name": name, "value": value} for name, values in WRONG.items() for value in values]
    answers = ask("data.jumphost.shape.obligation(input.name, input.value)", cases)
    assert [case for case, answer in zip(cases, answers, strict=True) if answer is True] == []


def test_no_value_makes_an_unknown_name_right(ask):
    cases = [{"name": "mystery", "value": value} for values in RIGHT.values() for value in values]
    assert True not in ask("data.jumphost.shape.obligation(input.name, input.value)", cases)


def test_keys_that_json_cannot_have(ask):
    assert ask('data.jumphost.shape.reason({"id": "x", "obligations": {1: 2}})', [{}]) == ["malformed verdict x"]
    assert True not in ask('data.jumphost.shape.obligation("mask", {"detectors": {1: "redact"}})', [{}])


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_obligation_makes_a_malformed_verdict(ask, name):
    members = [
        {
            "effect": "hold" if name == "approval" else "allow",
            "member": {"id": "x", "message": "", "obligations": {name: value}},
        }
        for value in WRONG[name]
    ]
    assert True not in ask("data.jumphost.shape.verdict(input.effect, input.member)", members)
    reasons = ask("data.jumphost.shape.reason(input.member)", members)
    assert set(reasons) == {f"malformed verdict x {name}"}


@pytest.mark.parametrize("member", [None, 1, "x", [], {}, {"id": 1}, {"obligations": 1}], ids=json.dumps)
def test_there_is_always_a_reason(ask, member):
    assert ask("data.jumphost.shape.reason(input)", [member]) == ["malformed verdict"]
