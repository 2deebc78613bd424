"""Any bytes under any header: no fault but MaskError, nothing lost or added, and the same for any chunks."""

from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.masking.base import MaskError
from jumphost.masking.plan import open_masker

HEADS = [
    b"",
    b" id | ssn \n----+-----\n",
    b"id  ssn\n--  ---\n",
    b"+----+-----+\n| id | ssn |\n+----+-----+\n",
    b"id|ssn\n1|",
    b"id,ssn\n1,",
    b"ssn\nx",
    b"-[ RECORD 1 ]-\n",
    b"* Record 1\n",
    b"*************************** 1. row ***************************\n",
    b" ssn = 1\n",
    b"<tr><th>ssn</th></tr>",
    b'{"ssn": ',
    b'{"a": "{',
]
SIGNS = b"|,;\t \n\r\"'\\{}[]:=<>/-+.ax1_ssn()*\xe2\x94\x82\xc3\xff\x1b"

garbage = st.binary(max_size=60) | st.lists(st.sampled_from(list(SIGNS)), max_size=120).map(bytes)


def run(chunks: list[bytes]) -> bytes | str:
    one = open_masker({"columns": {"ssn": "redact"}, "secrets": [b'a|secret,of "8"']})
    try:
        return b"".join(map(one.feed, chunks)) + one.close()
    except MaskError as error:
        return str(error)


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(HEADS), garbage, st.integers(1, 9))
def test_any_bytes(head: bytes, rest: bytes, size: int) -> None:
    text = head + rest
    whole = run([text])
    assert "inside the masking" not in whole if isinstance(whole, str) else len(whole) == len(text)
    assert run([text[at : at + size] for at in range(0, len(text), size)]) == whole
