"""Profiles of a site beside those that are shipped."""

from pathlib import Path

import pytest

from jumphost.errors import Code, Problem, Problems
from jumphost.policy import profiles
from jumphost.testing.profiles import EXAMPLES

MINE = f"mine:\n  summary: of this site\n{EXAMPLES}"


def test_the_shipped_ones_are_read_once() -> None:
    assert profiles.shipped()["echo"].summary == "prints its operands"
    assert profiles.shipped() is profiles.shipped()
    assert len(profiles.shipped_digest()) == 32


def test_a_file_that_is_no_yaml_is_a_problem() -> None:
    problems: list[Problem] = []
    assert profiles.read(b"x: [", "f.yaml", problems) == {}
    assert [(one.file, one.code) for one in problems] == [("f.yaml", "syntax.yaml")]


def test_each_program_is_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MINE)
    (tmp_path / "b.yml").write_text(MINE)
    (tmp_path / "README.md").write_text("x: [")
    problems: list[Problem] = []
    found = profiles.load(tmp_path, problems)
    assert found["mine"].file == str(tmp_path / "a.yaml")
    (problem,) = problems
    assert (problem.file, problem.line, problem.code) == (str(tmp_path / "b.yml"), 1, "data.overlap")
    assert problem.message == f"got a profile of mine again, expected it once: {tmp_path / 'a.yaml'}:1 has it"


def test_a_file_may_be_named_itself(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MINE)
    problems: list[Problem] = []
    assert [*profiles.load(tmp_path / "a.yaml", problems)] == ["mine"]
    assert profiles.load(tmp_path / "none.yaml", problems) == {}
    assert [(one.code, one.message) for one in problems] == [("root.file", "cannot be read: No such file or directory")]


def test_a_site_adds_to_the_shipped_ones(tmp_path: Path) -> None:
    assert profiles.with_shipped(tmp_path) == profiles.shipped()
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text(MINE)
    found = profiles.with_shipped(tmp_path)
    assert found.keys() - profiles.shipped().keys() == {"mine"}
    assert "mine" not in profiles.shipped()


def test_a_site_redefines_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text(MINE.replace("mine", "echo"))
    with pytest.raises(Problems) as caught:
        profiles.with_shipped(tmp_path)
    assert caught.value.code is Code.POLICY_INVALID
    assert [(one.key, one.code) for one in caught.value.problems] == [("echo", "data.overlap")]


def test_shipped_ones_that_are_wrong_stop_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.yaml").write_text("x: 1")
    monkeypatch.setattr(profiles, "shipped_folder", lambda: tmp_path)
    with pytest.raises(Problems):
        profiles.shipped.__wrapped__()
