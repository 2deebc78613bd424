"""The table of CONTRACTS §5, pair by pair; both rules say it in both orders, and each engine answers the same."""

import itertools
import json

import pytest

from jumphost.model.decision import read_verdict

LITERAL = {"tier": "literal", "opaque": [], "dynamic": [], "commands": [{}]}
STRENGTH = ["redact", "label", "pseudonym", "partial"]
SILENT = {"approval": [], "env": [], "limits": {}, "record": "output", "stdin": "closed"}


def saying(alpha, omega):
    """One allow of each speaker; None is a rule that does not match."""
    rules = {
        name: {"allow": [{"id": name, "message": "", "obligations": terms}]}
        for name, terms in (("alpha", alpha), ("omega", omega))
        if terms is not None
    }
    return {"operation": "exec", "command": LITERAL, "rules": rules}


def both_orders(pairs):
    return [saying(*pair) for left, right in pairs for pair in ((left, right), (right, left))]


def decided(ask, inputs):
    answers = ask("data.jumphost.main.decision", inputs)
    for answer in answers:
        read_verdict(json.dumps(answer).encode())
    return answers


def joined(ask, pairs):
    """The joined obligations of each pair, which must not depend on who says what."""
    answers = [answer["obligations"] for answer in decided(ask, both_orders(pairs))]
    assert answers[0::2] == answers[1::2]
    return answers[0::2]


@pytest.mark.parametrize(
    ("name", "order"), [("record", ["io", "output", "digest"]), ("stdin", ["closed", "judge", "stream"])]
)
def test_the_stricter_word_wins(ask, name, order):
    pairs = list(itertools.product(order, order))
    answers = joined(ask, [({name: left}, {name: right}) for left, right in pairs])
    assert [answer[name] for answer in answers] == [min(pair, key=order.index) for pair in pairs]


@pytest.mark.parametrize("silent", [{}, None])
@pytest.mark.parametrize(
    "terms",
    [
        *({"record": word} for word in ("io", "output", "digest")),
        *({"stdin": word} for word in ("closed", "judge", "stream")),
        {"env": ["A"]},
        {"limits": {"timeout_s": 5, "output_bytes": 9, "on_expiry": "cut"}},
        {"limits": {"timeout_s": 5}},
        {"credential": {"name": "payments-ro", "ttl_s": 60, "delivery": "file"}},
        {"mask": {"detectors": {"iban": "label"}, "columns": {"pan*": "redact"}, "mode": "detect"}},
    ],
    ids=json.dumps,
)
def test_a_silent_rule_has_no_opinion(ask, terms, silent):
    assert joined(ask, [(terms, silent)]) == [SILENT | terms]


def test_all_silent(ask):
    assert joined(ask, [({}, {}), ({}, None), ({"limits": {}}, {})]) == [SILENT, SILENT, SILENT]


@pytest.mark.parametrize("where", ["detectors", "columns"])
def test_the_stricter_strategy_wins(ask, where):
    pairs = list(itertools.product(STRENGTH, STRENGTH))
    answers = joined(ask, [({"mask": {where: {"x": left}}}, {"mask": {where: {"x": right}}}) for left, right in pairs])
    assert [answer["mask"][where] for answer in answers] == [{"x": min(pair, key=STRENGTH.index)} for pair in pairs]


def test_masks_of_different_names_add_up(ask):
    (answer,) = joined(ask, [({"mask": {"detectors": {"iban": "label"}}}, {"mask": {"columns": {"pan": "partial"}}})])
    assert answer["mask"] == {"detectors": {"iban": "label"}, "columns": {"pan": "partial"}, "mode": "enforce"}


def test_every_detector_includes_the_named(ask):
    star, named = {"mask": {"detectors": {"*": "redact"}}}, {"mask": {"detectors": {"iban": "partial"}}}
    (answer,) = joined(ask, [(star, named)])
    assert answer["mask"]["detectors"] == {"*": "redact", "iban": "redact"}


def test_a_rule_may_name_an_exception_to_its_own_star(ask):
    own = {"mask": {"detectors": {"*": "redact", "email": "partial"}}}
    (answer,) = joined(ask, [(own, {})])
    assert answer["mask"]["detectors"] == {"*": "redact", "email": "partial"}


@pytest.mark.parametrize(
    ("left", "right", "mode"),
    [
        ("enforce", "enforce", "enforce"),
        ("enforce", "detect", "enforce"),
        ("detect", "detect", "detect"),
        (None, "detect", "enforce"),
        (None, None, "enforce"),
    ],
)
def test_enforce_over_detect(ask, left, right, mode):
    masks = [{"mask": {"detectors": {"iban": "label"}} | ({"mode": word} if word else {})} for word in (left, right)]
    (answer,) = joined(ask, [tuple(masks)])
    assert answer["mask"]["mode"] == mode


@pytest.mark.parametrize(
    ("left", "right", "limits"),
    [
        ({"timeout_s": 5}, {"timeout_s": 30}, {"timeout_s": 5}),
        ({"output_bytes": 1024}, {"output_bytes": 200}, {"output_bytes": 200}),
        ({"timeout_s": 5}, {"output_bytes": 200}, {"timeout_s": 5, "output_bytes": 200}),
        (
            {"timeout_s": 5, "output_bytes": 200},
            {"timeout_s": 4, "output_bytes": 300},
            {"timeout_s": 4, "output_bytes": 200},
        ),
        ({"on_expiry": "cut"}, {"on_expiry": "cut"}, {"on_expiry": "cut"}),
        ({"on_expiry": "cut"}, {"on_expiry": "finish"}, {"on_expiry": "cut"}),
        ({"on_expiry": "finish"}, {"on_expiry": "finish"}, {"on_expiry": "finish"}),
        ({"on_expiry": "cut"}, {"timeout_s": 7}, {"on_expiry": "cut", "timeout_s": 7}),
    ],
)
def test_the_smaller_limit_wins(ask, left, right, limits):
    (answer,) = joined(ask, [({"limits": left}, {"limits": right})])
    assert answer["limits"] == limits


@pytest.mark.parametrize(
    ("left", "right", "env"),
    [
        (["B", "A"], ["A", "B"], ["A", "B"]),
        (["A", "B"], ["B", "C"], ["B"]),
        (["A"], ["B"], []),
        (["A"], [], []),
        ([], [], []),
    ],
)
def test_environment_is_the_intersection(ask, left, right, env):
    (answer,) = joined(ask, [({"env": left}, {"env": right})])
    assert answer["env"] == env


def test_same_credential_is_one(ask):
    terms = {"credential": {"name": "payments-ro", "ttl_s": 60}}
    explicit = {"credential": {"name": "payments-ro", "ttl_s": 60, "delivery": "proxy"}}
    (answer,) = joined(ask, [(terms, explicit)])
    assert answer["credential"] == explicit["credential"]


@pytest.mark.parametrize("change", [{"name": "payments-rw"}, {"ttl_s": 61}, {"delivery": "env"}])
def test_different_credentials_are_denied(ask, change):
    terms = {"name": "payments-ro", "ttl_s": 60, "delivery": "proxy"}
    for answer in decided(ask, both_orders([({"credential": terms}, {"credential": terms | change})])):
        assert answer["effect"] == "deny"
        assert answer["obligations"] == SILENT
        assert {rule["id"]: rule["effect"] for rule in answer["rules"]} == {
            "alpha": "allow",
            "omega": "allow",
            "policy.conflict": "deny",
        }


DBA = {"groups": ["dba"], "count": 1, "ttl_s": 3600}
SECURITY = {"groups": ["security"], "count": 1, "ttl_s": 3600}
EITHER = {"groups": ["dba", "security"], "count": 2, "ttl_s": 60}
RETTE = {"groups": ["security", "dba", "dba"], "count": 2, "ttl_s": 60}


@pytest.mark.parametrize(
    ("left", "right", "terms"),
    [
        ([DBA], [DBA], [DBA]),
        ([DBA], [SECURITY], [DBA, SECURITY]),
        ([DBA, SECURITY], [DBA], [DBA, SECURITY]),
        ([EITHER], [RETTE], [EITHER]),
        ([DBA], [DBA | {"ttl_s": 60}], [DBA | {"ttl_s": 60}, DBA]),
    ],
)
def test_every_entry_of_the_terms_must_be_met(ask, left, right, terms):
    holds = [[{"id": "x", "message": "", "obligations": {"approval": entries}}] for entries in (left, right)]
    inputs = [{"rules": {"alpha": {"hold": one}, "omega": {"hold": other}}} for one, other in (holds, reversed(holds))]
    for answer in decided(ask, inputs):
        assert answer["effect"] == "hold"
        assert answer["obligations"]["approval"] == terms
