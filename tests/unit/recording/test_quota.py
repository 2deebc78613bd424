from jumphost.recording.quota import DAY_NS, DailyQuota, today
from jumphost.testing.clock import ManualClock


def test_each_identity_has_its_own_bytes_and_the_last_piece_may_reach_over() -> None:
    quota = DailyQuota(ManualClock(), 100, {"restarted": 90})
    assert quota.spend("job", 60)
    assert quota.spend("job", 60)
    assert not quota.spend("job", 1)
    assert not quota.spend("job", 0)
    assert quota.spend("other", 60)
    assert quota.spend("restarted", 10)
    assert not quota.spend("restarted", 1)


def test_a_new_day_begins_anew_at_midnight() -> None:
    clock = ManualClock("2026-11-22T23:59:59Z")
    quota = DailyQuota(clock, 100)
    assert quota.spend("job", 100)
    assert not quota.spend("job", 1)
    clock.advance(1)
    assert quota.spend("job", 1)
    assert today(clock) % DAY_NS == 0
    assert clock.now_ns() == today(clock)
