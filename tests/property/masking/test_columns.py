"""However a table is cut, the same cells are masked; and whatever is in its cells, the masked column is not seen."""

import csv
import io
import json
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jumphost.masking.base import MaskError
from jumphost.masking.counts import Hit
from jumphost.masking.plan import open_masker

LINES = [
    b" id | ssn \n----+-----\n",
    b"  1 | abc\n",
    b"    | de +\n",
    b"(1 row)\n",
    b"\n",
    b"id|ssn\n",
    b"1|abc\n",
    b"id,ssn\n",
    b'1,"a\nb"\n',
    b"ssn\n",
    b'{"ssn": ["a\\"", 1], "x": {"y": "z"}}\n',
    b'{"a": "{\\"ssn\\": 1}"}',
    b"-[ RECORD 1 ]-\n",
    b"ssn | x\n",
    b"*************************** 1. row ***************************\n",
    b" ssn: x\n",
    b"+----+-----+\n",
    b"| id | ssn |\n",
    b"<tr><th>ssn</th></tr><tr><td>x</td></tr>",
    b"\x1b[1m",
    "李 | 李".encode(),
    b"\r\n",
    b'"',
    b"{",
]
texts = st.tuples(st.sampled_from(LINES[::5]), st.lists(st.sampled_from(LINES), max_size=8)).map(
    lambda parts: parts[0] + b"".join(parts[1])
)
places = st.lists(st.integers(0, 10_000), max_size=8)
words = st.text(st.characters(codec="utf-8", exclude_characters="\0\x1b"), max_size=12)
secrets = st.text("0123456789-|,;\t \"'\\\n{}李😀", max_size=8).map(lambda text: f"SEC{text}RET")


def run(chunks: list[bytes], strategy: str = "redact") -> tuple[bytes, list[Hit]] | str:
    hits: list[Hit] = []
    one = open_masker({"columns": {"ssn": strategy}}, on_hit=hits.append, key=b"k" * 32)
    try:
        output = b"".join(map(one.feed, chunks)) + one.close()
    except MaskError as error:
        return str(error)
    return output, sorted(hits)


def cut(text: bytes, at: list[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(text) + 1) for place in at), len(text)]
    return [text[start:end] for start, end in pairwise(ends)]


@settings(max_examples=400, deadline=None)
@given(texts, places, st.sampled_from(["redact", "label", "partial", "pseudonym"]))
@example(b'{"ssn": "a\\""}', [11, 11], "redact")  # within an escape, and nothing new
def test_any_chunks_give_the_same(text: bytes, at: list[int], strategy: str) -> None:
    assert run(cut(text, at), strategy) == run([text], strategy)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_single_bytes_give_the_same(text: bytes) -> None:
    assert run([bytes([byte]) for byte in text]) == run([text])


rows = st.lists(st.tuples(words, secrets, words), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(rows)
def test_csv(table: list[tuple[str, str, str]]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([("name", "ssn", "note"), *table])
    result = run([file.getvalue().encode()])
    assert isinstance(result, str) or b"SEC" not in result[0]


@settings(max_examples=200, deadline=None)
@given(rows, st.booleans(), st.booleans())
def test_json(table: list[tuple[str, str, str]], ascii_only: bool, lines: bool) -> None:
    documents = [dict(zip(("name", "ssn", "note"), row, strict=True)) for row in table]
    texts = (
        [json.dumps(one, ensure_ascii=ascii_only) for one in documents] if lines else [json.dumps(documents, indent=1)]
    )
    result = run(["\n".join(texts).encode()])
    assert not isinstance(result, str)
    assert b"SEC" not in result[0]


@settings(max_examples=300, deadline=None)
@given(rows, st.sampled_from(["|", "\t"]), st.sampled_from(["|\t", "\n\r"]))
def test_delimited_without_quotes(table: list[tuple[str, str, str]], delimiter: str, never: str) -> None:
    """Values with the delimiter, or with line breaks; both in one row are beyond telling."""
    table = [tuple(value.translate(dict.fromkeys(map(ord, never))) for value in row) for row in table]  # type: ignore[misc]
    lines = [delimiter.join(row) for row in [("name", "ssn", "note"), *table]]
    result = run(["\n".join(lines).encode()])
    assert isinstance(result, str) or b"SEC" not in result[0]
