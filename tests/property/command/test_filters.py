"""What is said to be plain runs nothing and writes nothing in any awk or sed that is here."""

import random
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.command.canonical import quote
from jumphost.command.wrapped.awk import awk_is_plain
from jumphost.command.wrapped.sed import sed_is_plain
from jumphost.testing.shells import INPUT, Observed, Witness

AWKS = ["gawk", "mawk", "original-awk", "busybox awk"]
SEDS = ["sed", "sed --posix", "busybox sed"]
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 10))]

AWK_PIECES = [
    *shlex.split(
        r"""{ } { } '(' ')' [ ] ';' , $1 $ 1 2 x y / / '|' '>' BEGIN BEGIN{ END{ 'close(' length 'length(' 'sub(/x/,'
    x~/y/ ! ~ /okay/ /[/]/ '/\//' '#' ++ -- = == '>=' '>>' '||' '&&' '?' : @ ENVIRON NF FS next 'split(' 'sprintf('
    % ^ ** - '"okay"' '"okay"' '"f"' '"' '\' 'print ' 'printf ' 'if(1)' 'else ' 'while(0)' 'for(x in y)' 'func '
    ' ' ' ' 'getline ' 'system("okay")' 'in ' 'a b' 'return ' 'delete ' 'function f(' """
    ),
    "\n",
]
SED_PIECES = [
    *shlex.split(
        r"""p d q n = ';' { } ! 1 2 $ , /x/ / s/ s/a/b/ 's|a|b|' g e W I s/.*/okay/ /e s, '\' '\n' [ ] [/] y/a/b/ '#'
    'a\' :a b t ~2 +1 x G H N P D l okay f '&' M m z ' ' 'e okay' 'w f' 'w ' 'r in' 'W f' 'i x' 'c x'"""
    ),
    "\n",
]
AROUND = ["timeout", "echo", "sh"]


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness("dash", tmp_path, real=[*AROUND, "gawk", "mawk", "original-awk", "busybox", "sed"])


def installed(witness: Witness, filters: list[str]) -> list[str]:
    return [each for each in filters if each.split()[0] in witness.real]


def plain(seed: int, kind: str) -> Iterator[str]:
    """Random programs that are said to be plain; endless."""
    source = random.Random(seed)
    check, pieces = (awk_is_plain, AWK_PIECES) if kind == "awk" else (sed_is_plain, SED_PIECES)
    while True:
        text = "".join(source.choices(pieces, k=source.randint(1, 9)))
        if text and not text.startswith("-") and check(text):
            yield text


def run(witness: Witness, filters: list[str], programs: list[str]) -> list[tuple[str, Observed]]:
    texts = [
        f"echo okay x y z | timeout 1 {each} {quote(program, program=True)}"
        for program in programs
        for each in installed(witness, filters)
    ]
    return list(zip(texts, witness.run(texts), strict=True))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("kind", "filters"), [("awk", AWKS), ("sed", SEDS)])
def test_what_is_plain_runs_and_writes_nothing(seed: int, kind: str, filters: list[str], witness: Witness) -> None:
    source = plain(seed, kind)
    programs: dict[str, None] = {}
    while len(programs) < 150:
        programs[next(source)] = None
    observed = run(witness, filters, list(programs))
    assert observed
    assert [text for text, done in observed if done != Observed((), frozenset())] == []


@pytest.mark.parametrize(
    ("filters", "program"),
    [
        (AWKS, 'BEGIN { system("okay") }'),
        (AWKS, '{ print > "f" }'),
        (AWKS, '{ print | "okay" }'),
        (AWKS, '{ "okay" | getline }'),
        (["sed"], "1e okay"),
        (["sed"], "s/.*/okay/e"),
        (SEDS, "w f"),
        (SEDS, f"s/{INPUT}*/x/w f"),
    ],
)
def test_what_is_not_plain_does_more(filters: list[str], program: str, witness: Witness) -> None:
    assert not (awk_is_plain if filters is AWKS else sed_is_plain)(program)
    observed = run(witness, filters, [program])
    assert observed
    assert [text for text, done in observed if done == Observed((), frozenset())] == []
