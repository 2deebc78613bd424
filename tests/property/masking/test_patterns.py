"""A site's own detectors: the same bytes, values and counts however a stream is cut, and in both engines."""

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jumphost.masking.counts import Count, Hit
from jumphost.masking.custom import Custom, compiled, first, valid
from jumphost.masking.engine import Name
from jumphost.masking.patterns import PatternScanner
from jumphost.masking.plan import open_masker

SITE = (
    Custom("staff", r"EMP-[0-9]{2,4}", 8, trigger="EMP-", strategy="label"),
    Custom("room", r"\b[A-F][0-9]{2}\b", 3),
    Custom("line", r"^[a-c]{1,3}$", 3, strategy="partial"),
    Custom("pair", r"(?:[0-9][a-c]|[a-c][0-9]){1,3}", 4, strategy="pseudonym"),
    Custom("check", r"[0-9]{2,6}", 6, validator="luhn", separators=" "),
    Custom("high", r"\B[\x80-\xff]{2}", 2),
)
PIECES = [
    b"EMP-",
    b"EM",
    b"12",
    b"18",
    b"1",
    b"A",
    b"F00",
    b"ab",
    b"c",
    b" ",
    b"\n",
    b"\xc3\xa9",
    b"\x1b[0m",
    b"ada@x.io ",
]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)
plans = st.dictionaries(
    st.sampled_from(["*", *(one.name for one in SITE)]),
    st.sampled_from(["redact", "label", "partial", "pseudonym"]),
    min_size=1,
    max_size=4,
)
Result = tuple[bytes, list[Hit], tuple[Count, ...]]


def run(plan: dict[str, str], chunks: list[bytes], engine: Name = "hyperscan") -> Result:
    hits: list[Hit] = []
    one = open_masker({"detectors": plan}, key=b"k" * 32, on_hit=hits.append, engine=engine, site=SITE)
    output = b"".join(map(one.feed, chunks)) + one.close()
    return output, sorted(hits), one.counts.rows()


def cut(text: bytes, at: list[int]) -> list[bytes]:
    places = [0, *sorted(place % (len(text) + 1) for place in at), len(text)]
    return [text[start:end] for start, end in pairwise(places)]


@settings(max_examples=300, deadline=None)
@given(texts, st.lists(st.integers(0, 10_000), max_size=8), plans)
def test_any_chunks_give_the_same(text: bytes, at: list[int], plan: dict[str, str]) -> None:
    assert run(plan, cut(text, at)) == run(plan, [text])


@settings(max_examples=150, deadline=None)
@given(texts, plans)
def test_single_bytes_give_the_same_in_the_other_engine(text: bytes, plan: dict[str, str]) -> None:
    assert run(plan, [bytes([byte]) for byte in text], "re2") == run(plan, [text])


@settings(max_examples=300, deadline=None)
@given(texts, st.sampled_from(SITE))
def test_it_finds_what_trying_every_place_finds(text: bytes, detector: Custom) -> None:
    spans, at = [], 0
    while at < len(text):
        window = (text[at - 1 : at] or b"\n") + text[at : at + detector.length + 1]
        match = compiled(detector.pattern).match(window, 1, 1 + detector.length)
        if match and match[0].startswith(detector.trigger.encode()) and valid(detector, match[0]):
            spans.append((at, at := at + len(match[0])))
        else:
            at += 1
    assert [span[:2] for span in PatternScanner([detector]).scan(text, 0, final=True).spans] == spans


@settings(max_examples=500, deadline=None)
@given(
    st.from_regex(
        r"\A(?:[a-c][0-2]?|\(\?i:[a-c]\)|[a-c]\{1,2\}|\[a-c\]|\\[bB]|[\^$]|\\\^|\[\^a\]|\.|\(a\|[bc]\)){1,5}\Z"
    ),
    st.binary(max_size=12) | st.text("abcABC012\n .", max_size=12).map(str.encode),
)
@example(r"\b.", b"0\x00")
def test_no_value_begins_with_a_byte_that_is_not_held(pattern: str, text: bytes) -> None:
    try:
        made = compiled(pattern)
    except ValueError:
        return
    for match in made.finditer(text):
        assert not match[0] or first(pattern).match(match[0])
