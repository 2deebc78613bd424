"""Records with a line for each column."""

import pytest

from jumphost.masking.columns.names import WHOLE, Names
from jumphost.masking.columns.records import Records, kind

NAMES = Names(["ssn", "*card no"])
SSN = "column:ssn"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("*************************** 1. row ***************************", "mysql"),
        ("-[ RECORD 1 ]---+----", "bars"),
        ("+-[ RECORD 12 ]-+-----+", "bars"),
        ("┌─[ RECORD 1 ]─┬──┐", "bars"),
        ("* Record 3  ", "spaces"),
        ("   id = 1", "sqlite"),
        ("note = ", "sqlite"),
        ("id|ssn", None),
        ("***", None),
        ("", None),
    ],
)
def test_kinds(line: str, found: str | None) -> None:
    assert kind(line.encode()) == found


def masked(which: str, *lines: str) -> list[list[str] | None]:
    """The texts that are masked in each line; None from the one on that ends the table."""
    rows = Records(which, NAMES)  # type: ignore[arg-type]
    found = [(line.encode(), rows.row(line.encode())) for line in lines]
    return [
        None if cells is None else [line[cell.start : cell.end].decode() for cell in cells] for line, cells in found
    ]


def test_mysql() -> None:
    begin = "*************************** 1. row ***************************"
    lines = begin, "  id: 1", " ssn: a: b", "more of it", "", "note: x", "more", "  ssn: y", begin, "ssn: z"
    assert masked("mysql", *lines) == [
        [], [], ["a: b"], ["more of it"], [], [], [], ["y"], [], ["z"],
    ]  # fmt: skip


def test_mysql_ends_at_a_header() -> None:
    assert masked("mysql", "  id: 1", "id\tssn") == [[], None]
    assert masked("mysql", " ssn: 1", "id\tssn") == [["1"], ["id\tssn"]]


def test_sqlite() -> None:
    lines = "  id = 1", " ssn = ab", "", "  id = 2", " ssn = ", "other ssn = 1", "long_name = 3", "ssn = c"
    assert masked("sqlite", *lines) == [[], ["ab"], [], [], [""], ["other ssn = 1"], ["long_name = 3"], ["c"]]


def test_psql() -> None:
    lines = (
        "-[ RECORD 1 ]",
        "id   | 1",
        "ssn  | a | b+",
        "     | c",
        "note | x+",
        "     | y",
        "name | 李",
        "",
        "-[ RECORD 2 ]",
    )
    assert masked("bars", *lines) == [[], [], ["a | b+"], ["c"], [], [], [], None, []]


def test_psql_with_borders() -> None:
    for bar in "|│":
        lines = (
            f"+-[ RECORD 1 ]{bar}",
            f"{bar} id  {bar} 1 {bar}",
            f"{bar} ssn {bar} a {bar}",
            f"{bar}     {bar} b {bar}",
        )
        assert masked("bars", *lines, "+-----+---+", "else") == [[], [], ["a"], ["b"], [], None]


def test_psql_without_borders() -> None:
    lines = "* Record 1", "id      1", "ssn     2", "        3", "card no 4 5", 'note    {"ssn": 6}', ""
    assert masked("spaces", *lines) == [[], [], ["2"], ["3"], ["4 5"], ['note    {"ssn": 6}'], None]


def test_json_in_a_value() -> None:
    assert masked("bars", "id | 1", 'js | {"ssn": "x"}') == [[], ["x"]]
    rows = Records("bars", NAMES)
    rows.row(b"id | 1")
    assert rows.row(b'js | {"a": 1, "ss.') == [(5, 18, WHOLE)]
    assert rows.row(b'   |.n": "x"}') == [(4, 13, WHOLE)]
    assert rows.row(b"id | 2") == []
