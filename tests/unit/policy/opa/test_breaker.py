from jumphost.policy.opa.breaker import FAILURES, PAUSE_S, Breaker
from jumphost.testing.clock import ManualClock


def opened(clock: ManualClock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.admits()
        breaker.failed()
    return breaker


def test_it_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(ManualClock())
    for _ in range(10):
        for _ in range(FAILURES - 1):
            breaker.failed()
        breaker.succeeded()
        assert breaker.admits()


def test_once_in_a_pause_one_tries_and_no_second() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    assert not breaker.admits()
    clock.advance(PAUSE_S)
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    clock.advance(PAUSE_S)
    assert breaker.admits(), "who tried never came back"


def test_the_one_who_tries_decides() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(PAUSE_S)
    assert breaker.admits()
    breaker.failed()
    assert not breaker.admits()
    clock.advance(PAUSE_S)
    assert breaker.admits()
    breaker.succeeded()
    assert all(breaker.admits() for _ in range(3))
