"""Questions about commands, on the facts that the gateway really makes.

What they answer where a fact is another or missing is tested beside them, in ``rego/jumphost/command``.
"""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.command.canonical import quote
from jumphost.command.facts import analyse
from jumphost.testing.rego import Embedded, modules_under

LIBRARY = "data.jumphost.command"
PING = [["psql", "-X", "-c", "select 1"]]


def facts(text):
    return msgspec.to_builtins(analyse(text.encode()))


def holds(ask, question, commands, argument=None):
    cases = [{"command": command, "argument": argument} for command in commands]
    return [answer is True for answer in ask(f"{LIBRARY}.{question}", cases)]


@pytest.mark.parametrize("text", ["psql -X -c 'select 1'", 'psql  -X "-c" select\\ 1', "'psql' -X -c 'select 1'"])
def test_exactly_is_about_words_not_spelling(ask, text):
    assert holds(ask, "exactly(input.command, input.argument)", [facts(text)], PING) == [True]


@pytest.mark.parametrize(
    "text",
    [
        "psql -X -c 'select 1' x",
        "psql -X -c",
        "psql -X -c 'select 2'",
        "psql -c -X 'select 1'",
        "/usr/bin/psql -X -c 'select 1'",
        "psql -X -c 'select 1' > /tmp/out",
        "psql -X -c 'select 1' 2>&1",
        "psql -X -c 'select 1' < /etc/passwd",
        "PGHOST=evil psql -X -c 'select 1'",
        "psql -X -c 'select 1' | sh",
        "psql -X -c 'select 1' && id",
        "psql -X -c 'select 1'; id",
        "id || psql -X -c 'select 1'",
        "psql -X -c 'select 1'\nid",
        "psql -X -c 'select 1' &",
        "psql -X -c $(id)",
        "",
    ],
)
def test_exactly_sees_all_of_the_command(ask, text):
    assert holds(ask, "exactly(input.command, input.argument)", [facts(text)], PING) == [False]


def test_exactly_takes_a_pipeline(ask):
    argvs = [["cat", "/etc/os-release"], ["grep", "ID"], ["wc", "-l"]]
    texts = [
        "cat /etc/os-release | grep ID | wc -l",
        "cat /etc/os-release | grep ID",
        "cat /etc/os-release | grep ID ; wc -l",
        "cat /etc/os-release && grep ID | wc -l",
        "grep ID | cat /etc/os-release | wc -l",
    ]
    answers = holds(ask, "exactly(input.command, input.argument)", map(facts, texts), argvs)
    assert answers == [True, False, False, False, False]


EMBEDDED = Embedded(modules_under(Path(__file__).parents[3] / "rego" / "jumphost" / "command"))
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=3))
def test_the_library_spells_as_the_gateway_does(argvs):
    stages = [" ".join([quote(program, program=True), *map(quote, words)]) for program, *words in argvs]
    assert EMBEDDED.ask(f"{LIBRARY}.line(input)", [argvs]) == [" | ".join(stages)]


def test_canonical(ask):
    command = facts("psql -X -c 'select 1' 2> /dev/null")
    question = "canonical(input.command, input.argument)"
    assert holds(ask, question, [command], "'psql' -X -c 'select 1' 2> /dev/null") == [True]
    assert holds(ask, question, [command], "'psql' -X -c 'select 1'") == [False]
    assert holds(ask, question, [facts("")], "") == [False]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("uptime", True),
        ("uptime | wc", True),
        ("uptime > /tmp/x", False),
        ("uptime | wc 2>&1", False),
        ("LD_PRELOAD=/tmp/x uptime", False),
        ("uptime && A=b id", False),
        ("echo $HOME", False),
        ("", False),
    ],
)
def test_plain(ask, text, plain):
    assert holds(ask, "plain(input.command)", [facts(text)]) == [plain]


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("echo a", True),
        ("echo a; echo b | cat", True),
        ("echo a | sh", False),
        ("/usr/bin/echo a", False),
        ("/tmp/echo a", False),
        ("./echo", False),
        ("echo $(id)", False),
        ("", False),
    ],
)
def test_only_runs(ask, text, only):
    assert holds(ask, "only_runs(input.command, input.argument)", [facts(text)], ["echo", "cat"]) == [only]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("rm x", True),
        ("uptime | rm", True),
        ("/usr/bin/rm x", True),
        ("/opt/../bin/rm x", True),
        ("echo rm", False),
        ("alarm", False),
        ("x/y", False),
    ],
)
def test_runs(ask, text, runs):
    assert holds(ask, "runs(input.command, input.argument)", [facts(text)], ["rm"]) == [runs]


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("cat /etc/shadow", True),
        ("uptime | cat --file=/etc/shadow-", True),
        ("cat < /etc/shadow", True),
        ("echo x > /etc/shadow", True),
        ("F=/etc/shadow cat", True),
        ("cat /etc/passwd", False),
    ],
)
def test_mentions(ask, text, mentions):
    assert holds(ask, "mentions(input.command, input.argument)", [facts(text)], ["/etc/shadow"]) == [mentions]


@pytest.mark.parametrize(
    ("text", "reading", "writing"),
    [
        ("uptime 2>&1 >/dev/null", True, True),
        ("uptime </srv/in/x", True, True),
        ("uptime >/srv/out/x", False, True),
        ("uptime >>/srv/out/x", False, True),
        ("uptime <>/srv/out/x", False, False),
        ("uptime >/dev/sda", False, False),
        ("uptime </dev/tcp/h/1", False, False),
        ("uptime </proc/1/environ", False, False),
    ],
)
def test_redirects_are_effects(ask, text, reading, writing):
    command = facts(text)
    command["commands"][0]["profile"] |= {"name": "uptime", "matched": True, "verified": True}
    question = "effects_within(input.command, {effect | some effect in input.argument})"
    assert holds(ask, question, [command], ["fs_read"]) == [reading]
    assert holds(ask, question, [command], ["fs_read", "fs_write"]) == [writing]
