"""However a stream is cut, the bytes that go out, the values found and the counts are the same; in both engines."""

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jumphost.masking.counts import Count, Hit
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.engine import Name
from jumphost.masking.plan import open_masker

KNOWN = sorted({text for detector in DETECTORS.values() for text in detector.examples + detector.near_misses})
CONTEXT = [
    b"password",
    b"password = ",
    b"ssn: ",
    b"Bearer ",
    b"https://u:",
    b"-----BEGIN ",
    b"PRIVATE KEY-----",
    b"eyJhbGciOiJ",
    b"4111 ",
    b"secret_access_key",
    b"authorization: basic ",
    b"@example",
    b".com",
    b"+44 20 ",
    b"GB82",
    b"sk-",
    b"--password ",
]
SIGNS = [
    b" ",
    b"\n",
    b"",
    b"-",
    b"_",
    b".",
    b":",
    b"=",
    b"'",
    b'"',
    b"\\",
    b"\\n",
    b"@",
    b",",
    b"\r\n",
    b"\t",
    b"\x00",
    b"\xc3\xa9",
    b"\xff",
]
SEQUENCES = [
    b"\x1b[31m",
    b"\x1b[0m",
    b"\x1b",
    b"\x1b[",
    b"\x1b]0;ada@example.com\x07",
    b"\x1b]0;",
    b"\x07",
    b"\x1b(B",
    b"\x1b\\",
]
STRATEGIES = ["redact", "label", "partial", "pseudonym"]

pieces = st.sampled_from(KNOWN) | st.sampled_from(CONTEXT) | st.sampled_from(SIGNS) | st.sampled_from(SEQUENCES)
parts = st.builds(
    lambda text, start, end: text[start:end], st.sampled_from(KNOWN), st.integers(0, 20), st.integers(1, 90)
)
texts = st.lists(pieces | parts | st.binary(max_size=3), max_size=12).map(b"".join)
plans = st.fixed_dictionaries(
    {"*": st.sampled_from(STRATEGIES)},
    optional={name: st.sampled_from(STRATEGIES) for name in ("password", "email", "private_key")},
)
Result = tuple[bytes, list[Hit], tuple[Count, ...], int]


def run(plan: dict[str, str], chunks: list[bytes], engine: Name = "hyperscan", mode: str = "enforce") -> Result:
    hits: list[Hit] = []
    one = open_masker({"detectors": plan, "mode": mode}, key=b"k" * 32, on_hit=hits.append, engine=engine)
    output = b"".join(map(one.feed, chunks)) + one.close()
    return output, sorted(hits), one.counts.rows(), one.scanned


def cut(text: bytes, at: list[int]) -> list[bytes]:
    places = [0, *sorted(place % (len(text) + 1) for place in at), len(text)]
    return [text[start:end] for start, end in pairwise(places)]


@settings(max_examples=250, deadline=None)
@given(texts, st.lists(st.integers(0, 10_000), max_size=8), plans)
def test_any_chunks_give_the_same(text: bytes, at: list[int], plan: dict[str, str]) -> None:
    assert run(plan, cut(text, at)) == run(plan, [text])


@settings(max_examples=120, deadline=None)
@given(texts, plans)
@example(b"a" * 63 + b"@example.com ", {"*": "redact"})
@example(b"aws_secret_key=" + b"aB3dE5fG7h" * 4, {"*": "label"})
def test_single_bytes_give_the_same(text: bytes, plan: dict[str, str]) -> None:
    assert run(plan, [bytes([byte]) for byte in text]) == run(plan, [text])


@settings(max_examples=200, deadline=None)
@given(texts, plans)
def test_both_engines_give_the_same(text: bytes, plan: dict[str, str]) -> None:
    assert run(plan, [text], "re2") == run(plan, [text])


@settings(max_examples=100, deadline=None)
@given(texts, st.lists(st.integers(0, 10_000), max_size=6))
def test_mode_detect_changes_nothing_and_finds_the_same(text: bytes, at: list[int]) -> None:
    output, hits, _, _ = run({"*": "redact"}, cut(text, at), mode="detect")
    assert output == text
    if b"\x1b" not in text:
        assert hits == run({"*": "redact"}, [text])[1]


@settings(max_examples=100, deadline=None)
@given(texts, st.lists(st.integers(0, 10_000), max_size=6), st.lists(st.booleans(), max_size=8))
def test_pauses_lose_and_add_nothing(text: bytes, at: list[int], pauses: list[bool]) -> None:
    """With stars every byte stays in its place, whatever the pauses; and no byte is one of neither."""
    one = open_masker({"detectors": {"*": "redact"}})
    output = b""
    for number, chunk in enumerate(cut(text, at)):
        output += one.feed(chunk)
        for pause in pauses[number : number + 2]:
            output += one.idle() if pause else b""
    output += one.close()
    assert len(output) == len(text)
    assert all(new in (old, ord("*")) for old, new in zip(text, output, strict=True))


def test_a_trigger_in_two_is_found_again() -> None:
    """Every trigger of every detector, cut at each of its bytes."""
    for detector in DETECTORS.values():
        for text in detector.examples:
            whole = run({detector.name: "redact"}, [text])
            assert whole[0] != text
            for place in range(0, len(text), max(1, len(text) // 24)):
                assert run({detector.name: "redact"}, [text[:place], text[place:]]) == whole
