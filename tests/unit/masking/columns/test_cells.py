"""One cell: by its column, or by the keys within."""

from jumphost.masking.columns.base import Cell
from jumphost.masking.columns.cells import masked
from jumphost.masking.columns.names import Names

NAMES = Names(["ssn"])


def test_a_masked_column() -> None:
    assert masked(b"| ab |", 1, 5, "column:x", NAMES) == [Cell(2, 4, "column:x")]


def test_json() -> None:
    assert masked(b'  {"ssn": 12} ', 0, 14, None, NAMES) == [Cell(10, 12, "column:ssn")]
    assert masked(b'{"a": 12}', 0, 9, None, NAMES) == []
    assert masked(b"[1]", 0, 3, None, NAMES) == []


def test_what_only_looks_like_json_is_masked_whole() -> None:
    for text in (b'"ssn": 12', b'{"ssn": 12', b'{"ssn": 12} x', b'{""ssn"": 12}'):
        assert masked(text, 0, len(text), None, NAMES) == [Cell(0, len(text), "column:ssn")]
