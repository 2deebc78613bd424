"""Each class in which the engines differ silently is refused; what is alike in both is not."""

import pytest

from jumphost.testing.policies import rule
from jumphost.testing.review import reviewed

FIRST = 6  # the line of the body's first line


def found(body: str, package: str = "policies.lib.x") -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in reviewed({"x.rego": rule(package, body)})]


DIFFERENT = {
    # the head has no value in the last round
    "deny contains data.msg[c] if { some c in input.identity.groups }": "head",
    'p contains {"a": data.msg[c]} if { some c in input.identity.groups }': "head",
    "p contains f(c) if { some c in input.identity.groups }\nf(c) := data.m[c] if c": "head",
    "p[c] := data.msg[c] if { some c in input.identity.groups }": "head",
    "p[data.msg[c]] := 1 if { some c in input.identity.groups }": "head",
    "p contains data.m[input.identity.groups[_]]": "head",
    "p := data.m[x] if { x = input.identity.groups[i]; i > 0 }": "head",
    "p contains data.m[k] if walk(input, [k, v])": "head",
    "f(x) := data.m.q if { x } else := 5": "head",
    "f(x) := 5 if { x } else := data.m.q": "head",
    # walk as a value
    "deny contains v if { [_, v] := walk(input)[_]; v == 1 }": "walk",
    "p if { x := [v | walk(input, [_, v]); v == 1]; y := walk(input); x == y }": "walk",
    "p if walk(input, x)": "walk",
    "p contains v if { walk(input, [_, v]); not data.m[v] }": "walk_not",
    "p contains k if { walk(input, [k, v]); not data.m[v] == 1 }": "walk_not",
    # not
    "p if not {1 | false}": "not_body",
    "p if not {input.pty}": "not_body",
    'p if not {"a": input.pty}': "not_body",
    "p if not [x | x := 1]": "not_body",
    'p if not {"a"}[input.id]': "not_body",
    "p if not x := 1": "not_assign",
    "p if { every x in input.identity.groups { not data.m[x] == 1 } }": "every",
    "p if { every x in [[1]] { count([y | some y in x; not y == 1]) == 0 } }": "every",
    "p if not input.identity.groups[_]": "not_each",
    'p if not input.identity.groups[_] == "a"': "not_each",
    # heads
    "p[k] contains v if { some k, v in input.env }": "map_of_sets",
    "p[q].r contains v if { some q, v in input.env }": "map_of_sets",
    "p[q].r := v if { some q, v in input.env }": "map_of_sets",
    "p if { input.pty } { input.id }": "body",
    # membership with a key
    'p if "k", "v" in {"v"}': "key_in",
    # patterns
    "p if regex.match(`^\\d+$`, input.id)": "regex",
    'p if regex.match("\\\\w", input.id)': "regex",
    "p if regex.replace(input.id, `\\s`, input.id) == input.id": "regex",
    "p if count(regex.split(`x\\b`, input.id)) == 1": "regex",
    'p if glob.match("{a,}x", ["."], input.id)': "glob",
    'p if glob.match("{,a}x", ["."], input.id)': "glob",
    'p if glob.match("{}x", ["."], input.id)': "glob",
    # types
    'p if 1 == "a"': "type",
    "p if [1] != {1}": "type",
    'p := 1 + "a"': "type",
    "p := 0.1 + 0.2": "number",
    "p if input.now.ns > 9007199254740993": "number",
    "p if input.identity.groups < {x | x := 1}": "order",
    'p if {"a": 1} >= input.env': "order",
    # names: `import rego.v1` takes the name v1
    "p contains 1 if { some v1; x := input.identity.groups[v1] }": "shadow",
    "f(v1) := v1": "shadow",
    # with
    "f(x) := x\ng(x) := x\np if f(1) with f as g": "with",
    "p if count([]) == 1 with count as 1": "with",
    # builtins
    "p := strings.replace_n({}, input.id)": "builtin",
    "p if strings.count(input.id, input.id) == 1": "builtin",
    "p := time.add_date(0, 0, 1, 0)": "builtin",
    "p := json.filter(input, [])": "builtin",
    "p if json.is_valid(input.id)": "builtin",
    "p := to_number(input.id)": "builtin",
    "p := semver.compare(input.id, input.id)": "builtin",
    "p := json.marshal(input)": "builtin",
    "p := regex.template_match(input.id, input.id, input.id, input.id)": "builtin",
    'p := http.send({"url": input.id})': "builtin",
    "p := opa.runtime()": "builtin",
    "p := time.now_ns()": "builtin",
    "p := trace(input.id)": "builtin",
    "p := io.jwt.decode(input.id)": "builtin",
    "p := rego.metadata.rule()": "builtin",
    "p if denny(1)": "builtin",
}
ALIKE = [
    "deny contains m if { some c in input.identity.groups; m := data.msg[c] }",
    "p := {data.m[c] | some c in input.identity.groups}",
    "p contains data.m.a",
    "p := input.id if input.pty",
    "p := input.id if { input.pty } else := input.purpose",
    "f(x) := x.name if is_object(x)",
    "p := [data.m[c] | some c in input.identity.groups]",
    "p contains x if walk(input, [_, x])",
    "p contains x if { walk(input, [_, x]); not x == 1; not _known(x) }\n_known(x) if data.m[x]",
    "p if not input.pty",
    "p if not data.m[input.id]",
    "p if not count([x | x := input.identity.groups[_]]) == 1",
    'p if not "a" in input.identity.groups',
    "p if { every x in input.identity.groups { _ok(x) } }\n_ok(x) if not x == 1",
    "p[k] := v if { some k, v in input.env }",
    "p.q contains v if some v in input.identity.groups",
    'p if "v" in {"v"}',
    "p contains k if some k, v in input.env",
    "p if regex.match(`^[0-9]+\\\\d$`, input.id)",
    "p if regex.match(`^[0-9]+\\.$`, input.id)",
    'p if startswith(input.id, "\\\\d")',
    'p if glob.match("{a,b}-*", ["."], input.id)',
    "p if 1 == 2",
    'p if input.id == "a"',
    "p := {1} - {2}",
    "p if input.command.bytes > 0.5",
    "g := input.id\np if g with input.id as 1",
    "p if data.m.x with data.m as {}",
    'p := sprintf("%s", [input.id])',
]


@pytest.mark.parametrize(("body", "code"), DIFFERENT.items())
def test_what_differs_is_refused(body: str, code: str) -> None:
    findings = found(body)
    assert {code for _, code in findings} == {f"portable.{code}"}
    assert all(line >= FIRST for line, _ in findings)


@pytest.mark.parametrize("body", ALIKE)
def test_what_is_alike_is_not(body: str) -> None:
    assert found(body) == []


def test_a_finding_names_its_line_and_a_fix() -> None:
    body = "p := 1\n\nq contains data.m[c] if {\n\tsome c in input.identity.groups\n}"
    (one,) = reviewed({"x.rego": rule("policies.lib.x", body)})
    assert (one.file, one.line, one.code) == ("x.rego", FIRST + 2, "portable.head")
    assert one.fix.startswith("give it a name in the body")


def test_imports_are_needed_where_they_matter() -> None:
    text = "package policies.lib.x\n\n{}p if {}input.pty\n"
    for imports, negated, expected in (
        ("", "", ["import rego.v1"]),
        ("", "not ", ["import future.keywords.not", "import rego.v1"]),
        ("import rego.v1\n", "", []),
        ("import rego.v1\n", "not ", ["import future.keywords.not"]),
        ("import rego.v1\nimport future.keywords.not\n", "not ", []),
    ):
        findings = reviewed({"x.rego": text.format(imports, negated)})
        assert sorted(one.fix for one in findings) == expected
        assert {one.code for one in findings} <= {"portable.import"}
