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
