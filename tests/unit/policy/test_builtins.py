"""The expected values are those of OPA 1.22.2; tests/conformance asks it where it is installed."""

from typing import Any

import pytest
import re2

from jumphost.policy import builtins
from jumphost.policy.builtins import FORBIDDEN, OVERRIDES
from jumphost.testing.rego import WITHOUT_OPA, Opa, opa_installed

CASES: list[tuple[str, tuple[Any, ...], Any]] = [
    ("regex.match", ("^a+$", "aaa"), True),
    ("regex.match", ("a", "xay"), True),
    ("regex.match", ("^a$", "a\n"), False),
    ("regex.match", (r"^\d$", "٣"), False),
    ("regex.match", (r"^\w$", "é"), False),
    ("regex.match", (r"^\s$", "\u00a0"), False),
    ("regex.match", ("(?i)^É$", "é"), True),
    ("regex.match", ("", ""), True),
    ("regex.match", (r"^\pL$", "é"), True),
    ("regex.is_valid", ("(",), False),
    ("regex.is_valid", (r"(?=x)",), False),
    ("regex.is_valid", ("a|b",), True),
    ("regex.is_valid", (5,), False),
    ("regex.find_n", ("a.", "abacad", 2), ["ab", "ac"]),
    ("regex.find_n", ("a.", "abacad", -1), ["ab", "ac", "ad"]),
    ("regex.find_n", ("a.", "abacad", 0), []),
    ("regex.find_n", ("a*", "baac", -1), ["", "aa", ""]),
    ("regex.find_n", ("x*", "é", -1), ["", ""]),
    ("regex.find_n", ("^a", "aaa", -1), ["a"]),
    ("regex.find_all_string_submatch_n", ("a(x*)b", "-axxb-ab-", -1), [["axxb", "xx"], ["ab", ""]]),
    ("regex.find_all_string_submatch_n", ("(a)|(b)", "ab", -1), [["a", "a", ""], ["b", "", "b"]]),
    ("regex.find_all_string_submatch_n", ("a", "aaa", 1), [["a"]]),
    ("regex.split", ("a", "banana"), ["b", "n", "n", ""]),
    ("regex.split", ("a", ""), [""]),
    ("regex.split", ("", ""), []),
    ("regex.split", ("", "abc"), ["a", "b", "c"]),
    ("regex.split", ("z+", "pizza"), ["pi", "a"]),
    ("regex.split", ("x", "abc"), ["abc"]),
    ("regex.split", ("^", "ab"), ["ab"]),
    ("regex.replace", ("-ab-axxb-", "a(x*)b", "T"), "-T-T-"),
    ("regex.replace", ("-ab-axxb-", "a(x*)b", "$1"), "--xx-"),
    ("regex.replace", ("-ab-axxb-", "a(x*)b", "$1W"), "---"),
    ("regex.replace", ("-ab-axxb-", "a(x*)b", "${1}W"), "-W-xxW-"),
    ("regex.replace", ("-ab-axxb-", "a(?P<in>x*)b", "${in}$$"), "-$-xx$-"),
    ("regex.replace", ("ab", "a(x)?b", "[$1]"), "[]"),
    ("regex.replace", ("ab", "a", "$9$x$"), "$b"),
    ("regex.replace", ("baac", "a*", "-"), "-b-c-"),
    ("net.cidr_contains", ("10.0.0.0/8", "10.1.2.3"), True),
    ("net.cidr_contains", ("10.0.0.0/8", "11.1.2.3"), False),
    ("net.cidr_contains", ("10.0.0.0/8", "10.1.0.0/16"), True),
    ("net.cidr_contains", ("10.1.0.0/16", "10.0.0.0/8"), False),
    ("net.cidr_contains", ("10.9.8.7/8", "10.1.2.3"), True),
    ("net.cidr_contains", ("10.0.0.0/8", "::ffff:10.1.1.1"), True),
    ("net.cidr_contains", ("::/0", "::ffff:10.1.1.1"), False),
    ("net.cidr_contains", ("2001:db8::/32", "2001:DB8::1"), True),
    ("net.cidr_contains", ("10.0.0.0/8", "2001:db8::1"), False),
    ("net.cidr_intersects", ("10.0.0.0/8", "10.1.0.0/16"), True),
    ("net.cidr_intersects", ("10.0.0.0/16", "10.1.0.0/16"), False),
    ("net.cidr_is_valid", ("10.0.0.0/8",), True),
    ("net.cidr_is_valid", ("10.0.0.0/33",), False),
    ("net.cidr_is_valid", ("10.0.0.1",), False),
    ("net.cidr_is_valid", (7,), False),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), CASES, ids=[f"{c[0]}{c[1]}" for c in CASES])
def test_it_answers_as_opa_does(name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    count, function = OVERRIDES[name]
    assert count == len(arguments)
    assert function(*arguments) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("regex.match", ("(", "x"), re2.error),
        ("regex.match", ("x", 5), TypeError),
        ("regex.match", (5, "x"), TypeError),
        ("regex.match", (r"(?<=a)b", "ab"), re2.error),
        ("regex.replace", ("x", "x", 5), TypeError),
        ("regex.find_n", ("(", "x", 1), re2.error),
        ("net.cidr_contains", ("10.0.0.0", "10.0.0.0"), ValueError),
        ("net.cidr_contains", ("10.0.0.0/8", "somewhere"), ValueError),
        ("net.cidr_contains", ("10.0.0.0/+8", "10.0.0.1"), ValueError),
        ("net.cidr_contains", ("10.0.0.0/255.0.0.0", "10.0.0.1"), ValueError),
        ("net.cidr_contains", ("fe80::/10", "fe80::1%eth0"), ValueError),
        ("net.cidr_contains", (None, "10.0.0.1"), TypeError),
        ("net.cidr_intersects", ("10.0.0.0/8", "10.0.0.1"), ValueError),
    ],
)
def test_what_opa_calls_an_error_raises(name: str, arguments: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        OVERRIDES[name][1](*arguments)


def test_a_pattern_that_backtracks_elsewhere_is_linear_here() -> None:
    assert builtins.regex_match("^(a+)+$", "a" * 50_000 + "b") is False


def test_a_pattern_of_any_size_is_refused_rather_than_built() -> None:
    with pytest.raises(re2.error):
        builtins.regex_match("(x{1000}){1000}", "x")


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_is_forbidden_says_so(name: str) -> None:
    with pytest.raises(PermissionError, match=f"{name} is not available to policies"):
        builtins.forbidden(name)(*range(FORBIDDEN[name]))


def test_nothing_is_both_forbidden_and_overridden() -> None:
    assert not FORBIDDEN.keys() & OVERRIDES.keys()


def test_opa_gives_these_very_answers() -> None:
    if not opa_installed():
        pytest.skip(WITHOUT_OPA)
    for name in OVERRIDES:
        cases = [case for case in CASES if case[0] == name]
        call = f"{name}({', '.join(f'input[{index}]' for index in range(OVERRIDES[name][0]))})"
        assert Opa({}).ask(call, [arguments for _, arguments, _ in cases]) == [expected for *_, expected in cases]
