import pytest

from jumphost.audit.flood import AuthFlood
from jumphost.model.event import Kind
from jumphost.testing.clock import ManualClock


class Gate:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.flood = AuthFlood(self.clock, window_s=60, each=2, total=5)

    def admitted(self, *addresses: str) -> list[bool]:
        return [self.flood.admit(address) for address in addresses]

    def counted(self) -> dict[str, int]:
        return {event.data["source"]: event.data["count"] for event in self.flood.counted()}


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_one_address_has_a_few_and_is_then_counted(gate: Gate) -> None:
    assert gate.admitted("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2") == [True, True, False, False, True]
    assert gate.counted() == {}  # the window is not over
    gate.clock.advance(60)
    assert gate.counted() == {"10.0.0.1": 2}
    assert gate.counted() == {}
    assert gate.admitted("10.0.0.1") == [True]


def test_a_count_says_since_when(gate: Gate) -> None:
    began = gate.clock.now_ns()
    gate.admitted(*["10.0.0.1"] * 3)
    gate.clock.advance(61)
    [event] = gate.flood.counted()
    assert (event.kind, event.at_ns, event.data["since_ns"]) == (Kind.AUTH_REFUSED, gate.clock.now_ns(), began)


def test_many_addresses_have_a_few_together(gate: Gate) -> None:
    assert gate.admitted(*[f"10.0.0.{n}" for n in range(100)]) == [True] * 5 + [False] * 95
    gate.clock.advance(60)
    assert gate.counted() == {"": 95}


def test_what_is_remembered_is_bounded(gate: Gate) -> None:
    gate.admitted(*[f"10.0.{n >> 8}.{n & 255}" for n in range(10_000)])
    assert len(gate.flood._seen) + len(gate.flood._over) <= 11


def test_a_subscribers_many_addresses_are_one(gate: Gate) -> None:
    assert gate.admitted("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1") == [True, True, False, True]
    gate.clock.advance(60)
    assert gate.counted() == {"2001:db8::/64": 1}


def test_a_window_that_ended_unseen_is_still_counted(gate: Gate) -> None:
    gate.admitted(*["10.0.0.1"] * 3)
    gate.clock.advance(600)
    assert gate.admitted("10.0.0.1") == [True]
    assert gate.counted() == {"10.0.0.1": 1}


def test_what_is_no_address_is_itself(gate: Gate) -> None:
    assert gate.admitted("unknown", "unknown", "unknown") == [True, True, False]
