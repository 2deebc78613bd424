"""What every command shares."""

from pathlib import Path

import pytest
import typer

from jumphost.cli import common
from jumphost.config.create import create_site
from jumphost.errors import Code, Problem, Problems, Refused


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("JUMPHOST_SITE", raising=False)
    return create_site(tmp_path / "site").root


def test_a_site_by_option_before_environment_before_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = create_site(root.parent / "other").root
    here = create_site(root.parent / "here").root
    monkeypatch.chdir(here)
    assert common.open_site(None).root == here
    monkeypatch.setenv("JUMPHOST_SITE", str(other))
    assert common.open_site(None).root == other
    assert common.open_site(root).root == root


def test_no_site_is_a_usage_error(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root.parent)
    with pytest.raises(typer.Exit) as ended:
        common.open_site(None)
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err.startswith(f"jumphost: got no jumphost.yaml in {root.parent}, expected a site")


def test_json_or_text(capsys: pytest.CaptureFixture[str]) -> None:
    common.emit({"name": "é", "list": ("a",)}, as_json=True, text=lambda: print("text"))
    common.emit({}, as_json=False, text=lambda: print("text"))
    assert capsys.readouterr().out == '{"name": "é", "list": ["a"]}\ntext\n'


def test_table_keeps_a_row_on_a_line_and_escapes_cells(capsys: pytest.CaptureFixture[str]) -> None:
    common.table(("id", "text"), [("1", "a\x1b[2J\u202eb"), ("2" * 300, "[bold]漢字")])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].split() == ["id", "text"]
    assert lines[1].split() == ["1", "a\\x1b[2J\\u202eb"]
    assert lines[2] == f"{'2' * 300}  [bold]漢字"
    common.table(("", ""), [])
    assert capsys.readouterr().out == ""


def test_escaping() -> None:
    assert common.escaped("a\nb\t\x07\u200b", keep="\n") == "a\nb\\t\\x07\\u200b"
    assert common.printable("[red]x[/red]\x1b") == "\\[red]x\\[/red]\\x1b"


def test_errors_and_their_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert common.report(Refused(Code.REQUEST_INVALID, "got a, expected b", detail="why")) == 65
    assert common.report(Problems([Problem("f", 1, "k", "m")])) == 1
    assert capsys.readouterr().err == "jumphost: request.invalid: got a, expected b (why)\nf:1: k: m\n"
