"""What is skimmed comes out as it does row by row: of tables in every format, whatever is in them, and broken ones."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.masking.base import MaskError
from jumphost.masking.columns import skim
from jumphost.masking.columns.objects import Objects
from jumphost.masking.columns.skim import Skimmer
from jumphost.masking.counts import Hit
from jumphost.masking.plan import open_masker

NAMES = ("id", "ssn", "note")
FILE = Path(__file__).parents[2] / "corpora/masking/clients.jsonl.gz"
REAL = [base64.b64decode(json.loads(line)["output"]) for line in gzip.decompress(FILE.read_bytes()).splitlines()]

cells = st.sampled_from(
    ["", "1", "22", "Ada", "a b", "id", "ssn", "-", "--", ".", "a.", "{", "[1]", '{"ssn": 1}', "O'B", "é", "李"]
) | st.text("ab1 .-|:,;+\"'{}[]=李\t\\", max_size=6)
tables = st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8)
cuts = st.lists(
    st.tuples(st.integers(0, 2000), st.sampled_from(["", "x", "|", "\n", " ", '"', "{", "(2 rows)\n", "-", "\r"])),
    max_size=3,
)


def padded(rows: Sequence[Sequence[str]], before: str, between: str, after: str) -> list[str]:
    sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        before + between.join(cell.ljust(size) for cell, size in zip(row, sizes, strict=True)) + after for row in rows
    ]


def ruled(lines: list[str], rule: str, *, outer: bool) -> str:
    return "\n".join([rule, lines[0], rule, *lines[1:], rule] if outer else [lines[0], rule, *lines[1:]]) + "\n"


def rule(rows: Sequence[Sequence[str]], sign: str, end: str) -> str:
    sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return end + sign.join("-" * (size + 2) for size in sizes) + end


def records(rows: Sequence[Sequence[str]], head: str, line: str) -> str:
    return "".join(
        head.format(number) + "\n" + "".join(line.format(*pair) + "\n" for pair in zip(NAMES, row, strict=True))
        for number, row in enumerate(rows, 1)
    )


FORMATS: dict[str, Callable[[Sequence[Sequence[str]]], str]] = {
    "psql": lambda rows: ruled(padded([NAMES, *rows], " ", " | ", ""), rule([NAMES, *rows], "+", ""), outer=False),
    "markdown": lambda rows: ruled(
        padded([NAMES, *rows], "| ", " | ", " |"), rule([NAMES, *rows], "|", "|"), outer=False
    ),
    "mysql": lambda rows: ruled(padded([NAMES, *rows], "| ", " | ", " |"), rule([NAMES, *rows], "+", "+"), outer=True),
    "tabs": lambda rows: "".join("\t".join(row) + "\n" for row in [NAMES, *rows]),
    "bars": lambda rows: "".join("|".join(row) + "\n" for row in [NAMES, *rows]) + f"({len(rows)} rows)\n",
    "csv": lambda rows: "".join(",".join(row) + "\r\n" for row in [NAMES, *rows]),
    "quoted": lambda rows: "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in [NAMES, *rows]),
    "expanded": lambda rows: records(rows, "-[ RECORD {} ]-+--", "{:<4} | {}"),
    "expanded 2": lambda rows: records(rows, "+-[ RECORD {} ]-+-+", "| {:<4} | {:<6} |"),
    "vertical": lambda rows: records(rows, "*" * 27 + " {}. row " + "*" * 27, "{:>5}: {}"),
    "line": lambda rows: records(rows, "", "{:>4} = {}"),
    "json": lambda rows: json.dumps([dict(zip(NAMES, row, strict=True)) for row in rows], indent=1),
    "jsonl": lambda rows: "".join(
        json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False) + "\n" for row in rows
    ),
    "nested": lambda rows: json.dumps([{"x": {"ssn": list(row), "id": {"a": row[0]}}} for row in rows]),
}


@pytest.fixture(autouse=True, scope="module")
def at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(skim, "AFTER", 0)
        yield


def broken(text: bytes, at: list[tuple[int, str]]) -> bytes:
    for place, new in at:
        place %= len(text) + 1
        text = text[:place] + new.encode() + text[place + (place % 2) :]
    return text


@contextmanager
def row_by_row() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Skimmer, "read", lambda self, buffer, at, spans: (at, 0))
        patch.setattr(Objects, "_members", lambda self, buffer, at, spans: at)
        yield


def run(text: bytes, size: int) -> tuple[bytes, list[Hit]] | str:
    hits: list[Hit] = []
    one = open_masker({"columns": {"ssn": "redact", "n*": "label"}}, on_hit=hits.append)
    try:
        output = b"".join(one.feed(text[at : at + size]) for at in range(0, len(text), size)) + one.close()
    except MaskError as error:
        return str(error)
    return output, sorted(hits)


def same(text: bytes, size: int) -> None:
    with row_by_row():
        expected = run(text, size)
    assert run(text, size) == expected


@settings(max_examples=600, deadline=None)
@given(st.sampled_from([*FORMATS]), tables, cuts, st.sampled_from([1 << 16, 7, 64]))
def test_tables(name: str, rows: list[tuple[str, str, str]], at: list[tuple[int, str]], size: int) -> None:
    same(broken(FORMATS[name](rows).encode(), at), size)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(REAL), cuts, st.sampled_from([1 << 16, 100]))
def test_what_clients_print(text: bytes, at: list[tuple[int, str]], size: int) -> None:
    same(broken(text, at), size)


@pytest.mark.parametrize("name", FORMATS)
def test_ordinary_tables_are_skimmed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing above says anything."""
    skimmed = []
    for owner, method in ((Skimmer, "read"), (Objects, "_members")):
        before = getattr(owner, method)

        def seen(self: object, buffer: bytes, at: int, spans: list[object], before: object = before) -> object:
            found = before(self, buffer, at, spans)  # type: ignore[operator]
            skimmed.append((found if isinstance(found, int) else found[0]) - at)
            return found

        monkeypatch.setattr(owner, method, seen)
    rows = [(str(number), f"123-45-{number}", "plain text") for number in range(1000, 1100)]
    text = FORMATS[name](rows).encode()
    output = run(text, 4096)
    assert not isinstance(output, str)
    assert b"123-45" not in output[0]
    assert b"plain" not in output[0]
    assert sum(skimmed) > (0.9 if name not in ("line", "nested") else -1) * len(text)
