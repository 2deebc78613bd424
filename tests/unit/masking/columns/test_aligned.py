"""Aligned tables: columns where the rule says that they are."""

import pytest

from jumphost.masking.columns.aligned import Aligned, Columns, rule
from jumphost.masking.columns.base import Cell
from jumphost.masking.columns.names import WHOLE, Names

NAMES = Names(["ssn"])
MASK = "column:ssn"


def table(line: str, header: str) -> Aligned:
    columns = rule(line.encode())
    assert columns
    return Aligned(columns, header.encode(), NAMES)


PSQL = ("----+-----+------", " id | ssn | note ")


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("----+-----", Columns(((0, 4), (5, 10)), "bar", outer=False)),
        ("-- ---", Columns(((0, 2), (3, 6)), "space", outer=False)),
        ("--  ---", Columns(((0, 2), (4, 7)), "spaces", outer=False)),
        ("---", Columns(((0, 3),), "space", outer=False)),
        ("+--+---+", Columns(((1, 3), (4, 7)), "bar", outer=True)),
        ("├──┼──┤", Columns(((1, 3), (4, 6)), "bar", outer=True)),
        ("╔══╤══╗", Columns(((1, 3), (4, 6)), "bar", outer=True)),
        ("|--|--|", Columns(((1, 3), (4, 6)), "bar", outer=True)),
    ],
)
def test_rules(line: str, columns: Columns) -> None:
    assert rule(line.encode()) == columns


@pytest.mark.parametrize("line", ["", "   ", "|", "a--", " ---", "--   --", "--  -- --", "++--", "-- + --"])
def test_no_rules(line: str) -> None:
    assert rule(line.encode()) is None
    assert rule(b"--\xff") is None


def test_a_value_may_hold_what_separates_columns() -> None:
    assert table(*PSQL).row(b"  1 | a|b | c|d") == [Cell(6, 9, MASK)]


def test_wide_characters() -> None:
    line = "  1 | 李x | 李李".encode()
    assert table(*PSQL).row(line) == [Cell(6, 10, MASK)]


def test_a_row_that_does_not_fit_is_masked_whole() -> None:
    assert table(*PSQL).row(b"  1 | abcdef | x") == [Cell(2, 16, WHOLE)]
    assert table(*PSQL).row(b"  1 ") == [Cell(2, 3, WHOLE)]


def test_where_nothing_is_masked_nothing_need_fit() -> None:
    rows = table("----+-----", " id | nr ")
    assert rows.row(b"  1 | abcdef | x") == []
    assert rows.row(b'  1     {"ssn": 2}') == [Cell(2, 18, WHOLE)]


def test_json_in_a_cell() -> None:
    rows = table("----+---------------", " id |     data      ")
    assert rows.row(b'  1 | {"ssn":"x"}') == [Cell(14, 15, MASK)]
    assert rows.row(b'  1 | {"ssn":     +') == [Cell(6, 19, MASK)]
    assert rows.row(b'  1 | {"a": 1, "s.') == [Cell(6, 18, WHOLE)]
    assert rows.row(b'    |.sn": "123"}') == [Cell(5, 17, WHOLE)]
    assert rows.row(b"  2 | plain") == []


@pytest.mark.parametrize("line", [b"(2 rows)", b"(1 row)", b"", b"   "])
def test_the_end_of_a_table(line: bytes) -> None:
    assert table(*PSQL).row(line) is None


def test_an_empty_cell_alone_is_no_end() -> None:
    assert table("-----", " ssn ").row(b" ") == [Cell(1, 1, MASK)]
    assert table("-----", " ssn ").row(b"") is None


def test_rules_between_rows_and_at_the_end() -> None:
    rows = table("+----+-----+", "| id | ssn |")
    assert rows.row(b"+----+-----+") == []
    assert rows.row(b"|  1 | abc |") == [Cell(7, 10, MASK)]
    assert rows.row(b"+----+-----+") == []
    assert rows.row(b"id,ssn") is None


def test_a_line_that_goes_on_in_old_ascii() -> None:
    assert table(*PSQL).row(b"    : b   : c") == [Cell(6, 7, MASK)]
    assert table(*PSQL).row(b"      b   : c") == [Cell(6, 7, MASK)]
    assert table(*PSQL).row(b"      b     c") == [Cell(6, 13, WHOLE)]


def test_another_table_of_sqlite_right_after_one() -> None:
    rows = table("--  ----", "id  note")
    assert rows.row(b"1   a") == []
    assert rows.row(b"") == []
    assert rows.row(b"(1 row)") == []
    assert rows.row(b"ssn  id") == []
    assert rows.row(b"---  --") == []
    assert rows.row(b"abc  1") == [Cell(0, 3, MASK)]


def test_a_row_of_dashes_unmasks_nothing() -> None:
    rows = table("--  ---", "id  ssn")
    assert rows.row(b"--  ---") is not None  # right under the rule
    assert rows.row(b"1   abc") == [Cell(4, 7, MASK)]
    assert rows.row(b"--  ---") is not None
    assert rows.row(b"1   abc") == [Cell(4, 7, MASK)]


def test_a_header_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        table("----+-----", "id and ssn")
