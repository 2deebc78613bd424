"""One stream: what goes at once, what waits, what is done in a pause, and that nothing goes after a fault."""

from collections.abc import Callable, Sequence

import pytest

from jumphost.masking import stream
from jumphost.masking.base import EXACT, VALIDATED, MaskError, Scan, Scanner, Span
from jumphost.masking.counts import Counts, Hit
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.scanner import DetectorScanner
from jumphost.masking.stream import IDLE_S, MAX_HELD, MAX_HOLD_S, StreamMasker
from jumphost.masking.values import MAX_WHOLE, Rule
from jumphost.model.mask import Strategy

KEY = b"k" * 32
CARD = b"4111111111111111"


class Words:
    """Finds words in capitals: certain at their second letter, held at their first."""

    keep = 4

    def __init__(self, strong: bool = True) -> None:
        self._strong = strong
        self._latched = False

    def scan(self, buffer: bytes, sent: int, *, final: bool) -> Scan:
        spans, at = [], sent
        while at < len(buffer):
            end = at
            while end < len(buffer) and buffer[end : end + 1].isupper():
                end += 1
            if end - at == 1 and end == len(buffer) and not final and not self._latched:
                return Scan(tuple(spans), at, at if self._strong else end)
            if end - at > 1 or (self._latched and end > at):
                spans.append(Span(at, end, "word", VALIDATED))
            self._latched = end == len(buffer) and end > at
            at = max(end, at + 1)
        return Scan(tuple(spans), len(buffer), len(buffer))

    def forget(self, count: int) -> None:
        """Keeps no offsets."""


def masker(
    scanners: Sequence[Scanner], strategy: Strategy = "redact", on_hit: Callable[[Hit], None] | None = None
) -> StreamMasker:
    return StreamMasker(scanners, lambda span: Rule(strategy, b"-"), key=KEY, counts=Counts(KEY), on_hit=on_hit)


def detecting(*names: str, strategy: Strategy = "redact") -> StreamMasker:
    return masker([DetectorScanner([DETECTORS[name] for name in names])], strategy)


def test_what_is_judged_goes_at_once() -> None:
    one = detecting("credit_card", "password")
    assert one.feed(b"a 4111-1111-1111-1111 b\nPassword: ") == b"a ****-****-****-**** b\nPassword: "
    assert one.idle_after is None


def test_only_the_value_waits_not_what_names_it() -> None:
    one = detecting("password")
    assert one.feed(b"password=Hun") == b"password="
    assert one.idle_after == IDLE_S
    assert one.feed(b"ter22\n") == b"********\n"


def test_what_is_left_goes_at_the_end() -> None:
    one = detecting("credit_card")
    assert one.feed(CARD) == b""
    assert one.close() == b"*" * 16


def test_a_word_goes_in_a_pause() -> None:
    one = detecting("email")
    assert one.feed(b"$ ls ada") == b"$ ls "
    assert one.idle() == b"ada"
    assert one.idle_after is None
    assert one.feed(b"@example.com\n") == b"************\n"
    (row,) = one.counts.rows()
    assert (row.count, row.bytes, row.shown) == (1, 15, 3)


def test_what_is_nearly_sure_stays_in_a_pause_then_goes_as_stars() -> None:
    one = detecting("credit_card")
    assert one.feed(b"n 411111111111") == b"n "
    assert one.idle() == b""
    assert one.idle_after == MAX_HOLD_S
    assert one.idle() == b"*" * 12
    assert one.idle_after is None
    assert one.feed(b"1111 ") == b"**** "
    assert [(row.detector, row.count) for row in one.counts.rows()] == [("credit_card", 1), ("held", 1)]


def test_bytes_after_a_pause_begin_a_new_one() -> None:
    one = masker([Words()])
    assert one.feed(b"a B") == b"a "
    assert one.idle() == b""
    assert one.feed(b" C") == b"B "
    assert one.idle_after == IDLE_S


def test_a_value_goes_on_in_the_next_chunk() -> None:
    one = masker([Words()])
    assert [one.feed(chunk) for chunk in (b"a BC", b"DE", b"F g")] == [b"a **", b"**", b"* g"]
    assert one.counts.rows()[0].count == 1


@pytest.mark.parametrize("strategy", ["label", "partial", "pseudonym"])
def test_a_value_that_is_masked_whole_waits_for_its_end(strategy: Strategy) -> None:
    one = masker([Words()], strategy)
    assert one.feed(b"a BC") == b"a "
    assert one.feed(b"DE") == b""
    assert one.feed(b" f").endswith(b" f")


def test_a_value_too_long_to_wait_for_goes_as_stars() -> None:
    for size, masked in ((MAX_WHOLE, b"[MASKED:WORD]"), (MAX_WHOLE + 1, b"*" * (MAX_WHOLE + 1))):
        for step in (size, 1000):
            one = masker([Words()], "label")
            chunks = [b"B" * min(step, size - at) for at in range(0, size, step)]
            assert b"".join(map(one.feed, chunks)) + one.feed(b" ") + one.close() == masked + b" "


def test_a_whole_value_in_a_pause() -> None:
    one = masker([Words()], "label")
    assert one.feed(b"BC") == b""
    assert one.idle() == b""
    assert one.idle() == b"[MASKED:WORD]"
    assert one.feed(b"DE f") == b"** f"  # nothing more of it shows
    one = masker([Words()], "partial")
    assert one.feed(b"ABCDEFGHIJ") + one.idle() + one.idle() == b"*" * 10


class Fixed:
    """Gives one answer to everything."""

    keep = 0

    def __init__(self, *spans: Span, safe: int | None = None, weak: int | None = None) -> None:
        self._spans, self._safe, self._weak = spans, safe, weak

    def scan(self, buffer: bytes, sent: int, *, final: bool) -> Scan:
        safe = len(buffer) if self._safe is None else self._safe
        return Scan(self._spans, safe, len(buffer) if self._weak is None else self._weak)

    def forget(self, count: int) -> None:
        """Keeps no offsets."""


def test_the_one_that_waits_longest_decides() -> None:
    one = masker([Fixed(), Fixed(safe=2, weak=3), Fixed(safe=3, weak=5)])
    assert one.feed(b"abcdef") == b"ab"
    assert one.idle() == b"c"


def test_overlapping_values_of_different_strategies() -> None:
    rules: dict[str, Strategy] = {"a": "label", "b": "partial", "c": "redact"}
    spans = (Span(0, 4, "a", VALIDATED), Span(2, 6, "b", EXACT), Span(7, 9, "c", VALIDATED))
    one = StreamMasker([Fixed(*spans)], lambda span: Rule(rules[span.name]), key=KEY, counts=Counts(KEY))
    assert one.feed(b"012345-78-") == b"[MASKED:B]-**-"


def test_stars_keep_only_separators_that_all_keep() -> None:
    rules = {"a": Rule("redact", b"-"), "b": Rule("redact")}
    spans = (Span(0, 4, "a", VALIDATED), Span(2, 6, "b", VALIDATED))
    one = StreamMasker([Fixed(*spans)], lambda span: rules[span.name], key=KEY, counts=Counts(KEY))
    assert one.feed(b"0-2-4-6") == b"*-****6"


def test_colours_stay_and_hide_nothing() -> None:
    one = detecting("credit_card")
    assert (
        one.feed(b"\x1b[1m4111\x1b[0m-1111-\x1b[31m1111-1111\x1b[0m\n")
        == b"\x1b[1m****\x1b[0m-****-\x1b[31m****-****\x1b[0m\n"
    )


def test_colours_within_a_label_follow_it() -> None:
    one = detecting("credit_card", strategy="label")
    assert one.feed(b"\x1b[1m4111-1111\x1b[0m-1111-1111\x1b[2m\n") == b"\x1b[1m[MASKED:CREDIT_CARD]\x1b[0m\x1b[2m\n"


def test_the_text_within_a_command_of_the_terminal_is_masked() -> None:
    one = StreamMasker(
        [],
        lambda span: Rule("redact"),
        key=KEY,
        counts=Counts(KEY),
        within=lambda texts: [text.upper() for text in texts],
    )
    assert one.feed(b"a\x1b]0;title\x07b") == b"a\x1b]0;TITLE\x07b"


def test_an_unfinished_sequence_waits() -> None:
    one = masker([])
    assert one.feed(b"a\x1b[3") == b"a"
    assert one.idle_after == IDLE_S
    assert one.idle() == b""
    assert one.idle() == b"\x1b[3"
    assert one.feed(b"\x1b") + one.close() == b"\x1b"


def test_hits_are_places_in_what_came() -> None:
    hits: list[Hit] = []
    one = StreamMasker(
        [DetectorScanner([DETECTORS["credit_card"]])],
        lambda span: Rule("label"),
        key=KEY,
        counts=Counts(KEY),
        on_hit=hits.append,
    )
    text = b"\x1b[1mab 4111\x1b[0m111111111111 x \x1b[2m" + CARD
    for byte in text:
        one.feed(bytes([byte]))
    one.close()
    start = text.index(b"4111\x1b")
    assert hits == [Hit("credit_card", start, start + 20), Hit("credit_card", len(text) - 16, len(text))]


def test_bytes_are_counted_even_where_nothing_is_found() -> None:
    one = detecting("email")
    one.feed(b"12345\x1b[1m678")
    assert (one.scanned, one.counts.rows()) == (12, ())


class Broken(Fixed):
    """Fails, with what it saw in its message."""

    def scan(self, buffer: bytes, sent: int, *, final: bool) -> Scan:
        if b"!" in buffer:
            raise RuntimeError(f"cannot read {buffer!r}")
        return super().scan(buffer, sent, final=final)


def test_nothing_goes_after_a_fault() -> None:
    one = masker([Broken()])
    assert one.feed(b"fine") == b"fine"
    with pytest.raises(MaskError, match="RuntimeError inside the masking") as caught:
        one.feed(b"planted!")
    assert "planted" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    for step in (lambda: one.feed(b"more"), one.idle, one.close):
        with pytest.raises(MaskError):
            step()


@pytest.mark.parametrize(
    "scanner",
    [
        Fixed(safe=9),
        Fixed(safe=-1),
        Fixed(safe=2, weak=1),
        Fixed(weak=9),
        Fixed(Span(1, 9, "a", 0)),
        Fixed(Span(2, 2, "a", 0)),
    ],
)
def test_an_answer_out_of_bounds_is_a_fault(scanner: Scanner) -> None:
    one = masker([scanner])
    with pytest.raises(MaskError, match="out of bounds"):
        one.feed(b"abc")


def test_holding_at_the_end_is_a_fault() -> None:
    one = masker([Fixed(safe=0, weak=0)])
    assert one.feed(b"ab") == b""
    with pytest.raises(MaskError, match="out of bounds"):
        one.close()


def test_what_waits_is_bounded() -> None:
    one = masker([Fixed(safe=0, weak=0)])
    assert one.feed(b"a" * MAX_HELD) == b""
    with pytest.raises(MaskError, match=str(MAX_HELD)):
        one.feed(b"a")


def test_it_keeps_only_what_scanners_look_back_to() -> None:
    one = masker([Words()])
    for _ in range(100):
        one.feed(b"abcd BC " * 100)
    assert len(one._text) <= Words.keep
    assert stream.MAX_HELD > 64 * 1024  # a row of a table may wait
