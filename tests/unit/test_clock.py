"""Time in and out, and ids that sort by it."""

import time
import uuid
from datetime import UTC, datetime

import pytest

from jumphost.clock import SystemClock, id_time_ns, new_id, parse_rfc3339, rfc3339, utc
from jumphost.testing.clock import ManualClock

TWO_IN_THE_MORNING = 1_795_312_800 * 10**9


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (TWO_IN_THE_MORNING, "2026-11-22T02:00:00.000Z"),
        (TWO_IN_THE_MORNING + 1_999_999, "2026-11-22T02:00:00.001Z"),  # cut, never rounded up
        (TWO_IN_THE_MORNING + 999_999_999, "2026-11-22T02:00:00.999Z"),
        (-1_000_000, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_rfc3339(ns: int, text: str) -> None:
    assert rfc3339(ns) == text
    assert parse_rfc3339(text) == ns // 1_000_000 * 1_000_000


def test_utc_is_aware_and_to_the_microsecond() -> None:
    assert utc(TWO_IN_THE_MORNING + 123_456_789) == datetime(2026, 11, 22, 2, 0, 0, 123_456, UTC)


@pytest.mark.parametrize(
    "text", ["2026-11-22T03:00:00+01:00", "2026-11-22T02:00:00Z", "2026-11-21T18:00:00-08:00", "20261122T020000Z"]
)
def test_any_zone_is_read(text: str) -> None:
    assert parse_rfc3339(text) == TWO_IN_THE_MORNING


@pytest.mark.parametrize("text", ["2026-11-22T02:00:00", "2026-11-22", "02:00Z", "", "now", "2026-13-01T00:00:00Z"])
def test_no_zone_or_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the message of fromisoformat is not ours
        parse_rfc3339(text)


def test_an_id_is_a_uuid_of_version_7_that_knows_its_time() -> None:
    clock = ManualClock()
    made = uuid.UUID(new_id(clock))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert id_time_ns(str(made)) == clock.now_ns()


def test_ids_sort_by_time_and_never_meet() -> None:
    clock = ManualClock()
    ids = []
    for _ in range(100):
        ids.append(new_id(clock))
        clock.advance(0.001)
    assert ids == sorted(ids)
    assert len({new_id(clock) for _ in range(1000)}) == 1000


UUID4 = "4f6f357b-0467-4fb1-b0fa-a7a172c19ff2"


@pytest.mark.parametrize("text", ["", UUID4, UUID4.replace("-", ""), "019aa0c0-0000-7000-8000-00000000000"])
def test_what_is_no_such_id(text: str) -> None:
    with pytest.raises(ValueError, match="expected a UUIDv7"):
        id_time_ns(text)


def test_an_id_with_other_than_hex_digits() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        id_time_ns("zzzzzzzz-zzzz-7000-8000-000000000001")


def test_the_system_clock_is_the_machines() -> None:
    clock = SystemClock()
    assert time.time_ns() <= clock.now_ns() <= time.time_ns()
    assert time.monotonic() <= clock.monotonic() <= time.monotonic()
