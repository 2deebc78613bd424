"""What a profile is made into: names, operands by number, what is inherited."""

import pytest

from jumphost.command.profiled.checks import Taker
from jumphost.command.profiled.grammar import NONE, Grammars, Level, Operands, bare_name, grammar
from jumphost.command.profiled.profile import Check, Flag, Form, Operand, Profile, Stdin
from jumphost.testing import profiles


def level(body: str, *verb: str) -> Level:
    found = profiles.of(body).get("x")
    assert found is not None
    here = found.forms[0]
    for word in verb:
        here = here.verbs[word]
    return here


def operands(*marks: str) -> Operands:
    specs = tuple(Operand(Check("one_of", (str(n),)), mark) for n, mark in enumerate(marks))  # type: ignore[arg-type]
    return grammar(Profile("x", "", (Form(operands=specs),))).forms[0].operands


def taken(takers: "list[Taker] | None") -> str | None:
    """The operand specs that were chosen, by number."""
    return None if takers is None else "".join(str(next(n for n in range(9) if take(str(n)) == ())) for take in takers)


@pytest.mark.parametrize(
    ("marks", "chosen"),
    [
        ([], ["", None, None]),
        ([""], [None, "0", None]),
        (["?"], ["", "0", None]),
        (["*"], ["", "0", "00"]),
        (["+"], [None, "0", "00"]),
        (["", "+"], [None, None, "01", "011"]),
        (["+", ""], [None, None, "01", "001"]),
        (["", "?", "?"], [None, "0", "01", "012", None]),
        (["?", "*"], ["", "0", "01", "011"]),
        (["", "*", ""], [None, None, "02", "012", "0112"]),
    ],
)
def test_operands_by_their_number(marks: list[str], chosen: list[str | None]) -> None:
    found = operands(*marks)
    assert [taken(list(t) if (t := found.takers(n)) is not None else None) for n in range(len(chosen))] == chosen


def test_flags_may_stand_for_the_first_operand() -> None:
    found = operands("", "*")
    assert [taken(list(found.takers(n, 1) or ())) for n in range(3)] == ["", "1", "11"]


@pytest.mark.parametrize("name", ["any", "date", "delimiter"])
def test_an_operand_is_no_flag_but_where_no_word_is(name: str) -> None:
    form = Form(operands=(Operand(Check(name)),))
    for style, refused in (("gnu", True), ("words", False)):
        (take,) = grammar(Profile("x", "", (form,), style=style)).forms[0].operands.first  # type: ignore[arg-type]
        assert take("a") == ()
        assert (take("-a") is None) is refused


def test_flags_go_by_every_name_and_are_called_by_the_first() -> None:
    flags = level("flags: {'-a, --all': , '-b, --by': {value: text, many: true, effects: [fs_write]}}").flags
    assert {name: flag.name for name, flag in flags.items()} == {"-a": "-a", "--all": "-a", "-b": "-b", "--by": "-b"}
    assert (flags["--all"].take, flags["--by"].many, flags["--by"].effects) == (None, True, ("fs_write",))


def test_in_go_one_dash_is_as_good_as_two() -> None:
    assert level("style: go\nflags: {--out: text}\nrequires: [--out]").flags.keys() == {"out"}
    assert [bare_name(name) for name in ("-a", "--a", "---a")] == ["a", "a", "-a"]


def test_a_verb_has_what_stands_above_it() -> None:
    body = """
effects: [net_read]
effects_from: sql
unless_read: [exec_child]
stdin: {as: sql, without: [--command]}
requires: [--exact]
flags: {'-X, --exact': , '-c, --command': text, -n: text}
verbs:
  get: {effects: [fs_read], flags: {-f: {excludes: [--exact]}, -n: }, requires: [-f]}
  put: {stdin: {as: data, when: never}, effects_from: http, unless_read: [fs_write]}
"""
    get, put = level(body, "get"), level(body, "put")
    assert (get.effects, get.effects_from) == (("fs_read", "net_read"), "sql")
    assert (get.unless_read, put.unless_read) == (("exec_child",), ("fs_write",))
    assert (get.requires, put.requires) == ({"-X", "-f"}, {"-X"})
    assert get.flags["-f"].excludes == {"-X"}
    assert get.flags["-n"].take is None
    assert put.flags["-n"].take is not None
    assert get.stdin == Stdin("sql", without=("-c",))
    assert (put.stdin.when, put.effects_from) == ("never", "http")
    assert (level(body).bare, get.bare) == (False, True)


def test_flags_for_before_the_verb_are_not_behind_it() -> None:
    body = "flags: {'-C, --chdir': text}\nglobals: before\nverbs: {log: {flags: {-p: }, requires: [--chdir]}}"
    assert level(body, "log").flags.keys() == {"-p"}
    assert level(body, "log").requires == {"-C"}, "it may be required all the same"


def test_files_among_operands() -> None:
    assert operands("").files is False
    assert level("operands: [text, 'path_read*']").operands.files


def test_grammars_are_made_once() -> None:
    found = Grammars({"x": Profile("x", "", (Form(flags=(Flag(("-a",)),)),), verified=True)})
    made = found.get("x")
    assert made is not None
    assert (made.program, made.style, made.verified) == ("x", "gnu", True)
    assert found.get("x") is made
    assert found.get("y") is NONE.get("x") is None


def test_a_check_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="got the check 'nothing'"):
        Grammars({"x": Profile("x", "", (Form(flags=(Flag(("-a",), Check("nothing")),)),))}).get("x")
