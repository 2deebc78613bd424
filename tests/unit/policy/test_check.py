from pathlib import Path

import pytest

from jumphost.policy import bundle, pool
from jumphost.policy.check import check
from jumphost.testing.policies import rule, write_bundle

ALLOW = 'allow contains {"id": "a.b.c", "message": "", "obligations": {}} if input.operation == "exec"'
GOOD = rule("policies.rules.a.b", ALLOW)


async def found(*paths: Path) -> list[tuple[str, int, str]]:
    return [(Path(one.file).name, one.line, one.code) for one in await check(paths)]


async def test_a_good_bundle_has_no_findings(tmp_path: Path) -> None:
    files = {"rules/b.rego": GOOD, "rules/b_test.rego": rule("policies.rules.a.b_test", "test_x if true")}
    assert await found(write_bundle(tmp_path, files)) == []


async def test_what_is_shipped_has_none() -> None:
    assert await found(bundle.library(), bundle.library().parent.parent / "policies") == []


async def test_all_findings_come_at_once_in_order(tmp_path: Path) -> None:
    write_bundle(
        tmp_path,
        {
            "rules/a.rego": rule("policies.rules.a.a", "x :="),
            "rules/b.rego": rule("jumphost.main", ""),
            "rules/c_test.rego": rule("policies.rules.a.c_test", "x := ]"),
            "tests/decisions/t.yaml": "- 1\n",
            "data.json": "{}",
        },
    )
    assert await found(tmp_path) == [
        ("data.json", 0, "data.place"),
        ("a.rego", 7, "syntax.rego"),
        ("b.rego", 1, "root.package"),
        ("c_test.rego", 6, "syntax.rego"),
        ("t.yaml", 1, "schema.value"),
    ]


async def test_a_bundle_that_has_no_valid_answer_is_a_finding(tmp_path: Path) -> None:
    broken = rule("policies.rules.a.b", 'allow contains x if { x := regex.match("(", input.operation) }')
    problems = await check([write_bundle(tmp_path, {"rules/b.rego": broken})])
    assert [problem.code for problem in problems] == ["schema.decision"]
    assert "b.rego:6" in problems[0].message


async def test_files_and_folders_are_looked_at_without_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "good.rego").write_text(GOOD)
    (tmp_path / "deep" / "bad.rego").write_text(rule("policies.rules.a.x", "x :="))
    (tmp_path / "deep" / "x_test.rego").write_text(rule("policies.rules.a.x_test", ""))
    (tmp_path / "other.txt").write_text("x")
    assert await found(tmp_path) == [("bad.rego", 7, "syntax.rego")]
    assert await found(tmp_path / "good.rego") == []
    assert await found(tmp_path / "good.rego", tmp_path / "deep" / "bad.rego") == [("bad.rego", 7, "syntax.rego")]


async def test_what_is_not_there_is_a_finding(tmp_path: Path) -> None:
    assert await found(tmp_path / "none") == [("none", 0, "root.file")]


async def test_a_folder_without_rego_has_none(tmp_path: Path) -> None:
    assert await found(tmp_path) == []


async def test_a_text_that_hangs_the_parser_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "START_S", 1.5)
    (tmp_path / "slow.rego").write_text(rule("policies.lib.x", f"x := {'[' * 40}1{']' * 40}"))
    problems = await check([tmp_path])
    assert [problem.code for problem in problems] == ["syntax.rego"]
    assert "TimeoutError" in problems[0].message
