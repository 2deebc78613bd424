"""Which rule nearly allowed, and where it stopped; where rules stand."""

import json

import pytest

from jumphost.policy.header import read_module
from jumphost.policy.interpreter import Interpreter
from jumphost.policy.nearest import MOST, Near, nearest, places

MAIN = """package jumphost.main
import rego.v1
decision := {v | some o, r; some v in data.policies.rules[o][r].allow} | {v | some v in data.policies.rules.a.b.deny}
"""
RULES = """package policies.rules.a.b
import rego.v1
import data.jumphost.result

allow contains verdict if {
	input.a == 1
	every x in input.xs {
		x > 0
	}
	input.b == 1
	verdict := result.allow("a.b.long", "m", {})
}

allow contains verdict if {
	input.c == 1
	verdict := {"id": "a.b.short", "message": "m", "obligations": {}}
}

deny contains verdict if {
	input.a == 1
	input.b == 2
	verdict := result.deny("a.b.no", "m")
}
"""
RESULT = """package jumphost.result
import rego.v1
allow(id, message, obligations) := {"id": id, "message": message, "obligations": obligations}
deny(id, message) := {"id": id, "message": message, "obligations": {}}
"""


def loaded(*more: str) -> Interpreter:
    texts = {"main.rego": MAIN, "rules.rego": RULES, "result.rego": RESULT}
    texts |= {f"more{number}.rego": text for number, text in enumerate(more)}
    problems: list[object] = []
    modules = [
        read_module(path, text.encode(), ("jumphost", "policies"), problems, test=False) for path, text in texts.items()
    ]
    assert not problems
    interpreter = Interpreter([module for module in modules if module], b"{}")
    assert not interpreter.problems
    return interpreter


def near(document: dict[str, object], *more: str) -> tuple[Near, ...]:
    return nearest(loaded(*more), json.dumps(document).encode())


def test_the_condition_that_stopped_it() -> None:
    (found,) = near({"a": 1, "xs": [1, 0], "b": 1})
    assert found == Near("a.b.long", "rules.rego", 5, 1, 4, 7, "every x in input.xs { x > 0 }")


def test_the_nearest_comes_first() -> None:
    other = RULES.replace("a.b", "a.c").replace("input.b == 1", "input.b == 2")
    found = near({"a": 1, "xs": [1], "b": 2}, other)
    assert [(one.id, one.held) for one in found] == [("a.b.long", 2)]


def test_no_more_than_a_few_are_told() -> None:
    others = [RULES.replace("a.b", f"a.c{number}").replace("a.c" + str(number) + ".no", "x") for number in range(5)]
    assert len(near({"a": 1, "xs": [1], "b": 7}, *others)) == MOST


@pytest.mark.parametrize("document", [{}, {"a": 2}, {"c": 2}])
def test_a_rule_of_which_nothing_holds_is_not_near(document: dict[str, object]) -> None:
    assert near(document) == ()


def test_a_rule_that_matched_is_not_near_nor_is_one_that_denies() -> None:
    assert [one.id for one in near({"c": 1, "a": 1, "xs": []})] == ["a.b.long"]
    assert near({"a": 1, "xs": [], "b": 1}) == ()


def test_places_of_ids() -> None:
    assert places(loaded()) == {
        "a.b.long": ("rules.rego", 5),
        "a.b.short": ("rules.rego", 14),
        "a.b.no": ("rules.rego", 19),
    }
