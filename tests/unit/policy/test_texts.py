"""Answers that OPA 1.22.2 gives to the same calls; tests/conformance asks it again where it is installed."""

from typing import Any

import pytest

from jumphost.policy.texts import OVERRIDES


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("floor", [1.5], 1),
        ("floor", [-2], -2),
        ("ceil", [1.5], 2),
        ("ceil", [0], 0),
        ("indexof", ["aéb", "b"], 2),
        ("indexof", ["a", "b"], -1),
        ("indexof_n", ["aaa", "aa"], [0, 1]),
        ("replace", ["a.b", ".", ""], "ab"),
        ("lower", ["DROP"], "drop"),
        ("lower", ["É😀Σ"], "é😀σ"),
        ("upper", ["drop"], "DROP"),
        ("upper", ["éς"], "ÉΣ"),
        ("sprintf", ["%s is %d%%, %v", ["a", 5, True]], "a is 5%, true"),
        ("sprintf", ["%v %v %v", ["a", 1, None]], "a 1 null"),
        ("sprintf", ["plain", []], "plain"),
    ],
)
def test_as_opa_answers(name: str, arguments: list[Any], expected: Any) -> None:
    count, function = OVERRIDES[name]
    assert count == len(arguments)
    assert function(*arguments) == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("floor", [-0.5]),
        ("ceil", [-0.5]),
        ("floor", ["1"]),
        ("ceil", [True]),
        ("indexof", ["a", ""]),
        ("indexof_n", ["a", ""]),
        ("replace", ["a", "", "b"]),
        ("replace", ["a", "b", 1]),
        ("lower", ["İ"]),
        ("upper", ["ß"]),
        ("upper", [1]),
        ("sprintf", ["%s", [1]]),
        ("sprintf", ["%d", ["a"]]),
        ("sprintf", ["%d", [True]]),
        ("sprintf", ["%5d", [1]]),
        ("sprintf", ["%v", [[1]]]),
        ("sprintf", ["%v", [1.5]]),
        ("sprintf", ["%s %s", ["a"]]),
        ("sprintf", ["%s", ["a", "b"]]),
        ("sprintf", ["100%", []]),
        ("sprintf", ["%s", "a"]),
    ],
)
def test_what_has_no_certain_answer_is_an_error(name: str, arguments: list[Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        OVERRIDES[name][1](*arguments)
