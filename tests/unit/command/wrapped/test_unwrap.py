"""What wrappers run is listed beside them, and their facts are facts of the whole."""

import pytest

from jumphost.command.facts import analyse
from jumphost.command.opaque import Opaque
from jumphost.command.wrapped.unwrap import MAX_CHAIN, MAX_DEPTH, MAX_TEXTS, unwrapped
from jumphost.model.request import Assignment, Command, Invocation, Word


def listed(command: Command) -> list[tuple[int, str, str]]:
    """Each as (parent, via, its words)."""
    return [(one.parent, one.via, " ".join(word.v or word.src for word in one.argv)) for one in command.commands]


def test_a_child_stands_behind_its_wrapper() -> None:
    command = analyse(b"sudo -n -u postgres psql -X 2>/dev/null | head && nice id")
    assert listed(command) == [
        (-1, "top", "sudo -n -u postgres psql -X"),
        (-1, "pipe", "head"),
        (-1, "and", "nice id"),
        (0, "wrapper:sudo", "psql -X"),
        (2, "wrapper:nice", "id"),
    ]
    assert [one.id for one in command.commands] == [0, 1, 2, 3, 4]
    assert [one.wrapper for one in command.commands] == [True, False, True, False, False]
    assert [(one.pipeline, one.when) for one in command.commands[3:]] == [(0, "always"), (1, "and")]
    assert [one.run_as for one in command.commands] == ["", "", "", "postgres", ""]
    assert (command.tier, command.opaque, command.facts.privilege) == ("literal", ("sql_opaque",), ("sudo:postgres",))
    assert command.canonical == "'sudo' -n -u postgres psql -X 2> /dev/null | 'head' && 'nice' id"
    assert command.shape.commands == 3
    assert command.facts.unknown_programs == ("head", "id", "psql"), "wrappers are known"


def test_wrappers_within_wrappers() -> None:
    command = analyse(b"sudo -u a env A=b timeout 5 /bin/rm x")
    assert [(one.program, one.run_as, one.wrapper) for one in command.commands] == [
        ("sudo", "", True),
        ("env", "a", True),
        ("timeout", "a", True),
        ("rm", "a", False),
    ]
    assert command.commands[2].env == (Assignment(name="A", value=Word(v="b")),)
    assert command.commands[3].path == "/bin/rm"
    assert command.facts.env_danger == ("A",)


def test_a_text_for_a_shell_is_read_like_the_whole() -> None:
    command = analyse(b"a; echo x | sudo sh -c 'LD_PRELOAD=x b < in | c && d > out'")
    assert listed(command)[3:] == [
        (2, "wrapper:sudo", "sh -c LD_PRELOAD=x b < in | c && d > out"),
        (3, "wrapper:sh", "b"),
        (3, "wrapper:sh", "c"),
        (3, "wrapper:sh", "d"),
    ]
    assert [(one.pipeline, one.stage, one.when, one.stdin, one.run_as) for one in command.commands[3:]] == [
        (1, 1, "always", "pipe", "root"),
        (2, 0, "always", "file", "root"),
        (2, 1, "always", "pipe", "root"),
        (3, 0, "and", "pipe", "root"),
    ]
    assert (command.tier, command.opaque) == ("literal", ())
    assert (command.files.read, command.files.write, command.facts.writes) == (("in",), ("out",), True)
    assert command.facts.env_danger == ("LD_PRELOAD",)


def test_files_that_a_wrapper_opens_itself_are_facts() -> None:
    command = analyse(b"xargs -a in flock out ls")
    assert (command.files.read, command.files.write, command.facts.writes) == (("in",), ("out",), True)


def test_a_connection_in_a_text_is_one_of_the_whole() -> None:
    assert analyse(b"eval 'ls > /dev/tcp/x/80'").facts.network


def test_parents_within_a_text_are_moved_with_it() -> None:
    command = analyse(b"a; sh -c 'b $(c) | d'")
    assert listed(command) == [
        (-1, "top", "a"),
        (-1, "list", "sh -c b $(c) | d"),
        (1, "wrapper:sh", "b $(c)"),
        (2, "cmdsubst", "c"),
        (1, "wrapper:sh", "d"),
    ]
    assert (command.opaque, command.dynamic) == ((), ("cmdsubst",))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [(b"sh -c 'ls $x'", "param"), (b"sh -c 'if a; then b; fi'", "reserved_word"), (b"sudo sh -c 'ls *.x'", "glob")],
)
def test_a_text_that_is_not_literal_is_told_and_hides_nothing(raw: bytes, reason: str) -> None:
    command = analyse(raw)
    assert (command.tier, command.opaque, command.dynamic) == ("literal", (), (reason,))


def test_a_branch_stays_one() -> None:
    command = analyse(b"sh -c 'a && for x in 1; do nice b; done'; if x; then nice c; fi")
    assert [(one.program, one.when) for one in command.commands if one.program in "abc"] == [
        ("a", "always"),
        ("c", "branch"),
        ("b", "loop"),
    ]


def test_a_shell_whose_text_is_not_read_is_no_wrapper() -> None:
    command = analyse(b"sh -c 'ls ('")
    assert (command.tier, command.opaque) == ("literal", ("syntax",))
    assert not command.commands[0].wrapper


def test_a_wrapper_with_effects_of_its_own_is_none() -> None:
    find, *children = analyse(b"find . -exec a ';' -exec sudo b ';' -delete").commands
    assert [child.program for child in children] == ["a", "sudo", "b"]
    assert not find.wrapper


def test_the_user_does_not_follow_to_another_host() -> None:
    command = analyse(b"sudo -u a ssh b@c 'docker exec -u 0 d id; id'")
    assert [(one.program, one.run_as, one.host) for one in command.commands] == [
        ("sudo", "", ""),
        ("ssh", "a", ""),
        ("docker", "b", "c"),
        ("id", "b", "c"),
        ("id", "0", "docker:d"),
    ]
    assert command.facts.lateral == ("ssh:c", "docker:d")
    assert analyse(b"sudo -u a ssh c id").commands[2].run_as == ""


def test_another_host_is_the_network_and_a_container_is_not() -> None:
    assert analyse(b"ssh x ls").facts.network
    assert analyse(b"kubectl exec x -- ls").facts.network
    assert not analyse(b"docker exec x ls").facts.network


def test_users_and_hosts_that_are_not_known_are_still_facts() -> None:
    assert analyse(b"sudo -g x ls").facts.privilege == ("sudo:?",)
    assert analyse(b"ssh -F x y ls").facts.lateral == ("ssh:?",)
    assert analyse(b"pkexec ls").facts.privilege == ("pkexec:?",)


def test_code_of_interpreters_is_kept() -> None:
    command = analyse(b"nice python3 -c 'import os'")
    assert [(code.lang, code.text) for code in command.facts.inline_code] == [("python", "import os")]


def test_a_builtin_of_the_shell_is_one_behind_command() -> None:
    command = analyse(b"command export PATH=/x; nice export PATH=/x")
    assert [(one.program, one.builtin) for one in command.commands[2:]] == [("export", True), ("export", False)]
    assert command.facts.env_danger == ("PATH",)
    assert analyse(b"command export A=b LANG=C TZ=$x B").facts.env_danger == ("A", "B", "TZ")
    assert analyse(b"command test -v 'a[$(id)]'").opaque == ("arith_eval",)


@pytest.mark.parametrize(
    "raw", [b"env --version", b"nice --help", b"command -v rm", b"flock 9", b"sudo -l", b"docker ps"]
)
def test_a_question_hands_nothing_on(raw: bytes) -> None:
    command = analyse(raw)
    assert (len(command.commands), command.opaque, command.commands[0].wrapper) == (1, (), False)


def test_texts_and_wrappers_have_a_depth() -> None:
    assert analyse(b"eval " * MAX_DEPTH + b"ls").opaque == ()
    assert analyse(b"eval " * (MAX_DEPTH + 1) + b"ls").opaque == (Opaque.TOO_DEEP,)
    assert analyse(b"nice " * MAX_CHAIN + b"ls").opaque == ()
    assert analyse(b"nice " * (MAX_CHAIN + 1) + b"ls").opaque == (Opaque.TOO_DEEP,)
    assert analyse(b"eval ls;" * MAX_TEXTS).opaque == ()
    assert analyse(b"eval ls;" * (MAX_TEXTS + 1)).opaque == (Opaque.TOO_COMPLEX,)


def test_a_text_that_is_not_structured_either_is_read_in_its_own_dialect() -> None:
    assert analyse(b"bash --norc -c 'ls |& wc'").opaque == ("redirect",)
    asked = []

    def read(raw: bytes, dialect: str) -> Command:
        asked.append((raw, dialect))
        return Command(raw="", sha256="", bytes=0, dialect=dialect, opaque=("syntax",))

    for shell in ("sh", "dash", "bash", "zsh", "ksh"):
        given = Invocation(id=0, program=shell, argv=(Word(v=shell), Word(v="-c"), Word(v="x")), stdin="pipe")
        unwrapped(Command(raw="", sha256="", bytes=0, dialect="sh", tier="literal", commands=(given,)), read)
    assert asked == [(b"x", dialect) for dialect in ("sh", "sh", "bash", "zsh", "ksh")]


def test_what_is_not_parsed_stays_as_it_is() -> None:
    command = analyse(b"sudo (")
    assert (command.tier, command.commands) == ("unparsed", ())
