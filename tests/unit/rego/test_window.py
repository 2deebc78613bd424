"""Windows of time, with the one of ACCEPTANCE scenario 10 in front."""

import json
from datetime import UTC, datetime, timedelta

import pytest

QUERY = "data.jumphost.window.inside(input.window, input.now)"
NIGHT = {"from": "22:00", "to": "02:00"}
DAY = {"from": "09:00", "to": "17:30"}


def now(when):
    return {"rfc3339": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "weekday": f"{when:%A}"}


def at(text, day=23):
    hour, minute, *rest = map(int, text.split(":"))
    return now(datetime(2026, 11, day, hour, minute, *rest, tzinfo=UTC))  # the 23rd is a Monday


@pytest.mark.parametrize(
    ("window", "clock", "inside"),
    [
        *((NIGHT, clock, True) for clock in ("22:00", "23:00", "23:59:59", "00:00", "01:00", "01:59:59")),
        *((NIGHT, clock, False) for clock in ("02:00", "02:01", "12:00", "21:59:59")),
        *((DAY, clock, True) for clock in ("09:00", "12:00", "17:29:59")),
        *((DAY, clock, False) for clock in ("08:59:59", "17:30", "00:00")),
        *(({"from": "08:00", "to": "08:00"}, clock, False) for clock in ("08:00", "12:00")),
    ],
)
def test_inside(ask, window, clock, inside):
    (answer,) = ask(QUERY, [{"window": window, "now": at(clock)}])
    assert (answer is True) == inside


@pytest.mark.parametrize(
    ("days", "clock", "day", "inside"),
    [
        (["Monday"], "23:00", 23, True),
        (["Monday"], "01:00", 24, True),
        (["Monday"], "23:00", 24, False),
        (["Monday"], "01:00", 23, False),
        (["Sunday"], "01:00", 23, True),
        (["Saturday", "Sunday"], "22:00", 22, True),
        ([], "23:00", 23, False),
    ],
)
def test_over_midnight_the_day_is_the_one_it_opened_on(ask, days, clock, day, inside):
    (answer,) = ask(QUERY, [{"window": NIGHT | {"days": days}, "now": at(clock, day)}])
    assert (answer is True) == inside


@pytest.mark.parametrize(("day", "inside"), [(23, True), (24, False)])
def test_days_of_a_window_within_a_day(ask, day, inside):
    (answer,) = ask(QUERY, [{"window": DAY | {"days": ["Monday"]}, "now": at("12:00", day)}])
    assert (answer is True) == inside


def test_every_day_of_a_week(ask):
    start = datetime(2026, 11, 23, 1, tzinfo=UTC)
    days = [start + timedelta(days=number) for number in range(7)]
    yesterdays = [NIGHT | {"days": [f"{day - timedelta(days=1):%A}"]} for day in days]
    assert ask(QUERY, [{"window": w, "now": now(day)} for w, day in zip(yesterdays, days, strict=True)]) == [True] * 7


@pytest.mark.parametrize(
    "window",
    [
        {},
        None,
        {"from": "22:00"},
        {"to": "02:00"},
        {"from": "22:00", "to": "2:00"},
        {"from": "22:00", "to": "24:00"},
        {"from": "22:00", "to": "02:60"},
        {"from": 1320, "to": 120},
        {"from": "", "to": "23:59"},
        {"from": "00:00", "to": "zz"},
        NIGHT | {"day": ["Monday"]},
        NIGHT | {"days": None},
        NIGHT | {"days": ["monday"]},
        NIGHT | {"days": []},
    ],
    ids=json.dumps,
)
def test_a_malformed_window_is_never_open(ask, window):
    for clock in ("23:00", "01:00"):
        assert True not in ask(QUERY, [{"window": window, "now": at(clock)}])


@pytest.mark.parametrize(
    "moment", [{}, {"rfc3339": "", "weekday": "Monday"}, {"rfc3339": "2026-11-23T23:00:00Z"}, {"weekday": "Monday"}]
)
def test_a_missing_time_is_outside(ask, moment):
    assert True not in ask(QUERY, [{"window": NIGHT, "now": moment}])
