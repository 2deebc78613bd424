"""What begins, by its first lines."""

import pytest

from jumphost.masking.columns.base import CAP, Lines
from jumphost.masking.columns.delimited import Quoted
from jumphost.masking.columns.markup import Markup
from jumphost.masking.columns.names import Names
from jumphost.masking.columns.objects import Objects
from jumphost.masking.columns.sniff import sniff

NAMES = Names(["ssn"])


@pytest.mark.parametrize(
    ("text", "at", "reader"),
    [
        ('{"a":1}', 0, Objects),
        ("\n  [", 1, Objects),
        ("<table>", 0, Markup),
        ('<?xml version="1.0"?>', 0, Markup),
        (" id | x \n----+---\n", 18, Lines),
        ("+--+\n|id|\n+--+\n", 15, Lines),
        (' Table "public.t" \n Column \n--------\n', 37, Lines),
        ("id|ssn\n1|2\n", 7, Lines),
        ("id,ssn\n1,2\n", 7, Quoted),
        ("-[ RECORD 1 ]\n", 0, Lines),
        (" id = 1\n ssn = 2\n", 0, Lines),
        ("(1 row)\n\nINSERT 0 1\nTime: 1.234 ms\nid,ssn\n1,2\n", 42, Quoted),
    ],
)
def test_formats(text: str, at: int, reader: type) -> None:
    found = sniff(text.encode(), 0, NAMES, final=True)
    assert (found.at, type(found.reader)) == (at, reader)
    crlf = sniff(text.replace("\n", "\r\n").encode(), 0, NAMES, final=True)
    assert type(crlf.reader) is reader


@pytest.mark.parametrize(
    "text",
    ["hello\nworld\n", "1|2\n3|4\n", "--\n", "+--+\n|id|\n+---+\n", "<b\n", "id and\n--  ---\n", "+--+\n|id|\n"],
)
def test_nothing_known(text: str) -> None:
    assert sniff(text.encode(), 0, NAMES, final=True) == (0, None)


@pytest.mark.parametrize("text", ["id,ssn", "id,ssn\n", " id | x \n----+---", "<tab", "+--+\n|id|\n", "SET"])
def test_not_enough_yet(text: str) -> None:
    assert sniff(text.encode(), 0, NAMES, final=False) == (0, None)


def test_a_header_is_told_once_the_next_line_is_no_rule() -> None:
    assert sniff(b"id,ssn\n-", 0, NAMES, final=False) == (0, None)
    assert sniff(b"id,ssn\n-1", 0, NAMES, final=False).at == 7
    assert sniff(b"id,ssn", 0, NAMES, final=False) == (0, None)


@pytest.mark.parametrize(
    "text", [b" " * CAP + b' {"a":1}', b"ssn,id" + b"x" * CAP + b"\n1,2\n", b"id\n" + b"-" * CAP + b"\n"]
)
def test_what_is_too_long_is_nothing_known(text: bytes) -> None:
    assert sniff(text, 0, NAMES, final=True) == (0, None)
    assert sniff(b"\n" * CAP + b"id,ssn\n1", 0, NAMES, final=True).at == CAP + 7


def test_what_is_no_data_is_passed_over() -> None:
    assert sniff(b"SET\n\n(3 rows)\n", 0, NAMES, final=False) == (14, None)
    assert sniff(b"SET", 0, NAMES, final=True) == (3, None)
