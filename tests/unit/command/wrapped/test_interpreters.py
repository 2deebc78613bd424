"""Interpreters: never known, but asked for their version."""

import pytest

from jumphost.command.wrapped.handed import Handed
from jumphost.command.wrapped.interpreters import interpreted, language
from jumphost.model.request import Assignment, Invocation, Word


def handed(*words: str, env: tuple[Assignment, ...] = ()) -> Handed:
    argv = tuple(Word(v="", k="dynamic", src=word) if word.startswith("$") else Word(v=word) for word in words)
    return interpreted(Invocation(id=0, program=words[0], argv=argv, env=env), "sh")


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("python", "python"),
        ("python3", "python"),
        ("python3.11", "python"),
        ("/opt/venv/bin/python3", "python"),
        ("lua5.4", "lua"),
        ("ruby", "ruby"),
        ("R", "R"),
        ("gmake", "gmake"),
        ("python3-config", ""),
        ("pythonic", ""),
        ("psql", ""),
        ("3", ""),
        ("", ""),
    ],
)
def test_a_version_is_no_other_program(program: str, name: str) -> None:
    assert language(program) == name


@pytest.mark.parametrize(
    "words",
    [
        *(["python3", "--version"], ["python3", "-V"], ["vim", "--version"], ["make", "--version"], ["less", "-V"]),
        *(["java", "-version"], ["java", "--version"], ["node", "-v"], ["perl", "-v"], ["php", "-v"], ["php", "-m"]),
        *(["php", "--ini"],),
    ],
)
def test_a_version_may_be_asked_for(words: list[str]) -> None:
    assert handed(*words) == Handed()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["python3"], "interpreter:python"),
        (["python3", "x.py", "--version"], "interpreter:python"),
        (["python3", "--version", "-c", "x"], "interpreter:python"),
        (["python3", "$x"], "interpreter:python"),
        (["perl", "-V"], "interpreter:perl"),
        (["perl", "-version"], "interpreter:perl"),
        (["perl", "-v", "x"], "interpreter:perl"),
        (["java", "-v"], "interpreter:java"),
        (["java", "-version", "x"], "interpreter:java"),
        (["python3", "-v"], "interpreter:python"),
        (["ruby", "-v"], "interpreter:ruby"),
        (["vim", "-V"], "interpreter:vim"),
        (["/opt/node18", "x.js"], "interpreter:node"),
        (["less", "x"], "interpreter:less"),
        (["fish", "-c", "x"], "interpreter:fish"),
        (["make"], "makefile"),
        (["make", "-n", "all"], "makefile"),
    ],
)
def test_what_it_runs_is_not_known(words: list[str], reason: str) -> None:
    found = handed(*words)
    assert (found.opaque, found.children, found.whole) == ((reason,), (), False)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["python3", "-c", "x y"], ["x y"]),
        (["python3", "-Ic", "x"], ["x"]),
        (["python3", "-cx"], ["x"]),
        (["perl", "-ne", "x", "-E", "y"], ["x", "y"]),
        (["node", "--eval=x"], ["x"]),
        (["node", "--eval", "x"], ["x"]),
        (["gdb", "-ex", "x", "-ex", "y"], ["x", "y"]),
        (["python3", "-c", "$x"], [""]),
        (["python3", "-c"], [""]),
        (["python3", "x.py"], []),
        (["tclsh", "-c", "x"], []),
    ],
)
def test_code_in_the_text_is_kept(words: list[str], code: list[str]) -> None:
    assert [one.text for one in handed(*words).inline] == code


@pytest.mark.parametrize(
    ("name", "value", "opaque"),
    [
        ("LC_ALL", Word(v="C"), ()),
        ("LC_ALL", Word(v="", k="dynamic", src="$x"), ("interpreter:java",)),
        ("JAVA_TOOL_OPTIONS", Word(v="-javaagent:/tmp/x"), ("interpreter:java",)),
    ],
)
def test_a_variable_may_make_it_run_code(name: str, value: Word, opaque: tuple[str, ...]) -> None:
    assert handed("java", "-version", env=(Assignment(name, value),)).opaque == opaque
