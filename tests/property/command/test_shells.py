"""What the lexer lists is what every shell executes: real shells are the judges."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jumphost.command.builtins import BUILTINS
from jumphost.command.canonical import canonical
from jumphost.command.lexer import Redirection, Simple, parse
from jumphost.command.opaque import NotLiteral
from jumphost.testing.shells import INPUT, PROGRAMS, SHELLS, VARIABLE, Observed, Witness

# What mutations are made of: no slash, so that no redirection leaves the folder of its text.
PIECES = [
    *("okay ", "okay ", "nope ", "okay", "nope", " ", " ", " ", "\t", "\n", " \\\n", "\\\n", "GIVEN=v ", "GIVEN="),
    *("a", "b-c", "x=1", "HEAD", "1~", "--x=", "in", "<in", ">out", "2> err", "2>&1", ">&2", "<&-", ">&-", ">>o"),
    *("'", "'", '"', '"', "\\", "''", "\\'", "\\ ", "\\\\", "\\n", "\\$", "'a b'", '"a b"', '"\\"', "'$x'", "'*'"),
    *(";", "|", "||", "&&", "&", "<", ">", ">>", ">|", "<>", "(", ")", "0", "2", "9", "12", "<1-2>"),
    *("~", "~x", "a:~", "p=~", "{", "}", "{}", "{a,b}", "!", "!=", "!x", "a!", "=", "==", "=okay", "[", "]", "[ "),
    *("#", "^", "%", "%1", ",", "@", "-", "+", ":", ".", "$", "`", "*", "?", "if", "done", "time ", "noglob ", "- "),
    *("é", "À", "ā", "Ă", "ˈ", "漢", "🙂"),  # bytes that dash uses as marks of its own: 0x81 to 0x88
]
SEEDS = [1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 15))]


@pytest.fixture(params=SHELLS)
def witness(request: pytest.FixtureRequest, tmp_path: Path) -> Witness:
    try:
        return Witness(request.param, tmp_path)
    except LookupError as missing:
        pytest.skip(str(missing))


def mutations(seed: int) -> Iterator[tuple[str, tuple[Simple, ...]]]:
    """Random texts that the lexer takes, with what it read; endless."""
    source = random.Random(seed)
    while True:
        text = "".join(
            (source.choice(["\n", ";", "|", "||", "&&"]) if number else "")
            + source.choice(["", "okay ", " nope ", "GIVEN=v okay "])
            + "".join(source.choices(PIECES, k=source.randint(1, 8)))
            for number in range(source.randint(1, 3))
        )
        try:
            commands = parse(text)
        except NotLiteral:
            continue
        if all(command.words[0] not in BUILTINS and _works(command.redirects) for command in commands):
            yield text, commands


def _works(redirects: tuple[Redirection, ...]) -> bool:
    """Whether no redirection fails: then the program would not start, which is not what is asked here."""
    open_ = {0, 1, 2}
    for redirect in redirects:
        if redirect.path in (".", "..") or (redirect.op == "<" and redirect.path != INPUT):
            return False
        if not redirect.path and redirect.to >= 0 and redirect.to not in open_:
            return False
        if not redirect.path and redirect.to < 0:
            open_.discard(redirect.fd)
    return True


def expected(commands: tuple[Simple, ...]) -> Observed:
    """What the commands do, by the rules of && || and pipelines."""
    pipelines: list[list[Simple]] = []
    for command in commands:
        if command.joint == "|":
            pipelines[-1].append(command)
        else:
            pipelines.append([command])
    status, calls, files = 0, [], set()
    for pipeline in pipelines:
        if (pipeline[0].joint == "&&" and status) or (pipeline[0].joint == "||" and not status):
            continue
        for command in pipeline:
            files |= {redirect.path for redirect in command.redirects if redirect.path} - {INPUT}
            if command.words[0] in PROGRAMS:
                calls.append((dict(command.env).get(VARIABLE, ""), *command.words))
        status = PROGRAMS.get(pipeline[-1].words[0], 127)
    return Observed(tuple(sorted(calls)), frozenset(files))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shell_executes_what_the_lexer_lists(seed: int, witness: Witness) -> None:
    source = mutations(seed)
    cases = [next(source) for _ in range(300)]
    wanted = [(text, expected(commands)) for text, commands in cases]
    assert sum(len(observed.calls) for _, observed in wanted) > 200
    assert list(zip([text for text, _ in cases], witness.run([text for text, _ in cases]), strict=True)) == wanted


@pytest.mark.parametrize("seed", SEEDS)
def test_the_canonical_text_does_the_same(seed: int, witness: Witness) -> None:
    source = mutations(-seed)
    cases = [next(source) for _ in range(300)]
    wanted = [(canonical(commands), expected(commands)) for _, commands in cases]
    assert list(zip([text for text, _ in wanted], witness.run([text for text, _ in wanted]), strict=True)) == wanted


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    ["", "'", "''", "-n", "~", "=ls", "!", "{}", "$(id)", "`id`", "*", "\\", "\n", "a\n", "#", "%1", "\x81", "\r", '"']
)
argvs = st.lists(words, max_size=6)


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(batch=st.lists(argvs, min_size=20, max_size=40))
def test_hostile_operands_arrive_exactly(batch: list[list[str]], witness: Witness) -> None:
    texts = [canonical([Simple(("okay", *argv))]) for argv in batch]
    assert witness.run(texts) == [Observed((("", "okay", *argv),), frozenset()) for argv in batch]
