"""The command line as a whole: every noun, and how anything ends."""

import subprocess
import sys

import pytest
import typer

from jumphost.cli import main as module
from jumphost.cli.main import NOUNS, Nouns
from jumphost.errors import Code, Problem, Problems, Unavailable
from jumphost.testing.commands import run


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_says_what_it_is_for(noun: str) -> None:
    ran = run(noun, "--help")
    assert (ran.status, ran.err) == (0, "")
    assert "Usage" in ran.out


def test_help_lists_all_of_them_in_their_order() -> None:
    ran = run("--help")
    at = [ran.out.index(f"\n  {noun} ") for noun in NOUNS]
    assert at == sorted(at)


def test_without_a_noun_help_is_shown() -> None:
    assert "Usage" in run().out + run().err


def test_wrong_words_are_a_usage_error() -> None:
    ran = run("nonsense")
    assert (ran.status, ran.out) == (2, "")
    assert "nonsense" in ran.err


def test_one_noun_is_imported_at_a_time() -> None:
    text = (
        "import sys; from jumphost.cli.main import NOUNS; "
        "print([noun for noun in NOUNS if f'jumphost.cli.{noun}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (Unavailable(Code.GATEWAY_UNAVAILABLE, "none answers"), 69, "jumphost: gateway.unavailable: none answers\n"),
        (Problems([Problem("a.yaml", 3, "key", "got 1, expected 2"), Problem("b.yaml", 0, "", "missing")]), 1,
         "a.yaml:3: key: got 1, expected 2\nb.yaml: missing\n"),
        (BrokenPipeError(), 0, ""),
    ],
)  # fmt: skip
def test_an_expected_error_is_a_line_and_a_status(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, says: str
) -> None:
    def fails() -> None:
        raise error

    monkeypatch.setattr(module, "app", fails)
    ran = run()
    assert (ran.status, ran.out, ran.err) == (status, "", says)


def test_the_package_is_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "jumphost", "--help"], capture_output=True, text=True)
    assert (done.returncode, "audit" in done.stdout) == (0, True)


def test_an_unknown_noun_is_none() -> None:
    group = typer.main.get_command(module.app)
    assert isinstance(group, Nouns)
    assert group.get_command(None, "nonsense") is None
