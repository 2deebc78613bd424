"""Shells and what calls one: the text, and what runs before it."""

import shlex
from dataclasses import replace
from typing import Literal

import pytest

from jumphost.command.wrapped.handed import Child, Handed
from jumphost.command.wrapped.options import UnknownOptionError
from jumphost.command.wrapped.shells import READERS
from jumphost.model.request import Invocation, Word


def handed(text: str, *, stdin: Literal["inherit", "pipe"] = "pipe", run_as: str = "", dialect: str = "sh") -> Handed:
    """Words that begin with a dollar are not known."""
    words = tuple(
        Word(v="", k="dynamic", src=word, why=("param",)) if word.startswith("$") else Word(v=word)
        for word in shlex.split(text)
    )
    invocation = Invocation(id=0, program=words[0].v, argv=words, stdin=stdin, run_as=run_as)
    return READERS[words[0].v](invocation, dialect)


def code(found: Handed) -> list[tuple[str, str]]:
    return [(child.code, child.dialect) for child in found.children]


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        *((f"{shell} -c 'a b'", "sh") for shell in ("sh", "dash", "ash")),
        *(
            (f"bash {options} 'a b'", "bash")
            for options in ("-c", "--norc -c", "--norc --noprofile --posix -c", "-eu -c")
        ),
        *(
            (f"sh {options} 'a b' x -y", "sh")
            for options in ("-ec", "-ce", "-e -u -c", "-eo pipefail -c", "-o errexit -c")
        ),
        *(("zsh -fc 'a b'", "zsh"), ("zsh -f -c 'a b'", "zsh"), ("ksh -c 'a b'", "ksh"), ("mksh -c 'a b'", "mksh")),
    ],
)
def test_the_text_of_a_shell(text: str, dialect: str) -> None:
    found = handed(text)
    assert (code(found), found.opaque, found.whole) == ([("a b", dialect)], (), True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *(
            ("sh", "shell_stdin"),
            ("sh -e", "shell_stdin"),
            ("sh -s", "shell_stdin"),
            ("sh x -c y", "shell_script_file"),
        ),
        *(("bash --norc x", "shell_script_file"), ("sh $x", "shell_script_file")),
        *(
            ("sh -i", "interactive_shell"),
            ("sh -ic a", "interactive_shell"),
            ("bash -l", "rcfile"),
            ("bash -lc a", "rcfile"),
        ),
        *(("bash --login -c a", "rcfile"), ("bash --init-file x", "rcfile"), ("sh -c $x", "dynamic_code")),
    ],
)
def test_what_a_shell_reads_elsewhere(text: str, reason: str) -> None:
    if text == "sh $x":
        with pytest.raises(UnknownOptionError):
            handed(text)
        return
    assert handed(text) == Handed(opaque=(reason,), whole=False)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "sh -c",
            "sh -x9c a",
            "sh -- a",
            "sh - a",
            "sh +e -c a",
            "sh -c -e a",
            "sh -c -- a",
            "sh --norc -c a",
            "sh -co a b",
        ),
        *(
            "bash -c --norc a",
            "bash -e --norc -c a",
            "bash --nor -c a",
            "bash --debugger -c a",
            "sh -o x -c a",
            "sh -o",
        ),
    ],
)
def test_an_option_of_a_shell_that_is_not_known(text: str) -> None:
    with pytest.raises(UnknownOptionError):
        handed(text)


@pytest.mark.parametrize(
    ("text", "stdin", "starts"),
    [
        ("bash -c a", "inherit", True),
        ("bash -c a", "pipe", False),
        ("bash --norc -c a", "inherit", False),
        ("bash --noprofile -c a", "inherit", True),
        ("bash --posix -c a", "inherit", True),
        ("sh -c a", "inherit", False),
        ("ksh -c a", "inherit", False),
        ("zsh -c a", "pipe", True),
        ("zsh -fc a", "inherit", False),
    ],
)
def test_start_files(text: str, stdin: Literal["inherit", "pipe"], starts: bool) -> None:
    found = handed(text, stdin=stdin)
    assert found.opaque == (("rcfile",) if starts else ())
    assert code(found)[0][0] == "a"


def test_eval_joins_its_words_in_the_dialect_of_its_shell() -> None:
    assert code(handed("eval a 'b;' c", dialect="bash")) == [("a b; c", "bash")]
    assert handed("eval") == handed("eval ''") == Handed()
    assert handed("eval -p a").opaque == handed("eval $x").opaque == ("eval",)


def test_watch_joins_its_words_or_does_not() -> None:
    assert code(handed("watch -n 1 --differences ls '-l | wc'")) == [("ls -l | wc", "sh")]
    assert [word.v for word in handed("watch -x ls -l").children[0].words] == ["ls", "-l"]
    assert handed("watch a").children[0].repeated
    assert handed("watch") == Handed()
    assert handed("watch a $x").opaque == ("dynamic_code",)
    for option in ("-z", "-d", "-dx", "--differences=permanent", "--exe"):  # what is glued to -d is its value
        with pytest.raises(UnknownOptionError):
            handed(f"watch {option} a")


def test_flock_has_a_file_and_a_program_or_a_text() -> None:
    found = handed("flock -n -w 5 f rm -c x")
    assert ([word.v for word in found.children[0].words], found.writes) == (["rm", "-c", "x"], ("f",))
    found = handed("flock f -c 'a; b'")
    assert (code(found), found.writes, found.opaque) == ([("a; b", "sh")], ("f",), ())
    assert [word.v for word in handed("flock f -c a b").children[0].words] == ["-c", "a", "b"]
    assert handed("flock 9") == handed("flock -u 9") == Handed()
    with pytest.raises(UnknownOptionError):
        handed("flock $x a")
    assert handed("flock f -c $x").opaque == ("dynamic_code",)


def test_script_writes_what_it_sees() -> None:
    found = handed("script -q -c 'a b' f")
    assert (code(found), found.writes) == ([("a b", "sh")], ("f",))
    assert handed("script f -qc a").writes == ("f",)
    assert handed("script -qc a /dev/null").writes == ()
    assert handed("script f").opaque == ("interactive_shell",)
    assert handed("script -c a").opaque == handed("script -c a f g").opaque == ("exec_wrapper:script",)
    assert handed("script -c a -- f").opaque == ("exec_wrapper:script",)
    with pytest.raises(UnknownOptionError):
        handed("script -O x -c a f")


def test_the_shell_of_another_user_is_not_known() -> None:
    assert handed("script -qc a /dev/null", run_as="root").opaque == ("rcfile",)
    assert handed("flock f -c a", run_as="root").opaque == ("rcfile",)
    assert handed("flock f a", run_as="root").opaque == ()


@pytest.mark.parametrize(
    ("text", "user", "dialect"),
    [
        ("su -s /bin/sh -c 'a b'", "root", "sh"),
        ("su -c 'a b' -s /bin/sh x", "x", "sh"),
        ("su x --shell=/bin/dash --command='a b'", "x", "dash"),
        ("su -P x -s /usr/bin/bash -c 'a b'", "x", "bash"),
        ("runuser x -s /bin/sh -c 'a b'", "x", "sh"),
    ],
)
def test_su_with_a_shell_by_name(text: str, user: str, dialect: str) -> None:
    found = handed(text)
    assert found == Handed(
        children=(replace(Child(), code="a b", dialect=dialect, run_as=user),), privilege=(f"{text.split()[0]}:{user}",)
    )


@pytest.mark.parametrize(
    "text", ["su -c a", "su x -c a", "su -l x -c a -s /bin/sh", "su - x -s /bin/sh -c a", "su -s /x -c a"]
)
def test_su_with_the_shell_of_the_user(text: str) -> None:
    assert handed(text).opaque == ("rcfile",)
    assert code(handed(text)) == [("a", "sh")]


def test_su_to_bash_reads_a_start_file_if_its_input_is_a_socket() -> None:
    assert handed("su -s /bin/bash -c a", stdin="inherit").opaque == ("rcfile",)


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("su", ("rcfile", "interactive_shell")),
        ("su - x", ("rcfile", "interactive_shell")),
        ("su x -s /bin/sh", ("interactive_shell",)),
        ("su x a", ("exec_wrapper:su",)),
        ("su $x -c a", None),
        ("su -c a -- x", ("exec_wrapper:su",)),
        ("su '#0' -c a", ("exec_wrapper:su",)),
        ("su -g x -c a", None),
        ("runuser -u x", ("interactive_shell",)),
        ("runuser -u x -g y -- a", None),
    ],
)
def test_su_that_is_not_understood(text: str, reasons: tuple[str, ...] | None) -> None:
    if reasons is None:
        with pytest.raises(UnknownOptionError):
            handed(text)
    else:
        assert (handed(text).opaque, handed(text).children) == (reasons, ())


def test_runuser_without_a_shell() -> None:
    found = handed("runuser -u x -- a -b")
    assert ([word.v for word in found.children[0].words], found.children[0].run_as) == (["a", "-b"], "x")
    assert found.privilege == ("runuser:x",)
    assert [word.v for word in handed("runuser -u x a b").children[0].words] == ["a", "b"]


@pytest.mark.parametrize("text", ["runuser -u x id -u root", "runuser -u x a $y", "runuser -ux $a"])
def test_runuser_takes_its_options_from_behind_the_program(text: str) -> None:
    if text.endswith("$a"):
        with pytest.raises(UnknownOptionError):
            handed(text)
    else:
        assert handed(text).opaque == ("exec_wrapper:runuser",)
