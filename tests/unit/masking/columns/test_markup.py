"""HTML and XML: cells by the header of their column or row."""

import pytest

from jumphost.masking.base import MaskError
from jumphost.masking.columns.base import CAP
from jumphost.masking.columns.markup import Markup
from jumphost.masking.columns.names import Names


def masked(*pieces: str) -> str:
    reader, text, at, out = Markup(Names(["ssn", "a&b"])), b"", 0, bytearray()
    for number, piece in enumerate(pieces, 1):
        text += piece.encode()
        out += piece.encode()
        step = reader.read(text, at, final=number == len(pieces))
        for span in step.spans:
            out[span.start : span.end] = b"*" * (span.end - span.start)
        at = step.at
    assert at == len(text)
    return out.decode()


@pytest.mark.parametrize(
    ("text", "stars"),
    [
        (
            "<TABLE BORDER=1><TR><TH>id</TH><TH>SSN</TH></TR><TR><TD>1</TD><TD>ab</TD></TR></TABLE>",
            "<TABLE BORDER=1><TR><TH>id</TH><TH>SSN</TH></TR><TR><TD>1</TD><TD>**</TD></TR></TABLE>",
        ),
        (
            "<table>\n<tr><td COLSPAN=2>1</td></tr>\n<tr><th>ssn</th><td>x</td></tr><tr><th>i</th><td>y</td></tr>",
            "<table>\n<tr><td COLSPAN=2>1</td></tr>\n<tr><th>ssn</th><td>*</td></tr><tr><th>i</th><td>y</td></tr>",
        ),
        (
            '<row><field name="id">1</field><field name="ssn">a &lt;</field><field name="a&amp;b">2</field></row>',
            '<row><field name="id">1</field><field name="ssn">******</field><field name="a&amp;b">*</field></row>',
        ),
        (
            "<tr><th>x</th></tr><tr><td>{&quot;ssn&quot;:1}</td></tr>",
            "<tr><th>x</th></tr><tr><td>" + "*" * 19 + "</td></tr>",
        ),
        ("<tr><th>ssn</th></tr><tr><td>a", "<tr><th>ssn</th></tr><tr><td>*"),
    ],
)
def test_cells(text: str, stars: str) -> None:
    assert masked(text) == stars
    assert masked(*text) == stars


@pytest.mark.parametrize(
    "text",
    ["<tr><td>1</td></tr>", "<tr><th>a</th></tr><tr><td>1</td><td>2</td></tr>", "<field>x</field>", "<<", "< >", "<tr"],
)
def test_what_cannot_be_told(text: str) -> None:
    with pytest.raises(MaskError):
        masked(text)


def test_long_ones() -> None:
    head = "<tr><th>x</th></tr><tr><td>"
    assert masked(head + "y" * (CAP + 1) + "</td>") == head + "*" * (CAP + 1) + "</td>"
    assert masked(head + "y" * (CAP + 1), "z</td>") == head + "*" * (CAP + 2) + "</td>"
    with pytest.raises(MaskError, match="header"):
        masked("<th>" + "y" * (CAP + 1))
    with pytest.raises(MaskError, match="markup"):
        masked("<td " + "y" * 5000, "")
