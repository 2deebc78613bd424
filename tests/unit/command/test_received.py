"""What follows for standard input from facts alone: who takes it for what, and whether it is known and shown."""

import pytest
from msgspec.structs import replace

from jumphost.command import received, stdin
from jumphost.command.facts import analyse
from jumphost.model.request import Command, Profile, Sql, Stdin


def command(text: str, profile: Profile | None = None, dialect: str = "sh") -> Command:
    """The facts of a line, all of whose parts have the profile."""
    found = analyse(text.encode(), dialect=dialect)
    parts = tuple(replace(one, profile=profile or one.profile) for one in found.commands)
    return replace(found, commands=parts)


def read(data: bytes, text: str = "bash -s", **more: str) -> Stdin:
    return stdin.facts(data, command(text, **more), mode="judge")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(("cat", "data"), ("", "data"), ("bash -s", "code"), ("cat | bash", "code"), ("cat | psql", "sql")),
        *(("psql; sh", "code"), ("sh; psql", "code"), ("bash < /tmp/x", "data"), ("bash < /tmp/x | cat", "data")),
        *(("bash <&-", "data"), ("bash 0<&3", "code"), ("psql < /tmp/x; cat", "data")),
    ],
)
def test_the_strongest_of_the_parts_that_may_read_it(text: str, kind: str) -> None:
    assert received.kind(command(text)) == kind


def test_parts_within_others_count() -> None:
    assert received.kind(command("echo $(bash)")) == "code"


@pytest.mark.parametrize(
    ("text", "profile", "starved"),
    [
        ("cat", Profile("cat", matched=True, stdin="data"), True),
        ("sh", Profile("sh", matched=True, stdin="code"), True),
        ("cat", Profile("cat", matched=True), False),
        ("cat", Profile("cat", matched=False, stdin="data"), False),
        ("cat < /tmp/x", Profile("cat", matched=True, stdin="data"), False),
        ("cat <&-", Profile("cat", matched=True, stdin="data"), False),
        ("uptime; cat", Profile("cat", matched=True, stdin="data"), True),
    ],
)
def test_who_would_find_its_input_at_its_end(text: str, profile: Profile, starved: bool) -> None:
    assert received.starved(command(text, profile)) == starved


def test_parts_in_a_pipe_or_within_others_are_not_starved() -> None:
    line = command("df | cat")
    reads = Profile("cat", matched=True, stdin="data")
    last = replace(line.commands[1], profile=reads)
    assert not received.starved(replace(line, commands=(line.commands[0], last)))
    inner = replace(last, stdin="inherit", parent=0)
    assert not received.starved(replace(line, commands=(line.commands[0], inner)))


def test_what_people_cannot_read_whole_is_not_shown() -> None:
    assert received.shown(read(b"df \xc3\xa9 \xe2\x80\xae"))
    assert not received.shown(read(b"df \xff"))
    assert not received.shown(read(b"#" * 65_537))
    assert not received.shown(read(b"select '\r'", "psql"))
    assert received.shown(read(b"\xff" * 70_000, "cat"))


LITERAL = analyse(b"df -h")


def test_what_is_known_as_written() -> None:
    assert received.literal(LITERAL)
    for changes in ({"tier": "structured"}, {"commands": ()}, {"opaque": ("eval",)}, {"dynamic": ("glob",)}):
        assert not received.literal(replace(LITERAL, **changes))


def test_what_is_understood() -> None:
    known = Sql(0, "postgres", "stdin", "select 1", parse_ok=True)
    assert received.understood(Stdin(kind="data"))
    assert received.understood(Stdin(kind="code", command=LITERAL))
    assert received.understood(Stdin(kind="sql", command=Command(sql=(known,))))
    assert not received.understood(Stdin(kind="code", command=replace(LITERAL, opaque=("eval",))))
    assert not received.understood(Stdin(kind="sql", command=Command()))
    assert not received.understood(Stdin(kind="sql", command=Command(sql=(replace(known, parse_ok=False),))))
    assert not received.understood(Stdin(kind="sql", command=Command(sql=(known,), opaque=("sql_opaque",))))
