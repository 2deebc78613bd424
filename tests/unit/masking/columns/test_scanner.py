"""One stream of tables; what cannot be told ends the session."""

import pytest

from jumphost.masking.base import COLUMN, MaskError, Scan, Span
from jumphost.masking.columns.base import CAP
from jumphost.masking.columns.names import WHOLE
from jumphost.masking.columns.scanner import ColumnScanner
from jumphost.masking.plan import open_masker

TABLE = b" id | ssn \n----+-----\n  1 | abc\n"


def masked(text: bytes, strategy: str = "redact", mode: str = "enforce") -> bytes:
    one = open_masker({"columns": {"ssn": strategy}, "mode": mode})
    return one.feed(text) + one.close()


def test_rows_go_one_by_one() -> None:
    scanner = ColumnScanner(["ssn"])
    assert scanner.scan(TABLE[:20], 0, final=False) == Scan((), 0, 0)
    assert scanner.scan(TABLE[:30], 0, final=False) == Scan((), 22, 22)
    scanner.forget(22)
    assert scanner.scan(TABLE[22:], 0, final=False) == Scan((Span(6, 9, "column:ssn", COLUMN),), 10, 10)
    assert scanner.scan(TABLE[22:], 10, final=True) == Scan((), 10, 10)


def test_every_strategy() -> None:
    assert masked(TABLE).endswith(b"  1 | ***\n")
    assert masked(TABLE, "label").endswith(b"  1 | [MASKED:COLUMN:SSN]\n")
    assert masked(TABLE, mode="detect") == TABLE


@pytest.mark.parametrize("text", [b"", b"\n", b"SET\n", b"(0 rows)\n\n"])
def test_nothing_to_mask(text: bytes) -> None:
    assert masked(text) == text


def test_tables_of_many_formats() -> None:
    text = TABLE + b'(1 row)\n\n{"ssn": "x"}\nid|ssn\n1|2\n(1 row)\nssn,id\n3,4\n'
    stars = TABLE.replace(b"abc", b"***") + b'(1 row)\n\n{"ssn": "*"}\nid|ssn\n1|*\n(1 row)\nssn,id\n*,4\n'
    assert masked(text) == stars


@pytest.mark.parametrize("text", [b"1|Ada|123-45-6789\n", b"Ada\n", b"Ada", TABLE + b"(1 row)\nAda\n", b'{"a":1}x'])
def test_no_header(text: bytes) -> None:
    with pytest.raises(MaskError):
        masked(text)


def test_a_header_that_may_be_a_value_is_masked() -> None:
    assert masked(b"ssn|Secret\nname|Ada\n") == b"***|******\n****|Ada\n"
    assert masked(b"ssn|city\n1|Rome\n(1 row)\nid|ssn\n1|2\n") == b"***|****\n*|Rome\n(1 row)\nid|ssn\n1|*\n"
    assert masked(b"ssn|name\n1|Ada\n") == b"ssn|name\n*|Ada\n"


def test_a_glob_of_everything_makes_no_header_of_data() -> None:
    one = open_masker({"columns": {"*": "redact"}})
    with pytest.raises(MaskError):
        one.feed(b"alice|hunter\nbob|other\n" + b"x" * CAP)
    one = open_masker({"columns": {"*": "redact"}})
    assert one.feed(b"id|login|x\n1|bob|2\n") + one.close() == b"id|login|x\n*|***|*\n"


def test_no_header_in_so_much() -> None:
    scanner = ColumnScanner(["ssn"])
    assert scanner.scan(b"x" * CAP, 0, final=False) == Scan((), 0, 0)
    with pytest.raises(MaskError, match="no header"):
        scanner.scan(b"x" * (CAP + 1), 0, final=False)


def test_a_long_row_is_masked_to_the_end_of_its_line() -> None:
    head, long = b"id|ssn\n", b"1|" + b"x" * CAP
    assert masked(head + long + b"y\n1|2\n") == head + b"*" * (CAP + 3) + b"\n1|*\n"
    one = open_masker({"columns": {"ssn": "redact"}})
    output = b"".join(map(one.feed, (head + long, b"y", b"z\n", b"1|2\n"))) + one.close()
    assert output == head + b"*" * (CAP + 4) + b"\n1|*\n"


def test_a_row_that_was_cut_by_a_pause() -> None:
    one = open_masker({"columns": {"ssn": "redact"}})
    assert one.feed(b"id|ssn\n1|ab") == b"id|ssn\n"
    assert one.idle() == b""
    assert one.idle() == b"****"
    assert one.feed(b"c|d\n2|3\n") + one.close() == b"***\n2|*\n"


def test_a_header_that_was_cut_by_a_pause() -> None:
    one = open_masker({"columns": {"ssn": "redact"}})
    assert one.feed(b"id|s") + one.idle() + one.idle() == b"****"
    with pytest.raises(MaskError, match="did not come"):
        one.feed(b"sn\n")


def test_a_row_that_does_not_fit_has_a_name_of_its_own() -> None:
    assert ColumnScanner(["ssn"]).keep == 0
    scanner = ColumnScanner(["ssn"])
    assert scanner.scan(b"id|ssn\n1|2|3\n", 0, final=False).spans == (Span(7, 12, WHOLE, COLUMN),)
