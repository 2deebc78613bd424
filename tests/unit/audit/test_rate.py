"""How often an address may do something; tests/unit/gateway/test_door.py has it in use."""

from jumphost.audit.rate import REMEMBERED, Rate
from jumphost.testing.clock import ManualClock

HERE, THERE = "192.0.2.1", "192.0.2.2"


def spends(rate: Rate, address: str, times: int) -> int:
    return sum(rate.spend(address) for _ in range(times))


def test_so_many_at_once_and_then_as_many_a_minute() -> None:
    clock = ManualClock()
    rate = Rate(clock, 6)
    assert (spends(rate, HERE, 100), spends(rate, THERE, 1)) == (6, 1)
    clock.advance(10)
    assert spends(rate, HERE, 100) == 1
    clock.advance(3600)
    assert spends(rate, HERE, 100) == 6


def test_what_is_given_back_does_not_count() -> None:
    rate = Rate(ManualClock(), 2)
    for _ in range(100):
        assert rate.spend(HERE)
        rate.give_back(HERE)
    rate.give_back(HERE)
    assert spends(rate, HERE, 100) == 2


def test_a_network_is_one_address_and_the_longest_unseen_is_forgotten() -> None:
    rate = Rate(ManualClock(), 1)
    assert [rate.spend("2001:db8::1"), rate.spend("2001:db8::2"), rate.spend("2001:db8:0:1::1")] == [True, False, True]
    assert rate.spend(HERE)
    for number in range(REMEMBERED):
        rate.spend(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert rate.spend(HERE)
