"""Files of profiles: what is read, and every fault with its line."""

import pytest

from jumphost.command.profiled.profile import Check, Example, Flag, Form, Operand, Profile, Stdin
from jumphost.testing.profiles import EXAMPLES, read

WHOLE = """
psql:
  summary: asks a database
  verified: true
  source: psql 15
  style: posix
  effects: [net_read]
  effects_from: sql
  unless_read: [exec_child]
  stdin: {as: sql, when: always, without: [-c]}
  flags:
    -X, --no-psqlrc:
    -c, --command: sql
    -v: {value: {key_value: text}, many: true}
    --mode: {one_of: [fast, slow]}
    -o: {value: path_write, optional: true, effects: [fs_write], excludes: [-c], instead: true}
    -q: {many: true}
  requires: [--no-psqlrc]
  operands: [host, {"list_of*": identifier}]
  bare: true
  globals: before
  verbs:
    list:
    show: {summary: shows, effects: [db_read], flags: {-a: }, requires: [-a, -X], verbs: {all: }}
  allow:
    - psql -X
    - {run: psql -X x, effects: [net_read, db_read], hosts: [b, a]}
  refuse: [psql]
"""


def test_all_that_a_profile_may_hold() -> None:
    found, problems = read(WHOLE)
    assert problems == []
    assert found == {
        "psql": Profile(
            program="psql",
            summary="asks a database",
            verified=True,
            source="psql 15",
            style="posix",
            forms=(
                Form(
                    effects=("net_read",),
                    effects_from="sql",
                    unless_read=("exec_child",),
                    stdin=Stdin("sql", "always", ("-c",)),
                    flags=(
                        Flag(("-X", "--no-psqlrc")),
                        Flag(("-c", "--command"), Check("sql")),
                        Flag(("-v",), Check("key_value", inner=(Check("text"),)), many=True),
                        Flag(("--mode",), Check("one_of", ("fast", "slow"))),
                        Flag(
                            ("-o",),
                            Check("path_write"),
                            optional=True,
                            instead=True,
                            effects=("fs_write",),
                            excludes=("-c",),
                        ),
                        Flag(("-q",), many=True),
                    ),
                    requires=("--no-psqlrc",),
                    operands=(Operand(Check("host")), Operand(Check("list_of", inner=(Check("identifier"),)), "*")),
                    bare=True,
                    only_before=True,
                    verbs={
                        "list": Form(),
                        "show": Form(
                            effects=("db_read",),
                            flags=(Flag(("-a",)),),
                            requires=("-a", "-X"),
                            verbs={"all": Form()},
                        ),
                    },
                ),
            ),
            allow=(Example("psql -X"), Example("psql -X x", effects=("db_read", "net_read"), hosts=("a", "b"))),
            refuse=("psql",),
            file="test.yaml",
            line=2,
        )
    }


def test_forms() -> None:
    found, problems = read(
        f"x:\n  summary: s\n{EXAMPLES}  forms: [{{requires: [-a], flags: {{-a: }}}}, {{operands: [text]}}]"
    )
    assert problems == []
    assert found["x"].forms == (
        Form(flags=(Flag(("-a",)),), requires=("-a",)),
        Form(operands=(Operand(Check("text")),)),
    )


def test_an_empty_file_holds_none() -> None:
    assert read("") == read("# nothing\n") == ({}, [])


@pytest.mark.parametrize(
    ("body", "line", "key", "message"),
    [
        ("frob: 1", 5, "x.frob", "got an unknown key, expected one of summary, verified, source, style, allow"),
        ("style: dos", 5, "x.style", "got 'dos', expected one of gnu, posix, single, go, keyword, words"),
        ("verified: true", 1, "x.source", "got none, expected the program's version"),
        ("verified: yes", 5, "x.verified", "got 'yes', expected true or false"),
        ("effects: [fs_raed]", 5, "x.effects[0]", "got 'fs_raed', expected one of cloud_read, "),
        ("effects_from: tea", 5, "x.effects_from", "got 'tea', expected one of sql, http"),
        ("stdin: {as: tea}", 5, "x.stdin.as", "got 'tea', expected one of data, code, sql"),
        ("stdin: {when: always}", 5, "x.stdin.as", "got none, expected one of data, code, sql"),
        ("stdin: {as: data, when: noon}", 5, "x.stdin.when", "got 'noon', expected one of always, no_operands, never"),
        ("stdin: {as: data, without: [-c]}", 1, "x.stdin", "got the flag '-c', expected one that the profile has"),
        ("requires: [-c]", 1, "x.requires", "got the flag '-c', expected one that the profile has"),
        ("flags: {-a: {excludes: [-c]}}", 1, "x.flags", "got the flag '-c', expected one that the profile has"),
        ("flags: [-a]", 5, "x.flags", "got a list, expected a mapping"),
        ("flags: {a: text}", 5, "x.flags.a", "got the name 'a', expected a flag of style gnu"),
        ("flags: {-ab: text}", 5, "x.flags.-ab", "got the name '-ab', expected a flag of style gnu"),
        ("flags: {'-a,-b -c': text}", 5, "x.flags.-a,-b -c", "got the name '-b -c'"),
        ("flags: {'-a, --a': , '-b, -a': }", 5, "x.flags.-b, -a", "got the name '-a' again, expected it once"),
        ("flags: {-a: tea}", 5, "x.flags.-a", "got the check 'tea', expected one of absolute_path_under, "),
        ("flags: {-a: {tea: [a]}}", 5, "x.flags.-a", "got the check 'tea'"),
        ("flags: {-a: {value: text, check: text}}", 5, "x.flags.-a.check", "got an unknown key, expected one of value"),
        ("flags: {-a: 1}", 5, "x.flags.-a", "got no check, expected its name or a mapping"),
        ("flags: {-a: {one_of: [1]}}", 5, "x.flags.-a.one_of", "got 1, expected text: put it in quotes"),
        ("flags: {-a: {matches: '('}}", 5, "x.flags.-a", "got the pattern '('"),
        ("flags: {-a: {list_of: [text, tea]}}", 5, "x.flags.-a.list_of", "got the check 'tea'"),
        ("style: words\nflags: {-a: }", 6, "x.flags.-a", "got the name '-a', expected a flag of style words"),
        ("operands: text", 5, "x.operands", "got 'text', expected a list"),
        ("operands: [any]", 5, "x.operands[0]", "got any, expected a check that takes no flag"),
        ("operands: ['text?', text]", 5, "x.operands", "got ? before an operand that must be there"),
        ("operands: ['text*', 'text+']", 5, "x.operands", "got ? before an operand that must be there"),
        ("operands: ['text?', 'text+']", 5, "x.operands", "got ? before an operand that must be there"),
        ("operands: ['text!']", 5, "x.operands[0]", "got the check 'text!'"),
        ("operands: [1]", 5, "x.operands[0]", "got no check"),
        ("verbs: {'a b': }", 5, "x.verbs.a b", "got this verb, expected one word"),
        ("verbs: {a: {style: go}}", 5, "x.verbs.a.style", "got an unknown key, expected one of summary, effects"),
        ("globals: after", 5, "x.globals", "got 'after', expected one of before"),
        ("forms: []", 5, "x.forms", "got none, expected at least one"),
        ("forms: [{}]\nflags: {}", 6, "x.flags", "got it beside forms, expected it within each of them"),
        ("forms: [{allow: [x]}]", 5, "x.forms[0].allow", "got an unknown key"),
    ],
)
def test_a_fault_is_told_with_its_line(body: str, line: int, key: str, message: str) -> None:
    indented = "".join(f"  {part}\n" for part in body.splitlines())
    found, problems = read(f"x:\n  summary: s\n{EXAMPLES}{indented}")
    assert found == {}
    told = {(one.file, one.line, one.key, one.code): one.message for one in problems}
    assert told["test.yaml", line, key, "schema.profile"].startswith(message)


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        ("- x", 1, "", "got a list, expected a mapping"),
        ("x:", 1, "x", "got nothing, expected a mapping"),
        ("x: {allow: [x], refuse: [x]}", 1, "x.summary", "got none, expected what the program does"),
        ("x: {summary: s, refuse: [x]}", 1, "x", "got no example of a kind, expected command lines"),
        ("x: {summary: s, allow: [x]}", 1, "x", "got no example of a kind, expected command lines"),
        ("x: {summary: s, allow: [{}], refuse: [x]}", 1, "x.allow[0]", "got no run, expected a command line"),
        ("x: {summary: s, allow: [1], refuse: [x]}", 1, "x.allow[0]", "got 1, expected a mapping"),
        ("x: {summary: s, allow: [{run: x, tea: 1}], refuse: [x]}", 1, "x.allow[0].tea", "got an unknown key"),
        (f"bin/x:\n  summary: s\n{EXAMPLES}", 1, "bin/x", "got this name, expected that of a program"),
    ],
)
def test_what_every_profile_must_hold(text: str, line: int, key: str, message: str) -> None:
    assert any((one.line, one.key) == (line, key) and one.message.startswith(message) for one in read(text)[1])


def test_a_good_profile_beside_a_wrong_one_is_read() -> None:
    found, problems = read(f"x:\n  summary: s\n{EXAMPLES}y: 1\n")
    assert [*found] == ["x"]
    assert {one.key for one in problems} == {"y", "y.summary"}


def test_names_of_flags_by_style() -> None:
    for style, names in {
        "gnu": ["-a", "-0", "-#", "--a-b", "-NUM"],
        "single": ["-name", "(", "!", "dev", "+x"],
        "go": ["-a", "--long"],
        "keyword": ["if=", "--version"],
    }.items():
        listed = ", ".join(f"'{name}': " for name in names)
        assert read(f"x:\n  summary: s\n  style: {style}\n{EXAMPLES}  flags: {{{listed}}}")[1] == []
