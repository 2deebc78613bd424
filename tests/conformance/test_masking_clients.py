"""What psql, mariadb and sqlite3 print, in every format they have: nothing of the masked column is seen.

The outputs are of real clients, whose versions are beside them (tests/corpora/masking/clients.py).
"""

import base64
import gzip
import json
import re
from pathlib import Path

import pytest

from jumphost.masking.base import MaskError
from jumphost.masking.plan import open_masker

FILE = Path(__file__).parents[1] / "corpora/masking/clients.jsonl.gz"
LINES = gzip.decompress(FILE.read_bytes()).splitlines()
CASES = {case["name"]: base64.b64decode(case["output"]) for case in map(json.loads, LINES)}

# Cells with a line break or a delimiter that their format does not tell from its own: their rows are masked whole.
AMBIGUOUS = ("psql unaligned", "mariadb raw", "mariadb table", "sqlite3 list", "sqlite3 tabs")


def masked(text: bytes, size: int = 1 << 20) -> bytes:
    one = open_masker({"columns": {"SSN": "redact"}})
    return b"".join(one.feed(text[at : at + size]) for at in range(0, len(text), size)) + one.close()


@pytest.mark.parametrize("name", CASES)
def test_nothing_of_the_column_is_seen(name: str) -> None:
    output = masked(CASES[name])
    assert len(output) == len(CASES[name])
    assert not re.search(rb"S\W*E\W*C\W*R\W*E\W*T", output)
    assert b"ET-11" not in output


@pytest.mark.parametrize("name", CASES)
def test_other_columns_are_as_they_were(name: str) -> None:
    before, after = (re.findall(r"PUBLIC-\w*", text.decode()) for text in (CASES[name], masked(CASES[name])))
    assert after == before or (name.startswith(AMBIGUOUS) and len(after) >= len(before) / 2)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [1, 7, 100])
def test_any_chunks_give_the_same(name: str, size: int) -> None:
    assert masked(CASES[name], size) == masked(CASES[name])


@pytest.mark.parametrize("name", [name for name in CASES if "two" not in name and "html" not in name])
def test_without_its_first_line_nothing_goes(name: str) -> None:
    """As with a switch that leaves headers out: never a row unmasked."""
    rest = CASES[name].partition(b"\n")[2]
    try:
        output = masked(rest)
    except MaskError:
        return
    assert b"SECRET" not in output
