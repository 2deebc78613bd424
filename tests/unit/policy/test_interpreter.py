import json

import pytest

from jumphost.errors import Problem
from jumphost.policy.interpreter import Interpreter, Undefined, explain
from jumphost.policy.protocol import Module
from jumphost.testing.policies import main_only, rule


def interpreter(body: str, data: bytes = b"{}") -> Interpreter:
    made = Interpreter(main_only(body).modules, data)
    assert made.problems == []
    return made


def test_the_value_of_the_entrypoint_comes_as_json() -> None:
    made = interpreter('decision := {"a": input.a, "d": data.x.y, "s": {1, 2}}', b'{"x": {"y": [1]}}')
    assert json.loads(made.evaluate(b'{"a": "\xc3\xa9"}')) == {"a": "é", "d": [1], "s": [1, 2]}


@pytest.mark.parametrize(("body", "value"), [("decision := null", None), ("decision := false", False)])
def test_null_and_false_are_values(body: str, value: object) -> None:
    assert json.loads(interpreter(body).evaluate(b"{}")) is value


@pytest.mark.parametrize("body", ["decision := 1 if input.missing", "other := 1"])
def test_undefined_is_told_apart(body: str) -> None:
    with pytest.raises(Undefined):
        interpreter(body).evaluate(b"{}")


def test_no_evaluation_sees_the_input_of_another() -> None:
    made = interpreter("decision := input")
    assert json.loads(made.evaluate(b'{"who": "a"}')) == {"who": "a"}
    with pytest.raises(RuntimeError):
        made.evaluate(b'{"who": ')
    with pytest.raises(Undefined):
        interpreter("decision := input.who").evaluate(b"{}")
    assert json.loads(made.evaluate(b'{"who": "b"}')) == {"who": "b"}


def test_overrides_and_refusals_are_in_force() -> None:
    made = interpreter(r"decision := regex.match(`^\d$`, input.text)")
    assert made.evaluate('{"text": "٣"}'.encode()) == b"false", "RE2's classes are ASCII"
    with pytest.raises(RuntimeError, match=r"time\.now_ns is not available to policies"):
        interpreter("decision := time.now_ns()").evaluate(b"{}")


def test_every_module_that_cannot_be_read_is_a_problem_with_its_line() -> None:
    modules = [
        Module("a.rego", "policies.a", rule("policies.a", "x := ")),
        Module("b.rego", "policies.b", rule("policies.b", "x := 1")),
        Module("c.rego", "policies.c", rule("policies.c", "x if {\n\t]\n}")),
    ]
    problems = Interpreter(modules, b"{}").problems
    assert [(one.file, one.line, one.code) for one in problems] == [
        ("a.rego", 7, "syntax.rego"),
        ("c.rego", 7, "syntax.rego"),
    ]


def test_a_package_other_than_the_head_says_is_a_problem() -> None:
    module = Module("a.rego", "policies.rules.a", rule("jumphost.main", "decision := 1"))
    message = "got the package data.jumphost.main, expected data.policies.rules.a as its header says"
    assert Interpreter([module], b"{}").problems == [Problem("a.rego", 1, "package", message, code="root.package")]


def test_a_package_that_another_file_has_too_is_seen_as_well() -> None:
    modules = [
        Module("a.rego", "jumphost.main", rule("jumphost.main", "decision := 1")),
        Module("b.rego", "policies.rules.b", rule("jumphost.main", "decision := 2")),
    ]
    assert [problem.file for problem in Interpreter(modules, b"{}").problems] == ["b.rego"]


def test_what_only_shows_when_rules_are_put_in_order_is_a_problem_too() -> None:
    problems = Interpreter(main_only("decision := 1 if missing > 1").modules, b"{}").problems
    assert [(one.file, one.line, one.code) for one in problems] == [("main.rego", 6, "syntax.rego")]


def test_an_error_is_told_without_source_and_stack() -> None:
    error = RuntimeError(
        "\n--> p/x.rego:12:29\n  |\n12 | secret\n  | ^\nerror: no such thing\n\nStack backtrace:\n 0: x"
    )
    assert explain(error) == ("p/x.rego", 12, "no such thing")
    assert explain(RuntimeError("plain")) == ("", 0, "plain")
