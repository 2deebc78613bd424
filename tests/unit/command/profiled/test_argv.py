"""How words are split in each style, and what is no reading of them."""

import pytest

from jumphost.command.profiled.argv import Split, split
from jumphost.testing import profiles

GNU = """
flags:
  -a:
  -b, --bytes: text
  -c, --color: {value: text, optional: true}
  -d: delimiter
  -v, --verbose: {many: true}
  -NUM: number
operands: ["text*"]
"""
GO = "style: go\nflags: {-a: , --out: text, -t: {value: text, optional: true}}\noperands: ['text*']"
SINGLE = """
style: single
flags: {-name: text, -print: , '(': , '!': , dev: text, -o: {value: text, optional: true}}
operands: ['text*']
"""
KEYWORD = "style: keyword\nflags: {if=: text, of=: text, --help: }\noperands: ['text*']"
VERBS = """
flags: {'-n, --namespace': text, -q: }
verbs:
  get: {flags: {-o: text, -q: text}, operands: ["text*"]}
  rollout: {verbs: {status: {flags: {-w: }, operands: [text]}, undo: }, flags: {-r: }}
"""


def read(body: str, line: str) -> Split:
    grammar = profiles.of(body).get("x")
    assert grammar is not None
    return split(line.split(), grammar.forms[0], grammar.style)


def flags(found: Split) -> list[tuple[str, str | None]]:
    return [(flag.name, value) for flag, value in found.flags]


@pytest.mark.parametrize(
    ("body", "line", "expected", "operands"),
    [
        (GNU, "", [], ""),
        (GNU, "-a -b 1 x", [("-a", None), ("-b", "1")], "x"),
        (GNU, "-ab1", [("-a", None), ("-b", "1")], ""),
        (GNU, "-ab 1", [("-a", None), ("-b", "1")], ""),
        (GNU, "-ba", [("-b", "a")], ""),
        (GNU, "--bytes=1 --bytes 2 --bytes=", [("-b", "1"), ("-b", "2"), ("-b", "")], ""),
        (GNU, "--bytes=a=b", [("-b", "a=b")], ""),
        (GNU, "-b -a", [("-b", "-a")], ""),
        (GNU, "-b -- x", [("-b", "--")], "x"),
        (GNU, "-c -cx --color --color=y x", [("-c", None), ("-c", "x"), ("-c", None), ("-c", "y")], "x"),
        (GNU, "-ac", [("-a", None), ("-c", None)], ""),
        (GNU, "x -a y", [("-a", None)], "x y"),
        (GNU, "x -- -a --z", [], "x -a --z"),
        (GNU, "- -a", [("-a", None)], "-"),
        (GNU, "-20 x", [("-NUM", "20")], "x"),
        (GNU, "-d= -d=,", [("-d", "="), ("-d", "=,")], ""),
        (f"style: posix\n{GNU}", "-a x -b -- y", [("-a", None)], "x -b -- y"),
        (f"style: posix\n{GNU}", "-a -- x -- y", [("-a", None)], "x -- y"),
        (GO, "-a --a -out x --out=y x -a", [("-a", None), ("-a", None), ("--out", "x"), ("--out", "y")], "x -a"),
        (GO, "-t -t=x -- -a", [("-t", None), ("-t", "x")], "-a"),
        (GO, "- -a", [], "- -a"),
        (SINGLE, "/a ( -name -x ! -print", [("(", None), ("-name", "-x"), ("!", None), ("-print", None)], "/a"),
        (SINGLE, "dev eth0 - -o x", [("dev", "eth0"), ("-o", None)], "- x"),
        (KEYWORD, "if=/a of=b=c x", [("if=", "/a"), ("of=", "b=c")], "x"),
        (KEYWORD, "--help /a=b", [("--help", None)], "/a=b"),
        ("style: words\noperands: ['any*']", "-a -- --x", [], "-a -- --x"),
    ],
)
def test_read(body: str, line: str, expected: list[tuple[str, str | None]], operands: str) -> None:
    found = read(body, line)
    assert (found.fault, found.unknown) == ("", [])
    assert flags(found) == expected
    assert found.operands == operands.split()


@pytest.mark.parametrize(
    ("body", "line", "fault", "unknown"),
    [
        (GNU, "-z", "-z: unknown flag", ["-z"]),
        (GNU, "-az x -y --zz=1", "-z: unknown flag", ["-z", "-y", "--zz"]),
        (GNU, "--byte=1", "--byte: unknown flag", ["--byte"]),
        (GNU, "--verbos", "--verbos: unknown flag", ["--verbos"]),
        (GNU, "--a", "--a: unknown flag", ["--a"]),
        (GNU, "--verbose=yes", "--verbose: takes no value", []),
        (GNU, "--verbose=", "--verbose: takes no value", []),
        (GNU, "-b", "-b: no value", []),
        (GNU, "--bytes", "-b: no value", []),
        (GNU, "-b=1", "-b: programs differ in how they read '=1'", []),
        (GNU, "-1a", "-1: unknown flag", ["-1"]),
        (GO, "-a=true", "-a: takes no value", []),
        (GO, "-x", "-x: unknown flag", ["-x"]),
        (GO, "---a", "---a: unknown flag", ["---a"]),
        (GO, "-out", "--out: no value", []),
        (SINGLE, "-exec", "-exec: unknown flag", ["-exec"]),
        (SINGLE, "--", "--: unknown flag", ["--"]),
        (SINGLE, "-name", "-name: no value", []),
        (KEYWORD, "bs=1", "bs=: unknown flag", ["bs="]),
        (KEYWORD, "if", "", []),
        (KEYWORD, "-x", "-x: unknown flag", ["-x"]),
        (KEYWORD, "--help=x", "--help=: unknown flag", ["--help="]),
        (VERBS, "", "no verb", []),
        (VERBS, "-n x", "no verb", []),
        (VERBS, "evil get", "evil: unknown verb", []),
        (VERBS, "-- get", "get: unknown verb", []),
        (VERBS, "rollout", "no verb", []),
        (VERBS, "rollout get", "get: unknown verb", []),
        (VERBS, "-o x get", "-o: unknown flag", ["-o"]),
    ],
)
def test_not_read(body: str, line: str, fault: str, unknown: list[str]) -> None:
    found = read(body, line)
    assert (found.fault, found.unknown) == (fault, unknown)


@pytest.mark.parametrize(
    ("line", "verb", "expected", "operands"),
    [
        ("get pods", "get", [], "pods"),
        ("-n a get pods", "get", [("-n", "a")], "pods"),
        ("get pods -na", "get", [("-n", "a")], "pods"),
        ("-q get -q x", "get", [("-q", None), ("-q", "x")], ""),
        ("get get", "get", [], "get"),
        ("rollout status web -w -n a", "rollout status", [("-w", None), ("-n", "a")], "web"),
        ("rollout -r undo", "rollout undo", [("-r", None)], ""),
    ],
)
def test_verbs(line: str, verb: str, expected: list[tuple[str, str | None]], operands: str) -> None:
    found = read(VERBS, line)
    assert (found.fault, found.verb) == ("", verb.split())
    assert (flags(found), found.operands) == (expected, operands.split())


def test_in_haste_nothing_is_read_behind_a_fault() -> None:
    grammar = profiles.of(GNU).get("x")
    assert grammar is not None
    hasty = split(["-a", "-z", "-y", "x"], grammar.forms[0], grammar.style, hasty=True)
    assert (hasty.unknown, hasty.operands, flags(hasty)) == (["-z"], [], [("-a", None)])


def test_global_flags_may_be_for_the_words_before_the_verb_alone() -> None:
    body = "flags: {-C: text}\nglobals: before\nverbs: {log: {flags: {-p: }}}"
    assert read(body, "-C /a log -p").fault == ""
    assert read(body, "log -C /a").fault == "-C: unknown flag"


def test_a_verb_may_be_left_out_where_the_profile_says_so() -> None:
    body = "bare: true\noperands: ['text?']\nverbs: {list: }"
    assert read(body, "").fault == ""
    assert read(body, "list").verb == ["list"]
    assert read(body, "other").operands == ["other"]
