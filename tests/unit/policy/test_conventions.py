"""Verdicts that nobody would see, and ids that are not what they should be."""

import pytest

from jumphost.testing.policies import rule
from jumphost.testing.review import reviewed

OBJECT = '{{"id": "{}", "message": "", "obligations": {{}}}}'
GOOD = OBJECT.format("a.b.c")


def found(body: str, package: str = "policies.rules.a.b") -> list[str]:
    return [one.code for one in reviewed({"x.rego": rule(package, body)})]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("allow if input.pty", "schema.rule"),
        (f"deny := {GOOD}", "schema.rule"),
        (f"hold := [{GOOD}] if input.pty", "schema.rule"),
        (f"deny.all contains {GOOD}", "schema.rule"),
        (f"all.deny contains {GOOD}", "schema.rule"),
        (f"denny contains {GOOD}", "schema.name"),
        (f"allows contains {GOOD}", "schema.name"),
        (f"dney contains {GOOD}", "schema.name"),
        (f"holds contains {GOOD}", "schema.name"),
        (f"deny contains {OBJECT.format('a.b')}", "id.form"),
        (f"deny contains {OBJECT.format('a.x.c')}", "id.form"),
        (f"deny contains {OBJECT.format('a.b.c.d')}", "id.form"),
        (f"deny contains {OBJECT.format('a.b.ä')}", "id.form"),
        (f"allow contains {GOOD}\ndeny contains {GOOD}", "id.duplicate"),
        ('import data.jumphost.result\n\ndeny contains v if { v := result.deny("x", "") }', "id.form"),
        ('import data.jumphost.result as r\n\ndeny contains v if { v := r.deny("x", "") }', "id.form"),
        ('deny contains v if { v := data.jumphost.result.deny("x", "") }', "id.form"),
    ],
)
def test_what_is_wrong_is_a_finding(body: str, code: str) -> None:
    codes = [one for one in found(body) if one != "portable.unknown"]
    assert codes == [code]


@pytest.mark.parametrize(
    "body",
    [
        f"allow contains {GOOD}",
        f"deny contains {GOOD} if input.pty\n\nallow contains {OBJECT.format('a.b.other')}",
        f"deny contains v if {{ some x in [1, 2]; x == 1; v := {GOOD} }}",
        "denied if input.pty\n\nallowed if input.pty\n\nholding := 1",
        'named := {"id": "x"}',
    ],
)
def test_what_is_right_is_none(body: str) -> None:
    assert found(body) == []


def test_elsewhere_names_are_free() -> None:
    assert found('allow if input.pty\n\nx := {"id": "y", "message": ""}', "policies.lib.x") == []
