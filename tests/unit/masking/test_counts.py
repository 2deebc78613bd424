"""What is counted says how often and how many different, and holds no value."""

from jumphost.masking import counts
from jumphost.masking.counts import Count, Counts

KEY = b"k" * 32


def add(to: Counts, value: bytes, shown: int = 0) -> None:
    digest = to.digest()
    digest.update(value, b"")
    to.add("email", "masked", len(value), digest, shown)


def test_the_same_value_is_counted_once_as_different() -> None:
    of = Counts(KEY)
    for value in (b"a@b.co", b"a@b.co", b"c@d.co"):
        add(of, value, 1)
    assert of.rows() == (Count("email", "masked", 3, 18, 2, 3),)


def test_rows_are_by_detector_and_action() -> None:
    of = Counts(KEY)
    of.add("b", "masked", 1, of.digest(), 0)
    of.add("a", "masked", 1, of.digest(), 0)
    of.add("a", "detected", 1, of.digest(), 0)
    assert [(row.detector, row.action) for row in of.rows()] == [("a", "detected"), ("a", "masked"), ("b", "masked")]


def test_what_is_told_apart_is_bounded() -> None:
    of = Counts(KEY)
    for number in range(counts.MOST_DISTINCT + 5):
        add(of, b"%06d" % number)
    assert of.rows()[0].distinct == counts.MOST_DISTINCT
    assert of.rows()[0].count == counts.MOST_DISTINCT + 5


def test_nothing_of_a_value_is_kept() -> None:
    of = Counts(KEY)
    add(of, b"planted@value.example")
    assert b"planted" not in repr(vars(of)).encode()
