"""Which programs are no file, and what they hide."""

import shlex
import shutil
import subprocess

import pytest

from jumphost.command.builtins import BUILTINS, declared, reasons
from jumphost.testing.texts import HIDING, short


def test_every_builtin_of_bash_is_known() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed: apt-get install bash")
    listed = subprocess.run([bash, "--norc", "-c", "compgen -b"], capture_output=True, text=True, check=True).stdout
    assert set(listed.split()) <= BUILTINS


@pytest.mark.parametrize(
    "argv",
    [
        ["psql", "-c", "x"],
        ["/usr/bin/printf", "-v", "PATH"],
        ["echo", "a[$(id)]"],
        ["printf", "%s", "[1]", "$x"],
        ["test", "-f", "x"],
        ["cd", "/srv"],
        ["command", "eval", "x"],
        ["eval", "x"],
        ["jobs"],
        ["declare", "-x", "A=b"],
        ["export", "A=b"],
        ["wait"],
    ],
)
def test_most_commands_hide_nothing(argv: list[str]) -> None:
    assert list(reasons(argv)) == []


@pytest.mark.parametrize(("raw", "hidden"), HIDING, ids=short)
def test_some_commands_hide_what_runs(raw: bytes, hidden: tuple[str, ...]) -> None:
    assert tuple(reasons(shlex.split(raw.decode()))) == hidden


def test_declaring_builtins_give_variables_to_what_follows() -> None:
    assert list(declared(["export", "-p", "A=b=c", "D"])) == [("A", "b=c"), ("D", "")]
    assert list(declared(["env", "A=b"])) == []


@pytest.mark.parametrize(
    "text", ["set -e", "set -eu -o pipefail", "set -euo pipefail", "read line", "read -r name value"]
)
def test_what_only_ends_a_script_sooner_or_fills_a_local_variable_is_known(text: str) -> None:
    assert list(reasons(text.split())) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *(
            (text, "shell_option")
            for text in ("set", "set -x", "set -ex", "set +e", "set -o", "set -o vi", "set -e --")
        ),
        *(
            (text, "shell_variable")
            for text in ("read", "read -r", "read PATH", "read -a x", "read -r x PS4", "read -rp x")
        ),
    ],
)
def test_any_other_option_or_variable_is_not(text: str, reason: str) -> None:
    assert list(reasons(text.split())) == [reason]


def test_a_blank_within_an_option_is_no_second_one() -> None:
    assert list(reasons(["set", "-e -u"])) == ["shell_option"]
