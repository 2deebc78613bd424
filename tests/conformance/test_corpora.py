"""What is said of the commands of the corpora: no crash, programs as listed, and nothing opaque without a reason."""

import re
from functools import cache
from pathlib import Path

import pytest

from jumphost.command.builtins import BUILTINS
from jumphost.command.facts import analyse
from jumphost.model.request import Command
from jumphost.testing.corpora import Dangerous, Ordinary, dangerous, ordinary
from jumphost.testing.shells import Witness

SHARE = 0.98  # of the ordinary ones: that are read right
HIDDEN = 2  # of them, opaque all the same: $'…', which shells read differently, and VACUUM of whatever there is
WRAPPERS = frozenset(
    {
        *("bash", "command", "env", "exec", "find", "flock", "ionice", "nice", "nohup", "sh", "ssh", "stdbuf", "sudo"),
        *("timeout", "xargs"),
    }
)
UNFIT = re.compile(  # for a witness: what it must not touch or would run in part
    r"[<>](?!/dev/null|&[0-9]|\()|/bin/|\|\||~|in \$\("
)


@cache
def facts(one: Dangerous | Ordinary, dialect: str) -> Command:
    return analyse(one.raw, dialect=dialect)


@pytest.mark.parametrize("dialect", ["sh", "bash", "zsh"])
def test_whatever_is_sent_is_told(dialect: str) -> None:
    for one in (*dangerous(), *ordinary()):
        told = facts(one, dialect)
        assert bool(told.commands) == (told.tier != "unparsed"), one.run
        assert told.commands or told.opaque, one.run


def test_what_is_not_a_text_is_not_read() -> None:
    odd = [one for one in dangerous() if one.technique == "not-parsed"]
    assert [one.run for one in odd if facts(one, "sh").tier != "unparsed"] == []


def test_the_shape_of_ordinary_ones() -> None:
    wrong = [one.run for one in ordinary() if facts(one, "bash").tier != one.shape]
    assert len(wrong) <= (1 - SHARE) * len(ordinary()), wrong


def test_nothing_ordinary_is_opaque_that_is_all_in_its_text() -> None:
    told = [one for one in ordinary() if not one.opaque]
    wrong = [(one.run, facts(one, "bash").opaque) for one in told if facts(one, "bash").opaque]
    assert len(wrong) <= HIDDEN, wrong


def test_the_programs_of_ordinary_ones() -> None:
    plain = [one for one in ordinary() if not WRAPPERS.intersection(one.programs)]
    wrong = [(one.run, one.programs) for one in plain if programs(one) != one.programs]
    assert len(wrong) <= (1 - SHARE) * len(plain), wrong


def test_the_programs_that_wrappers_run() -> None:
    told = [(one, sorted(programs(one))) for one in ordinary()]  # what wrappers run is told last
    wrong = [(one.run, one.programs) for one, names in told if names != sorted(one.programs)]
    assert len(wrong) <= (1 - SHARE) * len(told), wrong


def test_the_programs_listed_are_those_that_a_shell_runs(tmp_path: Path) -> None:
    fit = [one for one in ordinary() if not one.opaque and not UNFIT.search(one.run)]
    asked = [one for one in fit if not (WRAPPERS | BUILTINS).intersection(one.programs)]
    witness = Witness("bash", tmp_path, dict.fromkeys((name for one in asked for name in one.programs), 0))
    observed = witness.run([one.run for one in asked])
    ran = [{call[1] for call in seen.calls} for seen in observed]
    wrong = [(one.run, names) for one, names in zip(asked, ran, strict=True) if names != set(one.programs)]
    assert wrong == []
    assert len(asked) > 600


def programs(one: Ordinary) -> tuple[str, ...]:
    return tuple(told.program for told in facts(one, "bash").commands)
