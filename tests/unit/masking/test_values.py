"""Spans that grow, and what is done where several speak of the same bytes."""

import pytest

from jumphost.masking.base import EXACT, HEURISTIC, VALIDATED
from jumphost.masking.blind import Digest
from jumphost.masking.values import MAX_WHOLE, Open, Rule, Value, clusters
from jumphost.model.mask import Strategy


def value(start: int, end: int, name: str = "a", strategy: Strategy = "label", rank: int = VALIDATED) -> Value:
    return Value(start, end, name, rank, Rule(strategy), start, 0, Digest(b"k"))


def test_values_apart_are_apart() -> None:
    assert [(one.start, one.end) for one in clusters([value(5, 9), value(0, 5)])] == [(0, 5), (5, 9)]


def test_values_that_overlap_are_one() -> None:
    (one,) = clusters([value(0, 5), value(8, 9), value(4, 10, "b")])
    assert (one.start, one.end, len(one.values)) == (0, 10, 3)


@pytest.mark.parametrize(
    ("others", "strategy"),
    [
        (["partial", "redact"], "redact"),
        (["partial", "label"], "label"),
        (["partial", "pseudonym"], "pseudonym"),
        (["partial"], "partial"),
    ],
)
def test_the_strictest_holds(others: list[Strategy], strategy: Strategy) -> None:
    (one,) = clusters([value(0, 5, strategy=other) for other in others])
    assert one.strategy == strategy


def test_the_strongest_names() -> None:
    (one,) = clusters([value(0, 9, "guess", rank=HEURISTIC), value(2, 5, "short"), value(1, 5, "long")])
    assert one.strongest.name == "long"
    (one,) = clusters([value(0, 9), value(2, 5, "exact", rank=EXACT)])
    assert one.strongest.name == "exact"


def test_what_is_masked_as_a_whole() -> None:
    assert clusters([value(3, 9)])[0].whole(3)
    assert not clusters([value(3, 9)])[0].whole(4)  # it has begun to go
    assert not clusters([value(3, 9), value(5, 6, strategy="redact")])[0].whole(0)
    assert clusters([value(0, MAX_WHOLE)])[0].whole(0)
    assert not clusters([value(0, MAX_WHOLE + 1)])[0].whole(0)


@pytest.mark.parametrize(
    ("span", "grown", "now"),
    [
        ((9, 12, "a"), True, (3, 12)),  # it goes on
        ((3, 7, "a"), True, (3, 9)),  # known
        ((1, 3, "a"), True, (1, 9)),
        ((10, 12, "a"), False, (3, 9)),
        ((9, 12, "b"), False, (3, 9)),
    ],
)
def test_a_span_joins_a_value_of_its_name(span: tuple[int, int, str], grown: bool, now: tuple[int, int]) -> None:
    values = Open()
    values.add(value(3, 9))
    assert values.grow(*span, span[0] + 100) is grown
    [one] = values.values
    assert (one.start, one.end) == now
    assert one.origin == (101 if now[0] == 1 else 3)


def test_an_earlier_span_told_again_is_no_new_one() -> None:
    values = Open()
    values.add(value(3, 9))
    values.add(value(20, 29))
    assert values.grow(3, 9, "a", 3)


@pytest.mark.parametrize(
    ("span", "now"),
    [
        ((3, 25), [(3, 29)]),  # the first goes on into the last
        ((8, 30), [(3, 30)]),  # the last begins earlier
        ((19, 30), [(3, 9), (19, 30)]),
        ((3, 15), [(3, 15), (20, 29)]),
    ],
)
def test_a_span_that_reaches_others_joins_them(span: tuple[int, int], now: list[tuple[int, int]]) -> None:
    values = Open()
    for start, end, name in ((3, 9, "a"), (4, 8, "b"), (20, 29, "a")):
        values.add(value(start, end, name))
    assert values.grow(*span, "a", span[0])
    assert [(one.start, one.end) for one in values.values if one.name == "a"] == now
    assert [(one.start, one.end) for one in values.values if one.name == "b"] == [(4, 8)]


def test_values_that_have_passed_are_taken() -> None:
    values = Open()
    for start in (0, 10):
        values.add(value(start, start + 5))
    assert [one.start for one in values.take(lambda one: one.end <= 5)] == [0]
    assert [one.start for one in values.values] == [10]
    assert not values.grow(0, 5, "a", 0)
    assert values.take(lambda one: False) == []
