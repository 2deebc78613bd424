"""References to what no request has."""

import pytest

from jumphost.testing.policies import rule
from jumphost.testing.review import reviewed


def found(body: str, package: str = "policies.lib.x") -> list[str]:
    return [one.message for one in reviewed({"x.rego": rule(package, body)}) if one.code == "schema.input"]


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("p if input.commnd", "input.commnd"),
        ('p if input["commnd"]', "input.commnd"),
        ("p if input.command.cannonical", "input.command.cannonical"),
        ("p if input.identity.groups.dba", "input.identity.groups.dba"),
        ("p if input.pty.x", "input.pty.x"),
        ("p if input.command.commands[_].programm", "input.command.commands[_].programm"),
        ("p if input.command.commands[0].programm", "input.command.commands[_].programm"),
        ("p if { some c in input.command.commands; c.programm }", "c.programm"),
        ("p if { c := input.command; c.raww }", "c.raww"),
        ("p if { some c in input.command.commands; some w in c.argv; w.vv }", "w.vv"),
        ("p if { every c in input.command.commands { c.program == input.nme } }", "input.nme"),
    ],
)
def test_an_unknown_name_is_a_finding(body: str, written: str) -> None:
    (message,) = found(body)
    assert message.startswith(f"got {written}, which no request has, expected one of ")


@pytest.mark.parametrize(
    "body",
    [
        "p if input.command.commands[_].program",
        'p if input.identity.claims["any"]',
        "p if input.target.labels.env",
        "p if input.env.LANG",
        "p if { some c in input.command.commands; c.profile.flags.anything }",
        "p if { some name, value in input.env; name == value }",
        "f(input_) if input_.anything",
        "p if { some c in data.policies.data.list; c.anything }",
        "p if { some c in array.concat(input.command.commands, []); c.anything }",
        "q if { c := input.command; c.raw }\n\np if { c := data.policies.data; c.raww }",
        "p if { x := [c | some c in input.command.commands]; some c in x; c.anything }",
    ],
)
def test_what_may_be_there_is_none(body: str) -> None:
    assert found(body) == []


def test_the_library_may_be_asked_other_things() -> None:
    assert found("p if input.anything", "jumphost.x") == []
