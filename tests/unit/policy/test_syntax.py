from jumphost.policy.syntax import Call, Reference, declared, replaced, uses
from jumphost.testing.policies import rule
from jumphost.testing.review import parsed

BODY = """
import data.jumphost.command as cmd

p[k].é["x"] := v if {
	some i, "k"
	some a, [b] in input.x[i].y
	c := count(data.m[a])[0]
	every d, e in cmd.f(c) { d == e }
	walk(input, [k, v]) with input.a as 1
} else := c

f(x, {"k": y}) := x + y
"""


def test_a_module_is_read() -> None:
    (source,) = parsed({"é.rego": rule("policies.lib.x", BODY.replace('some i, "k"', "some i").replace(".é[", ".e["))})
    assert (source.path, source.package) == ("é.rego", ("policies", "lib", "x"))
    assert source.imported("rego.v1")
    assert not source.imported("rego.v2")
    assert source.imports["cmd"] == ("data", "jumphost", "command")
    value, function = source.rules
    assert (value.kind, value.name, value.parts) == ("value", ("p",), ("p", None, "e", "x"))
    assert [body.otherwise for body in value.bodies] == [False, True]
    assert (function.kind, function.name, len(function.args)) == ("function", ("f",), 2)
    assert {name for name, _ in declared(source, value)} == {"i", "a", "b", "c", "d", "e"}
    assert [name for name, _ in declared(source, function)] == ["x", "y"]
    used = list(uses(value.all))
    assert {one.name for one in used if isinstance(one, Call)} == {"count", "cmd.f", "walk"}
    paths = {(one.root, one.path) for one in used if isinstance(one, Reference) and one.path}
    assert paths == {("input", ("x", None, "y")), ("data", ("m", None)), ("input", ("a",))}
    assert [(one.root, one.path) for one in replaced(value.all)] == [("input", ("a",))]
