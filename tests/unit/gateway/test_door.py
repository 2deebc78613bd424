from contextlib import suppress

import pytest

from jumphost.audit.rate import REMEMBERED
from jumphost.errors import Code, Refused
from jumphost.gateway.door import Door
from jumphost.testing.clock import ManualClock

HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def door(clock: ManualClock, *, room: int = 3, per_minute: int = 6) -> Door[str]:
    return Door(clock, unauthenticated=room, per_minute=per_minute)


def knocks(at: Door[str], address: str, times: int) -> int:
    """How many of so many tries are let in."""
    admitted = 0
    for _ in range(times):
        with suppress(Refused):
            at.knock(address)
            admitted += 1
    return admitted


def test_an_address_may_fail_so_often_a_minute_and_no_more(clock: ManualClock) -> None:
    entrance = door(clock)
    assert knocks(entrance, HERE, 100) == 6
    with pytest.raises(Refused) as refused:
        entrance.knock(HERE)
    assert refused.value.code is Code.LIMIT_CONNECTIONS
    assert knocks(entrance, THERE, 1) == 1
    clock.advance(10)
    assert knocks(entrance, HERE, 100) == 1
    clock.advance(3600)
    assert knocks(entrance, HERE, 100) == 6


def test_logins_cost_nothing(clock: ManualClock) -> None:
    entrance = door(clock)
    for number in range(1000):
        entrance.knock(HERE)
        assert entrance.enter(f"job {number}", HERE) is None
        entrance.logged_in(f"job {number}")
        entrance.leave(f"job {number}")
    assert knocks(entrance, HERE, 100) == 6


def test_an_ipv6_network_is_one_address(clock: ManualClock) -> None:
    entrance = door(clock)
    assert sum(knocks(entrance, f"2001:db8::{number:x}", 1) for number in range(100)) == 6
    assert knocks(entrance, "2001:db8:0:1::1", 1) == 1


def test_a_full_room_makes_room_by_who_fills_it_longest(clock: ManualClock) -> None:
    entrance = door(clock)
    assert [entrance.enter(guest, HERE) for guest in ("a", "b")] == [None, None]
    assert entrance.enter("other", THERE) is None
    assert entrance.enter("c", HERE) == "a"
    assert entrance.enter("second", THERE) == "b"


def test_one_of_many_does_not_push_out_one_of_one(clock: ManualClock) -> None:
    entrance = door(clock)
    entrance.enter("honest", THERE)
    late = [entrance.enter(f"flood {number}", HERE) for number in range(100)]
    assert late[:2] == [None, None]
    assert late[2:] == [f"flood {number}" for number in range(98)]


def test_who_logged_in_or_left_takes_no_room(clock: ManualClock) -> None:
    entrance = door(clock, room=1)
    entrance.enter("a", HERE)
    entrance.logged_in("a")
    assert entrance.enter("b", HERE) is None
    entrance.leave("b")
    entrance.leave("b")
    assert entrance.enter("c", HERE) is None
    assert entrance.enter("d", HERE) == "c"
    entrance.logged_in("c")
    assert entrance.enter("e", HERE) == "d"


def test_it_forgets_the_longest_unseen_address(clock: ManualClock) -> None:
    entrance = door(clock, per_minute=1)
    assert knocks(entrance, HERE, 2) == 1
    for number in range(REMEMBERED):
        entrance.knock(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert knocks(entrance, HERE, 1) == 1
