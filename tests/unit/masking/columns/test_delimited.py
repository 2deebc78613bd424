"""Delimited rows: which line is a header, and the cells under it."""

import pytest

from jumphost.masking.base import COLUMN, MaskError, Span
from jumphost.masking.columns.base import CAP, Cell, Step
from jumphost.masking.columns.delimited import Plain, Quoted, header, reader
from jumphost.masking.columns.names import WHOLE, Names

NAMES = Names(["ssn"])
MASK = "column:ssn"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"id|ssn", (b"|", [b"id", b"ssn"])),
        (b'"id","ssn"', (b",", [b"id", b"ssn"])),
        (b"a\tssn\tssn", (b"\t", [b"a", b"ssn", b"ssn"])),
        (b"login;user_id", (b";", [b"login", b"user_id"])),
        (b"count(*)", (b"", [b"count(*)"])),
        (b"SSN", (b"", [b"SSN"])),
    ],
)
def test_headers(line: bytes, found: object) -> None:
    assert header(line, NAMES) == found


@pytest.mark.parametrize(
    "line", [b"", b"alice|hunter", b"1|ssn", b"id|id", b"ssn||x", b"Ada Lovelace", b"ssn|2024-01-01"]
)
def test_what_may_be_data_is_no_header(line: bytes) -> None:
    assert header(line, NAMES) is None


def plain(*fields: bytes, delimiter: bytes = b"|") -> Plain:
    return Plain(delimiter, fields, NAMES)


def test_a_row() -> None:
    assert plain(b"id", b"ssn", b"x").row(b"1| ab |c") == [Cell(3, 5, MASK)]
    assert plain(b"ssn", delimiter=b"").row(b"a|b") == [Cell(0, 3, MASK)]


def test_a_row_of_another_length_is_masked_whole() -> None:
    assert plain(b"id", b"ssn").row(b"1|2|3") == [Cell(0, 5, WHOLE)]
    assert plain(b"id", b"ssn").row(b"more") == [Cell(0, 4, WHOLE)]
    assert plain(b"id", b"x").row(b"more") == []
    assert plain(b"id", b"x").row(b'"ssn":1') == [Cell(0, 7, WHOLE)]


def test_a_footer_counts_the_rows() -> None:
    rows = plain(b"id", b"ssn")
    rows.row(b"1|2")
    assert rows.row(b"(7 rows)") == [Cell(0, 8, WHOLE)]
    assert rows.row(b"(2 rows)") is None


def test_another_header() -> None:
    assert plain(b"id", b"x").row(b"id|x|ssn") is None
    assert plain(b"id", delimiter=b"").row(b"id,ssn") is None
    rows = plain(b"id", b"x", b"y")
    assert rows.row(b"ssn|id|y") == []  # as many columns: those of both are masked from here on
    assert rows.row(b"1|2|3") == [Cell(0, 1, MASK)]


def test_the_name_of_its_column_is_masked_as_a_value() -> None:
    assert plain(b"id", b"ssn").row(b"1|ssn") == [Cell(2, 5, MASK)]


def test_a_record_in_two_columns() -> None:
    assert plain(b"id", b"name").row(b"ssn|12") == [Cell(4, 6, MASK)]


def csv(text: bytes, *fields: bytes, final: bool = True) -> Step:
    return Quoted(b",", fields or (b"id", b"ssn"), NAMES).read(text, 0, final=final)


def spans(*places: tuple[int, int]) -> list[Span]:
    return [Span(*place, MASK, COLUMN) for place in places]


def test_csv() -> None:
    assert csv(b"1,abc\r\n2,\n") == Step(10, spans((2, 5)))
    assert csv(b'1,"a,""b\n"\n') == Step(11, spans((3, 9)))
    assert csv(b'"a\nb",x') == Step(7, spans((6, 7)))
    assert csv(b'1,"ab', final=False) == Step(0, [])
    assert csv(b"1,ab", final=False) == Step(0, [])


@pytest.mark.parametrize("text", [b"1,2,3", b"1", b'1,"a"b', b'1,"a'])
def test_what_is_not_csv_is_masked_whole(text: bytes) -> None:
    assert csv(text) == Step(len(text), [Span(0, len(text), WHOLE, COLUMN)])


def test_csv_that_masks_nothing() -> None:
    assert csv(b"1,2,3\n1,2\n", b"id", b"x") == Step(10, [])
    assert csv(b'1,"{""ssn"":2}"\n', b"id", b"x").spans == spans((3, 14))


def test_another_table_of_csv() -> None:
    assert csv(b"1,2\nid,name,ssn\n") == Step(4, spans((2, 3)), done=True)
    assert csv(b"ssn,id\n3,4\n", b"id", b"x") == Step(11, spans((7, 8)))


def test_a_record_that_does_not_end() -> None:
    with pytest.raises(MaskError, match="longer"):
        csv(b'1,"' + b"x\n" * CAP, final=False)


def test_which_reader() -> None:
    assert isinstance(reader(b",", [b"id"], NAMES), Quoted)
    assert not isinstance(reader(b"\t", [b"id"], NAMES), Quoted)
