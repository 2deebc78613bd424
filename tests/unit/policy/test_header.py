import pytest

from jumphost.errors import Problem
from jumphost.policy.header import read_module
from jumphost.policy.protocol import Module

IMPORTS = "import rego.v1\nimport future.keywords.not\n"


def read(text: str | bytes, *, roots: tuple[str, ...] = ("policies",), test: bool = False) -> Module | list[Problem]:
    problems: list[Problem] = []
    data = text.encode() if isinstance(text, str) else text
    module = read_module("a.rego", data, roots, problems, test=test)
    return problems or module or []


@pytest.mark.parametrize(
    "text",
    [
        f"package policies.rules.a.b\n{IMPORTS}",
        f"# METADATA\n\npackage policies.rules.a.b # why\n\n# then\n{IMPORTS}import data.jumphost.result as r\n",
        f"\tpackage policies.rules.a.b\r\n{IMPORTS}",
        "package policies.rules.a.b\nimport rego.v1\nx := 1\n",
        'package policies.rules.a.b\nimport rego.v1\nx := "do not" # not\ny := `not\n`\n',
    ],
)
def test_a_plain_head_is_read(text: str) -> None:
    assert read(text) == Module("a.rego", "policies.rules.a.b", text)


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        (b"package a\xff", 1, "syntax.header"),
        ("", 0, "syntax.header"),
        ("# nothing\n", 0, "syntax.header"),
        (f"{IMPORTS}package policies.rules.a.b\n", 1, "syntax.header"),
        ('package policies["rules"].a\n', 1, "syntax.header"),
        ("package policies.rules . a\n", 1, "syntax.header"),
        ("package  policies.rules.a\n", 1, "syntax.header"),
        ("package policies.rules.a; import rego.v1\n", 1, "syntax.header"),
        ("package policies.rules.A\n", 1, "syntax.header"),
        ("package policies.rules.é\n", 1, "syntax.header"),
        (f"package jumphost.main\n{IMPORTS}", 1, "root.package"),
        (f"package policiesx.rules\n{IMPORTS}", 1, "root.package"),
        (f"package policies\n{IMPORTS}", 1, "data.overlap"),
        (f"package policies.data\n{IMPORTS}", 1, "data.overlap"),
        (f"package policies.data.readonly\n{IMPORTS}", 1, "data.overlap"),
        (f"\n\npackage policies.rules.a.b_test\n{IMPORTS}", 3, "root.test"),
        (f"package policies.rules.a\n{IMPORTS}", 1, "root.rule"),
        (f"package policies.rules\n{IMPORTS}", 1, "root.rule"),
        (f"package policies.rules.a.b.c\n{IMPORTS}", 1, "root.rule"),
    ],
)
def test_any_other_is_a_finding_with_its_line(text: str | bytes, line: int, code: str) -> None:
    problems = read(text)
    assert isinstance(problems, list)
    assert [(problem.line, problem.code) for problem in problems] == [(line, code)]


def test_a_test_may_be_in_a_package_of_tests() -> None:
    for package in ("policies.rules.a.b_test", "policies.rules.helper"):
        module = read(f"package {package}\n{IMPORTS}", test=True)
        assert isinstance(module, Module)
        assert module.test


def test_roots_may_be_narrower_than_the_first_name() -> None:
    roots = ("policies/rules/a", "policies/rules/b")
    assert isinstance(read(f"package policies.rules.b.x\n{IMPORTS}", roots=roots), Module)
    problems = read(f"package policies.rules.c.x\n{IMPORTS}", roots=roots)
    assert isinstance(problems, list)
    assert "below policies.rules.a or policies.rules.b" in problems[0].message
