import pytest

from jumphost.audit.when import Window, around, between, moment
from jumphost.clock import parse_rfc3339, rfc3339


def said(text: str, *, now: str) -> str:
    return rfc3339(moment(text, parse_rfc3339(now)))


@pytest.mark.parametrize(
    ("now", "text", "meant"),
    [
        ("2026-11-22T09:00:00Z", "02:00Z", "2026-11-22T02:00:00.000Z"),
        ("2026-11-22T01:59:59Z", "02:00Z", "2026-11-21T02:00:00.000Z"),
        ("2026-11-22T02:00:00Z", "02:00Z", "2026-11-22T02:00:00.000Z"),
        ("2026-11-22T00:30:00Z", "23:59:30Z", "2026-11-21T23:59:30.000Z"),
        ("2026-03-01T00:30:00Z", "23:00Z", "2026-02-28T23:00:00.000Z"),
        ("2027-01-01T00:00:00Z", "00:01Z", "2026-12-31T00:01:00.000Z"),
        ("2026-11-22T09:00:00Z", "02:00+01:00", "2026-11-22T01:00:00.000Z"),
        ("2026-11-22T23:30:00Z", "00:15+01:00", "2026-11-22T23:15:00.000Z"),  # tomorrow there, this evening here
        ("2026-11-22T23:10:00Z", "00:15+01:00", "2026-11-21T23:15:00.000Z"),
        ("2026-11-22T03:00:00Z", "21:00-08:00", "2026-11-21T05:00:00.000Z"),
        ("2026-11-22T06:00:00Z", "21:00-08:00", "2026-11-22T05:00:00.000Z"),
        ("2026-11-22T09:00:00Z", "2020-01-01T02:00Z", "2020-01-01T02:00:00.000Z"),
        ("2026-11-22T09:00:00Z", "2030-01-01 02:00:00.5+02:00", "2030-01-01T00:00:00.500Z"),
    ],
)
def test_a_time_of_day_is_the_latest_one(now: str, text: str, meant: str) -> None:
    assert said(text, now=now) == meant


@pytest.mark.parametrize("text", ["", "02:00", "2am", "24:00Z", "02:60Z", "2026-11-22", "2026-11-22T02:00:00", "now"])
def test_a_time_without_its_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time with its zone: 02:00Z"):
        moment(text, 0)


def window(start: str, end: str) -> Window:
    return Window(parse_rfc3339(start), parse_rfc3339(end))


def test_around_a_time() -> None:
    now = parse_rfc3339("2026-11-22T09:00:00Z")
    assert around("00:00Z", 90, now) == window("2026-11-21T23:58:30Z", "2026-11-22T00:01:30Z")


@pytest.mark.parametrize(
    ("now", "end", "start"),
    [
        ("2026-11-22T09:00:00Z", "2026-11-22T01:00:00Z", "2026-11-21T23:00:00Z"),
        ("2026-11-22T23:30:00Z", "2026-11-22T01:00:00Z", "2026-11-21T23:00:00Z"),
        ("2026-11-22T00:30:00Z", "2026-11-21T01:00:00Z", "2026-11-20T23:00:00Z"),
    ],
)
def test_a_night_is_the_latest_that_is_over(now: str, start: str, end: str) -> None:
    assert between("23:00Z", "01:00Z", parse_rfc3339(now)) == window(start, end)


def test_without_an_end_it_is_until_now() -> None:
    now = parse_rfc3339("2026-11-22T09:00:00Z")
    assert between("08:00Z", "", now) == window("2026-11-22T08:00:00Z", "2026-11-22T09:00:00Z")


def test_it_ends_after_its_start() -> None:
    with pytest.raises(ValueError, match="expected it to end after its start"):
        between("2026-11-22T02:00:00Z", "2026-11-22T01:00:00Z", 0)
