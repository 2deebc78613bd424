"""The parser is a program that may hang, die or lie: each is a reason, none an exception."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jumphost.command import shfmt
from jumphost.command.facts import analyse
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.command.shfmt import DEADLINE_S, LANGUAGES, parse
from jumphost.command.text import MAX_BYTES
from jumphost.config.settings import Policy

ODD: dict[str, tuple[str, Opaque]] = {
    "hangs": ("exec sleep 60", Opaque.PARSER_TIMEOUT),
    "dies": ("kill -9 $$", Opaque.PARSER_FAILED),
    "crashes": ("exit 2", Opaque.PARSER_FAILED),
    "does not listen": ("exec <&-; exit 3", Opaque.PARSER_FAILED),
    "says nothing": ("exit 0", Opaque.PARSER_FAILED),
    "says what is no JSON": ("echo {", Opaque.PARSER_FAILED),
    "says what is no tree": ("""echo '{"Type":"File","Stmts":[{"Cmd":{"Type":"Novel"}}]}'""", Opaque.PARSER_FAILED),
    "says a field that is new": ("""echo '{"Type":"File","Novel":1}'""", Opaque.PARSER_FAILED),
    "says too much": ("exec yes", Opaque.PARSER_FAILED),
    "refuses": ("exit 1", Opaque.SYNTAX),
    "says too deep a tree": (
        """i=0; while [ $i -lt 3000 ]; do printf '{"Type":"File","Last":[' ; i=$((i+1)); done""",
        Opaque.TOO_DEEP,
    ),
}


@pytest.mark.parametrize(("does", "reason"), ODD.values(), ids=ODD)
def test_an_odd_parser_is_a_reason(does: str, reason: Opaque, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "shfmt"
    odd.write_text(f"#!/bin/sh\n{does}\n")
    odd.chmod(0o755)
    monkeypatch.setattr(shfmt, "_program", lambda: str(odd))
    if reason is Opaque.PARSER_TIMEOUT:
        monkeypatch.setattr(shfmt, "DEADLINE_S", DEADLINE_S)
    command = analyse(b"echo $x")
    assert (command.tier, command.opaque) == ("unparsed", (reason,))


def test_a_parser_that_is_not_there_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shfmt, "_program", lambda: "/nonexistent/shfmt")
    assert analyse(b"echo $x").opaque == (Opaque.PARSER_FAILED,)


def test_the_dialect_is_never_taken_from_the_text() -> None:
    with pytest.raises(NotLiteral, match="syntax"):
        parse("#!/bin/bash\necho <(id)", "sh")


@pytest.mark.parametrize("dialect", LANGUAGES)
def test_a_tree_has_the_statements(dialect: str) -> None:
    assert len(parse("a $x; b | c", dialect).stmts) == 2


PIECES = ["a b ", "$x", '"$x" ', "a=b ", ">b ", "\\a", "a\n", "a|", "1+", "{a,b} "]
NESTED = [
    "a $x" + "|a" * 64,
    "a $x" + "&&a" * 64,
    "(a)&&" * 63 + "a",
    "a " + '"$(' * 16 + "a" + ')"' * 16,
    "a " + "${x:-" * 16 + "a" + "}" * 16,
    "a " + "$(a) " * 96,
    "a " + "`a` " * 96,
    "a $x\n" * 256,
    "if a; then b; " * 20 + "fi; " * 20,
    "for x in a; do " * 30 + "b; " + "done; " * 30,
    "f() { a $x; }; " * 32,
    "a <<E\n" + "$x\n" * 250 + "E\n",
    "a " + "<<E " * 96 + "\n" + "x\nE\n" * 96,
    "a $((" + "1+" * 4000 + "1))",
]
BIGGEST = [
    *NESTED,
    *("a $x " + piece * ((size - 5) // len(piece)) for piece in PIECES for size in (shfmt.MAX_BYTES, MAX_BYTES)),
]
USED = """
import json, re, resource, sys
from jumphost.command import shfmt
from jumphost.command.facts import analyse
shfmt.DEADLINE_S = 10.0  # on a busy machine too each text is read to its end
most = 0.0
for text in json.load(sys.stdin):
    for dialect in shfmt.LANGUAGES:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        analyse(text.encode(), dialect=dialect)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        most = max(most, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
of_the_parser = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
of_the_reader = re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1]
print(json.dumps([most, of_the_parser, int(of_the_reader)]))
"""


def test_the_largest_texts_take_little_memory_and_less_than_a_second_of_processor() -> None:
    done = subprocess.run(
        [sys.executable, "-c", USED], input=json.dumps(BIGGEST), capture_output=True, text=True, check=True
    )
    seconds, of_the_parser, of_the_reader = json.loads(done.stdout)
    assert seconds < 1
    assert of_the_parser < 100 << 10  # KiB
    assert of_the_reader < 100 << 10


def test_the_deadline_leaves_time_for_a_decision() -> None:
    assert Policy().deadline_ms >= DEADLINE_S * 1000 / 0.6
