"""Names, arguments, rings and clashes over all modules."""

import pytest

from jumphost.testing.policies import rule
from jumphost.testing.review import reviewed

OTHER = rule("policies.lib.other", "f(a) := a\n\nflag if input.pty\n\np contains 1")


def found(body: str, *, whole: bool = True) -> list[tuple[int, str]]:
    modules = {"x.rego": rule("policies.lib.x", f"import data.policies.lib.other\n\n{body}"), "y.rego": OTHER}
    return [(one.line, one.code.removeprefix("portable.")) for one in reviewed(modules, whole=whole)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("p if other.g(1)", "unknown"),
        ("p if data.policies.lib.other.g(1)", "unknown"),
        ("p if data.policies.lib.none.g(1)", "unknown"),
        ("p if other.flag(1)", "unknown"),
        ("p if other.f(1, 2)", "arity"),
        ("p if other.f()", "arity"),
        ("f(a) := a\np if f(1, 2)", "arity"),
        ("p if startswith(input.id)", "arity"),
        ('p if startswith(input.id, "a", x)', "arity"),
        ("p := q\nq := p", "recursion"),
        ("f(a) := f(a)", "recursion"),
        ("p contains x if { some x in data.policies.lib[_].p }", "recursion"),
        ("p := data.policies.lib.x", "recursion"),
        ("default p := 1\ndefault p := 2", "default"),
        ("default f(_) := 1\nf(a, b) := a if b", "clash"),
        ("default p := 1\np(a) := a", "clash"),
        ("p := 1\np(a) := a", "clash"),
        ("f(a) := a\nf(a, b) := a if b", "clash"),
        ("p contains 1\np := 2 if input.pty", "clash"),
        ("p := 1\nq if { p := 2; p == 2 }", "shadow"),
        ("p := 1\nq if { some p in input.identity.groups }", "shadow"),
        ("p := 1\nq if { every p in input.identity.groups { p } }", "shadow"),
        ("p := 1\nf(p) := p", "shadow"),
        ("f(other) := other", "shadow"),
        ("f(a) if a == other.flag", "import_value"),
        ("f(a) := [1 | other.p[a]]", "import_value"),
        ("count := 1", "name"),
        ("startswith(a, b) if a == b", "name"),
        ("time := 1", "name"),
        ("or := 1", "name"),
    ],
)
def test_what_opa_refuses_is_a_finding(body: str, code: str) -> None:
    codes = {one for _, one in found(body)}
    assert code in codes
    assert codes <= {code, "recursion", "import_value"}


@pytest.mark.parametrize(
    "body",
    [
        "p := other.f(1)",
        "p if other.flag",
        "f(a) if a == data.policies.lib.other.flag",
        "f(a) if a == q\nq := 1",
        "p := data.policies.lib.other.f(1)",
        "p := q\nq := other.p",
        "p contains x if { some x in other.p }",
        "p := data.policies.data.anything",
        "default p := 1\np := 2 if input.pty",
        "default f(_) := 1\nf(a) := a if a > 1",
        "f(a) := a if a == 1\nf(a) := 2 if a == 3",
        "p if { x := 1; x == 1 }\nq if { x := 2; x == 2 }",
    ],
)
def test_what_it_takes_is_none(body: str) -> None:
    assert found(body) == []


def test_a_package_that_is_not_there_may_be_elsewhere_unless_all_is_here() -> None:
    body = "p if data.policies.lib.none.g(1)"
    assert found(body) == [(8, "unknown")]
    assert found(body, whole=False) == []


def test_a_rule_where_a_package_is_hides_it() -> None:
    modules = {"x.rego": rule("policies.lib", "other := 1"), "y.rego": OTHER}
    assert [(one.file, one.line, one.code) for one in reviewed(modules)] == [("x.rego", 6, "portable.clash")]


def test_a_package_of_several_files_is_of_functions_with_the_same_imports() -> None:
    modules = {
        "x.rego": rule("policies.lib.x", "import data.policies.lib.other\n\nf(a) if other.f(a)\np if f(1)"),
        "more.rego": rule("policies.lib.x", "import data.policies.lib.last as other\n\ng(a) if other.f(a)"),
        "last.rego": rule("policies.lib.last", "f(a) := a\n\nq if f(1)"),
        "y.rego": OTHER,
    }
    assert [(one.file, one.code) for one in reviewed(modules)] == [
        ("more.rego", "portable.shadow"),
        ("x.rego", "portable.package"),
    ]


def test_two_imports_of_one_name_are_a_finding() -> None:
    text = rule("policies.lib.x", "import data.policies.lib.other\nimport data.policies.lib.y.other\n\np := 1")
    assert [(one.line, one.code) for one in reviewed({"x.rego": text})] == [(7, "portable.shadow")]


def test_a_builtin_that_is_refused_says_what_to_do_instead() -> None:
    (one,) = reviewed({"x.rego": rule("policies.lib.x", "p := time.now_ns()")})
    assert one.fix.startswith("take the time from input.now")
