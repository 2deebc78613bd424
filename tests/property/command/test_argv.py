"""Any words: the matcher says yes or no, and yes only to what the real getopt reads the same way."""

import shlex
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.command.profiled import profile
from jumphost.command.profiled.argv import split
from jumphost.command.profiled.grammar import Grammars, grammar
from jumphost.command.profiled.match import match
from jumphost.command.profiled.profile import Check, Flag, Form, Operand, Profile
from jumphost.policy import profiles
from jumphost.testing.profiles import call

SHIPPED = profiles.shipped()
GRAMMARS = Grammars(SHIPPED)
GETOPT = shutil.which("getopt")
KNOWN = sorted(
    {name for one in SHIPPED.values() for form in one.forms for flag in form.flags for name in flag.names}
    | {verb for one in SHIPPED.values() for form in one.forms for verb in form.verbs}
)

texts = st.text(max_size=8) | st.sampled_from(["-", "--", "", "/a", "../b", "a=b", "5", "host:/x", "http://a/"])
words = texts | st.sampled_from(KNOWN) | st.builds("{}={}".format, st.sampled_from(KNOWN), texts)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(SHIPPED)), st.lists(words, max_size=6))
def test_any_words_match_or_do_not(program: str, argv: list[str]) -> None:
    found = match(call(*argv, program=program), GRAMMARS)
    assert found.profile.name == program
    assert found.profile.matched == (found.why == "")
    if not found.profile.matched:
        assert (found.reads, found.writes, found.deletes, found.known) == ((), (), (), False)
        assert not found.profile.effects


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(sorted(SHIPPED)))
def test_an_unknown_flag_never_matches(data: st.DataObject, program: str) -> None:
    """Put anywhere into a line that matches, but for where it is a value: there it is no value that begins with -."""
    one = SHIPPED[program]
    if one.style == "words":
        return
    example = data.draw(st.sampled_from(one.allow)).run
    calls = shlex.split(example)
    if calls[0] != program or any(word in ("|", ";", "&&", "--") or word[0] in "<>" for word in calls):
        return
    at = data.draw(st.integers(1, len(calls)))
    argv = [*calls[1:at], "--jumphost-no-such-flag", *calls[at:]]
    found = match(call(*argv, program=program), GRAMMARS)
    taken = "--jumphost-no-such-flag" in {value for values in found.profile.flags.values() for value in values}
    assert not found.profile.matched or taken


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(sorted(SHIPPED)))
def test_an_abbreviation_never_matches(data: st.DataObject, program: str) -> None:
    names = {name for form in SHIPPED[program].forms for flag in form.flags for name in flag.names}
    long = sorted(name for name in names if name.startswith("--") and len(name) > 4)
    if not long:
        return
    name = data.draw(st.sampled_from(long))
    short = name[: data.draw(st.integers(3, len(name) - 1))]
    if short not in names:
        assert not match(call(short, program=program), GRAMMARS).profile.matched
        assert not match(call(f"{short}=x", program=program), GRAMMARS).profile.matched


@st.composite
def tables(draw: st.DrawFn) -> tuple[Flag, ...]:
    """Flags of every kind: bare, with a value, with one that may be missing; short, long or both."""
    letters = draw(st.lists(st.sampled_from("abcxyzABC019"), min_size=1, max_size=6, unique=True))
    longs = draw(st.lists(st.sampled_from(["alpha", "beta", "gamma-ray", "delta", "eps"]), max_size=5, unique=True))
    names = [(f"-{letter}",) for letter in letters] + [(f"--{name}",) for name in longs]
    made = []
    for several in names:
        kind = draw(st.sampled_from(["bare", "value", "optional"]))
        check = None if kind == "bare" else Check("regex")
        made.append(Flag(several, check, optional=kind == "optional", many=True))
    return tuple(made)


def argvs(flags: tuple[Flag, ...]) -> st.SearchStrategy[list[str]]:
    """Words made of the table, clustered and glued, and some that are not in it; no long one is abbreviated."""
    names = [name for flag in flags for name in flag.names]
    letters = [name[1:] for name in names if not name.startswith("--")] + ["q"]
    values = st.sampled_from(["", "v", "-v", "a=b", "=", "--", "-", "é"])
    clusters = st.builds(
        lambda some, rest: f"-{''.join(some)}{rest}", st.lists(st.sampled_from(letters), min_size=1, max_size=3), values
    )
    longs = st.builds("{}={}".format, st.sampled_from([*names, "--qqq"]), values)
    return st.lists(clusters | longs | st.sampled_from(["op", "-", "--", "", "--qqq", *names]), max_size=6)


@pytest.mark.skipif(GETOPT is None, reason="getopt of util-linux is not installed")
@settings(max_examples=400, deadline=None)
@given(st.data(), tables(), st.sampled_from(["gnu", "posix"]))
def test_words_are_read_as_getopt_reads_them(
    data: st.DataObject, flags: tuple[Flag, ...], style: profile.Style
) -> None:
    argv = data.draw(argvs(flags))
    form = Form(flags=flags, operands=(Operand(Check("text"), "*"),))
    ours = split(argv, grammar(Profile("x", "", (form,), style=style)).forms[0], style)
    theirs = getopt(argv, flags, style)
    assert (theirs is None) == bool(ours.fault), (ours.fault, theirs)
    if theirs is not None:
        assert ([(flag.name, value or "") for flag, value in ours.flags], ours.operands) == theirs


def getopt(
    argv: list[str], flags: tuple[Flag, ...], style: profile.Style
) -> tuple[list[tuple[str, str]], list[str]] | None:
    """What getopt makes of the words: flags with their values ("" without one), operands; None if it refuses."""
    marks = {
        name: "" if flag.check is None else "::" if flag.optional else ":" for flag in flags for name in flag.names
    }
    short = "".join(name[1:] + mark for name, mark in marks.items() if not name.startswith("--"))
    long = ",".join(name[2:] + mark for name, mark in marks.items() if name.startswith("--"))
    stop = "+" if style == "posix" else ""
    ran = subprocess.run(
        [str(GETOPT), "-q", "-o", stop + short, "-l", long, "--", *argv],
        capture_output=True,
        text=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    if ran.returncode:
        return None
    said = shlex.split(ran.stdout)
    found: list[tuple[str, str]] = []
    while (name := said.pop(0)) != "--":
        found.append((name, said.pop(0) if marks[name] else ""))
    return found, said
