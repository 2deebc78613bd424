"""A text as far as it stands there: its tier, its calls, and why there are none."""

import hashlib

import pytest

from jumphost.command.reading import read


def test_a_literal_text() -> None:
    found = read(b"LC_ALL=C sort -r < /srv/in/a | head -n 1 && date > /srv/out/b", "sh")
    assert (found.tier, found.opaque, found.dynamic, found.dialect) == ("literal", (), (), "sh")
    assert [(one.program, one.via, one.when, one.pipeline, one.stage, one.stdin) for one in found.commands] == [
        ("sort", "top", "always", 0, 0, "file"),
        ("head", "pipe", "always", 0, 1, "pipe"),
        ("date", "and", "and", 1, 0, "inherit"),
    ]
    assert found.canonical == "LC_ALL='C' 'sort' -r < /srv/in/a | 'head' -n 1 && 'date' > /srv/out/b"
    assert (found.files.read, found.files.write, found.facts.writes) == (("/srv/in/a",), ("/srv/out/b",), True)
    assert (found.shape.commands, found.shape.pipelines, found.shape.operators) == (3, 2, ("|", "&&"))


def test_a_structured_text() -> None:
    found = read(b"for f in a b; do cat $(ls $f); done", "sh")
    assert (found.tier, found.canonical, found.opaque) == ("structured", "", ())
    assert [one.program for one in found.commands] == ["cat", "ls"]
    assert (found.shape.loops, set(found.dynamic)) == (1, {"cmdsubst", "param"})


@pytest.mark.parametrize(
    ("raw", "dialect", "reason"),
    [
        (b"", "sh", "empty"),
        (b"a 'b", "sh", "syntax"),
        (b"a \xff", "sh", "invalid_utf8"),
        (b"a \0", "sh", "nul_byte"),
        (b"a $b", "zsh", "param"),  # no other reader for what is not literal there
        (b"x" * 65_537, "sh", "too_long"),
    ],
)
def test_a_text_that_is_not_read_has_its_reason_and_no_calls(raw: bytes, dialect: str, reason: str) -> None:
    found = read(raw, dialect)
    assert (found.tier, found.opaque, found.commands, found.files.unknown) == ("unparsed", (reason,), (), True)
    assert (found.bytes, found.sha256) == (len(raw), hashlib.sha256(raw).hexdigest())


def test_what_runs_behind_is_an_operand_here() -> None:
    assert [one.program for one in read(b"sudo timeout 5 sh -c 'rm x'", "sh").commands] == ["sudo"]
