"""What is listed behind wrappers is what real ones run: real shells and real wrappers are the judges."""

import random
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.command.facts import analyse
from jumphost.model.request import Command, Invocation
from jumphost.testing.shells import PROGRAMS, SHELLS, Witness

REAL = [
    *("env", "nohup", "nice", "ionice", "timeout", "stdbuf", "setsid", "chrt", "taskset", "time", "flock", "script"),
    *("xargs", "find", "busybox", "sh", "bash", "dash", "zsh", "ksh", "mksh", "sed", "gawk", "echo"),
]
CORPUS = r"""
env okay a
env GIVEN=v okay 'a b'
env -u X GIVEN=v okay
GIVEN=v env okay -n
env -- okay x
nohup okay x
nice okay x
nice -n 5 okay x
nice -5 okay x
ionice -c 3 okay x
ionice -t -c2 okay
timeout 5 okay x
timeout -k 5 -s KILL 5s okay x
stdbuf -oL okay x
setsid -w okay x
env time -p okay x
chrt -o 0 okay x
taskset -c 0 okay x
taskset 1 okay x
command okay x
command -p env okay x
exec okay x
eval okay x
eval 'okay x; nope' y
eval 'okay "a b"' "'c d'"
flock f okay x
flock f -c 'okay a; nope b'
flock -n f okay -n x
script -qc 'okay a; nope' /dev/null
sh -c 'okay a; nope b' c d
sh -ec 'okay; okay x'
bash --norc -c 'okay a|nope b'
dash -uc okay
zsh -fc 'okay a; nope'
ksh -c 'okay a'
mksh -c 'okay a; nope "b c"'
bash -euo pipefail -c okay <in
busybox env okay x
busybox sh -c 'okay; nope a'
busybox env busybox env okay x
busybox timeout 5 okay x
env nice timeout 5 sh -c 'env GIVEN=w okay; nice nope x'
sh -c "sh -c 'okay a; eval nope'"
find in -exec okay x ';'
find in -name in -exec okay {} x ';' -exec nope {} +
find in -exec env okay {} +
find in -maxdepth 0 -execdir okay {} ';'
find in -exec sh -c 'okay a' {} ';'
xargs okay a <in
echo 'b c' | xargs okay a
echo b c | xargs -n 1 okay a
echo b | xargs -I X okay X aXc
echo b | xargs nice okay
echo b | xargs -0 -r -t okay
echo b | xargs sh -c 'okay a'
echo b | xargs -P 2 env GIVEN=w okay
busybox find in -exec okay {} ';'
echo b | busybox xargs okay a
""".strip().split("\n")
PIECES = shlex.split(
    "env env nice timeout 5 5 stdbuf setsid command exec eval sh bash busybox xargs find in -exec -exec {} ';' ';' + "
    "-name -o flock f nohup ionice time okay okay okay nope a - -- -c -c -n -e -k -s KILL -u -oL -0 -r -t -I X aX -L "
    "1 -p -w -v --norc -x GIVEN=v GIVEN=w X=okay -n1 -IX -P2 -print -print0 -a -ok -execdir ! ( ) --null --unset=X "
    "--signal=TERM --adjustment=1 --adj=1 -uX -ec -ce +e -l -i -C chrt taskset script -qc /dev/null -q dash zsh -fc "
    "mksh ksh -E -d 'okay a' 'okay; nope b' \"nope 'a b'\" 'b c' '-exec okay' 'env okay'"
)
WRAPPERS = [*REAL[:19], "command", "exec", "eval"]
ENDS = ["okay", "okay a", "okay; nope b", "okay"]
STARTS = ["", "", "", "echo okay x | ", "echo -c okay | "]
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 9))]


@pytest.fixture(params=SHELLS)
def witness(request: pytest.FixtureRequest, tmp_path: Path) -> Witness:
    try:
        return Witness(request.param, tmp_path, real=REAL)
    except LookupError as missing:
        pytest.skip(str(missing))


def known(call: tuple[str, ...], command: Command) -> bool:
    """Whether one of the listed invocations says what was called: its program, and each word that is known."""
    return any(one.program == call[1] and _fits(one, call[2:]) for one in command.commands)


def _fits(one: Invocation, operands: tuple[str, ...]) -> bool:
    words = one.argv[1:]
    if any(word.k == "dynamic" for word in words):
        literal = [word.v for word in words if word.k == "literal"]
        left = iter(operands)
        return all(word in left for word in literal)
    return tuple(word.v for word in words) == operands


def runs(text: str, witness: Witness) -> bool:
    """Whether all that it needs is installed."""
    return all(word in witness.real for word in text.replace("'", " ").replace('"', " ").split() if word in REAL)


def test_each_wrapper_runs_what_is_listed(witness: Witness) -> None:
    texts = [text for text in CORPUS if runs(text, witness)]
    for text, observed in zip(texts, witness.run(texts), strict=True):
        command = analyse(text.encode())
        assert (command.tier, command.opaque) == ("literal", ()), text
        assert observed.calls, text
        assert [call for call in observed.calls if not known(call, command)] == [], text
        leaves = [one for one in command.commands if one.program in PROGRAMS]
        assert {one.program for one in leaves} == {call[1] for call in observed.calls}, text


def mutations(seed: int) -> Iterator[tuple[str, Command]]:
    """Random texts that hide nothing and have a wrapper, with their facts; endless."""
    source = random.Random(seed)
    while True:
        words = [source.choice(WRAPPERS), *source.choices(PIECES, k=source.randint(0, 6)), source.choice(ENDS)]
        text = source.choice(STARTS) + shlex.join(words)
        command = analyse(text.encode())
        if command.tier == "literal" and not command.opaque and any(one.wrapper for one in command.commands):
            yield text, command


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_runs_that_is_not_listed(seed: int, witness: Witness) -> None:
    source = mutations(seed)
    cases = [next(source) for _ in range(200)]
    cases = [(text, command) for text, command in cases if runs(text, witness)]
    observed = witness.run([text for text, _ in cases])
    assert sum(len(done.calls) for done in observed) > 40
    hidden = [
        (text, call)
        for (text, command), done in zip(cases, observed, strict=True)
        for call in done.calls
        if not known(call, command)
    ]
    assert hidden == []
