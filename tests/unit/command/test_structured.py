"""Everything that a structured text may run is listed, with where it stands."""

import pytest

from jumphost.command import shfmt
from jumphost.command.facts import analyse
from jumphost.command.structured import describe
from jumphost.model.request import Command, Word
from jumphost.testing.texts import short

PROGRAMS: list[tuple[str, list[str]]] = [
    ("cat $(ls | head)", ["cat", "ls", "head"]),
    ("cat `ls`", ["cat", "ls"]),
    ('echo "a $(b "$(c)")"', ["echo", "b", "c"]),
    ("x=$(a); b $x", ["a", "b"]),
    ("A=$(a) b", ["b", "a"]),
    ("a >$(b)", ["a", "b"]),
    ("{ a; b; } >$(c)", ["c", "a", "b"]),
    ("for i in $(a); do b; c $i; done", ["a", "b", "c"]),
    ("while a; do b; done; until c; do d; done", ["a", "b", "c", "d"]),
    ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
    ("case $(a) in $(b)) c;; *) d;; esac", ["a", "b", "c", "d"]),
    ("f() { a; }; f", ["a", "f"]),
    ("(a; b) | c & d", ["a", "b", "c", "d"]),
    ("! a || b", ["a", "b"]),
    ("echo ${x:-$(a)}", ["echo", "a"]),
    ("cat <<E\n$(a) `b`\nE", ["cat", "a", "b"]),
    ("cat <<'E'\n$(a)\nE", ["cat"]),
    ("a # b\nc", ["a", "c"]),
    ("/usr/bin/a $x; /opt/b", ["a", "/opt/b"]),
    ("export A=$(a)", ["export", "a"]),
    ("a $((1 + 2))", ["a"]),
    ("a \\\n  -b $x", ["a"]),
]
BASH: list[tuple[str, list[str]]] = [
    ("diff <(a) >(b)", ["diff", "a", "b"]),
    ("time a | b", ["a", "b"]),
    ("cat <<< $(a)", ["cat", "a"]),
    ("a &> b", ["a"]),
    ("declare -x A=$(a) b", ["declare", "a"]),
]
WORDS: list[tuple[str, Word]] = [
    ("'a b'", Word(v="a b")),
    ('a\\ "b c"\\$', Word(v="a b c$")),
    ('"a\\$\\b"', Word(v="a$\\b")),
    ('"a \\\nb"', Word(v="a b")),
    ("a$", Word(v="a$")),
    ("{}", Word(v="{}")),
    ("[", Word(v="[")),
    ("\\*", Word(v="*")),
    ('x"$y"', Word(v="", k="dynamic", src='x"$y"', why=("param",))),
    ("*.c", Word(v="", k="dynamic", src="*.c", why=("glob",))),
    ("{a,b}", Word(v="", k="dynamic", src="{a,b}", why=("brace",))),
    ("~/é", Word(v="", k="dynamic", src="~/é", why=("tilde",))),
    ("--x=~/y", Word(v="", k="dynamic", src="--x=~/y", why=("tilde",))),
    ("a~", Word(v="a~")),
    ("$(a)*", Word(v="", k="dynamic", src="$(a)*", why=("cmdsubst", "glob"))),
    ("$((1))", Word(v="", k="dynamic", src="$((1))", why=("arith",))),
]


def facts(text: str, dialect: str = "sh") -> Command:
    command = analyse(text.encode(), dialect=dialect)
    assert command.tier == "structured", command.opaque
    return command


@pytest.mark.parametrize(("text", "programs"), PROGRAMS, ids=short)
@pytest.mark.parametrize("dialect", ["sh", "bash"])
def test_every_program_is_listed(text: str, programs: list[str], dialect: str) -> None:
    assert [part.program for part in facts(text, dialect).commands] == programs


@pytest.mark.parametrize(("text", "programs"), BASH, ids=short)
def test_every_program_of_bash_is_listed(text: str, programs: list[str]) -> None:
    assert [part.program for part in facts(text, "bash").commands] == programs


@pytest.mark.parametrize(("text", "word"), WORDS, ids=short)
def test_a_word_is_exact_or_dynamic(text: str, word: Word) -> None:
    assert facts(f"echo {text} $x").commands[0].argv[1] == word


def test_where_each_stands() -> None:
    command = facts("a && b | c $(d | e); for i in x; do f; done; if g; then h; fi")
    assert [(part.program, part.parent, part.via, part.when, part.stage, part.stdin) for part in command.commands] == [
        ("a", -1, "top", "always", 0, "inherit"),
        ("b", -1, "and", "and", 0, "inherit"),
        ("c", -1, "pipe", "and", 1, "pipe"),
        ("d", 2, "cmdsubst", "and", 0, "pipe"),
        ("e", 2, "cmdsubst", "and", 1, "pipe"),
        ("f", -1, "list", "loop", 0, "inherit"),
        ("g", -1, "list", "always", 0, "inherit"),
        ("h", -1, "list", "branch", 0, "inherit"),
    ]
    assert [part.id for part in command.commands] == list(range(8))
    assert command.commands[1].pipeline == command.commands[2].pipeline
    assert command.dynamic == ("cmdsubst",)


def test_the_shape() -> None:
    shape = facts("f() { a | b; }; while c; do d; done & (e)").shape
    assert (shape.commands, shape.pipelines, shape.functions, shape.loops) == (5, 4, 1, 1)
    assert (shape.background, shape.depth) == (True, 2)


def test_redirections_of_what_is_around_count() -> None:
    command = facts("{ a; b 2>&1; } <in >out 2>>$log; cat <<E >&-\n$x\nE")
    first, second, third = command.commands
    assert [redirect.path for redirect in first.redirects] == ["in", "out", "$log"]
    assert (first.redirects[2].k, first.redirects[2].mode, first.stdin) == ("dynamic", "append", "file")
    assert (second.redirects[3].op, second.redirects[3].to) == (">&", 1)
    assert (third.stdin, third.redirects[1].op) == ("heredoc", ">&-")
    assert (command.files.read, command.files.write) == (("in",), ("out",))
    assert command.facts.writes


def test_variables_are_facts() -> None:
    command = facts("x=1; LC_ALL=C TZ=$y LD_PRELOAD=z a; export PATH=$x B")
    assert command.facts.env_danger == ("B", "LD_PRELOAD", "PATH", "TZ", "x")
    assert command.commands[0].env[1].value.src == "$y"


@pytest.mark.parametrize(
    "text",
    [
        'test -n "$x"',
        '[ ! -e "$x" ]',
        '[ "$x" = a ]',
        "echo $x",
        "printf %s $x",
        "printf -- $x",
        "cd $x",
        "export A=$x",
        "ls $x",
        "set_x=$x; ls",
    ],
)
def test_operands_that_are_not_known_hide_nothing(text: str) -> None:
    assert facts(text).opaque == ()


def test_a_dynamic_program_has_no_name() -> None:
    part = facts("$x y").commands[0]
    assert (part.kind, part.program, part.path, part.builtin) == ("dynamic", "", "", False)


LITERAL = [
    *("ls", "a 'b c' | d && e || f; g", "/bin/a >x 2>&1 <y", "A=b TZ=UTC c", "a \\\n b", "a\nb", "a 2>/dev/null"),
    *("echo >&2 x", "a <&-", 'a "b\\$c" \\;', "find . {} +", "[ a = b ]", "/opt/x/y é", "declare -x A=b"),
]


@pytest.mark.parametrize("text", LITERAL)
@pytest.mark.parametrize("dialect", ["sh", "bash"])
def test_a_literal_text_gives_the_same_facts_through_both_readers(text: str, dialect: str) -> None:
    literal = analyse(text.encode(), dialect=dialect)
    assert literal.tier == "literal"
    script = describe(shfmt.parse(text, dialect), text)
    assert tuple(script.invocations) == literal.commands
    assert tuple(script.opaque) == literal.opaque
    assert not script.dynamic
    assert tuple(script.operators) == literal.shape.operators
    assert script.pipelines == literal.shape.pipelines
