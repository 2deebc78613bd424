"""However a stream is cut, the same secrets are found in it; and no encoding of one gets through."""

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jumphost.masking.counts import Hit
from jumphost.masking.encodings import encodings
from jumphost.masking.plan import open_masker

SECRETS = [b"abababab", b"ababababcd/'e", b"line-one-of-two\nline-two-of-two\n", b"\xff\x00\xfe\x0a12345678"]
FORMS = [form for secret in SECRETS for _, form in encodings(secret)]

parts = st.builds(
    lambda text, start, size: text[start : start + size], st.sampled_from(FORMS), st.integers(0, 9), st.integers(1, 60)
)
signs = st.sampled_from([b"\n", b"\r\n", b"\n\n\n\n", b" ", b"ab", b"\x1b[1m", b"\x1b[", b"=", b"\x00"])
texts = st.lists(st.sampled_from(FORMS) | parts | signs, max_size=10).map(b"".join)
places = st.lists(st.integers(0, 10_000), max_size=8)


def run(chunks: list[bytes], *, pauses: bool = False) -> tuple[bytes, list[Hit]]:
    hits: list[Hit] = []
    one = open_masker({"secrets": SECRETS}, on_hit=hits.append)
    output = b"".join(one.feed(chunk) + (one.idle() if pauses else b"") for chunk in chunks) + one.close()
    return output, sorted(hits)


def cut(text: bytes, at: list[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(text) + 1) for place in at), len(text)]
    return [text[start:end] for start, end in pairwise(ends)]


@settings(max_examples=300, deadline=None)
@given(texts, places)
@example("line-one-of-two\nline-two-of-two\n".encode("utf-16-le"), [61])  # both lines, then the whole of them
def test_any_chunks_give_the_same(text: bytes, at: list[int]) -> None:
    assert run(cut(text, at)) == run([text])


@settings(max_examples=100, deadline=None)
@given(texts)
def test_single_bytes_give_the_same(text: bytes) -> None:
    assert run([bytes([byte]) for byte in text]) == run([text])


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=9), st.sampled_from(FORMS), st.binary(max_size=9), places)
def test_no_form_gets_through(before: bytes, form: bytes, after: bytes, at: list[int]) -> None:
    text = before.replace(b"\x1b", b"") + form + after
    output, _ = run(cut(text, at))
    assert form not in output
    assert len(output) == len(text)


@settings(max_examples=200, deadline=None)
@given(texts, places)
def test_pauses_change_nothing_but_stars(text: bytes, at: list[int]) -> None:
    output, _ = run(cut(text, at), pauses=True)
    assert len(output) == len(text)
    assert all(new in (old, ord("*")) for old, new in zip(text, output, strict=True))


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=8, max_size=40).filter(lambda secret: len(secret.translate(None, b"\r\n")) >= 8), places)
def test_any_bytes_may_be_a_secret(secret: bytes, at: list[int]) -> None:
    one = open_masker({"secrets": [secret]})
    text = b"-" + secret.replace(b"\x1b", b"\x1b\x1b") + b"-"
    output = b"".join(map(one.feed, cut(text, at))) + one.close()
    assert len(output) == len(text)
    if b"\x1b" not in secret and secret.strip(b"\r\n") == secret and secret.translate(None, b"*\r\n\t "):
        assert secret not in output
