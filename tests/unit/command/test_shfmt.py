"""The parser is a program that may hang, die or lie: each is a reason, none an exception."""

from pathlib import Path

import pytest

from jumphost.command import shfmt
from jumphost.command.facts import analyse
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.command.shfmt import LANGUAGES, parse

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
