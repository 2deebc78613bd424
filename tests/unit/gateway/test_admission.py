from pathlib import Path

import pytest

from jumphost.clock import NS_PER_S
from jumphost.errors import Code, Unavailable, status_of
from jumphost.gateway.admission import STEP_NS, Admission, free
from jumphost.testing.clock import ManualClock


def test_time_is_believed_while_it_goes_on(tmp_path: Path) -> None:
    clock = ManualClock()
    here = Admission(clock, (tmp_path,), min_free=0, latest_ns=clock.now_ns())
    assert here.now_ns() == clock.now_ns()
    clock.advance(3600)
    assert here.now_ns() == clock.now_ns()
    clock.advance(-STEP_NS / NS_PER_S)
    assert here.now_ns() == clock.now_ns()


@pytest.mark.parametrize("seen", ["by the journal", "by this process"])
def test_a_clock_that_stepped_back_admits_nothing_until_it_is_set(tmp_path: Path, seen: str) -> None:
    clock = ManualClock()
    here = Admission(clock, (tmp_path,), min_free=0, latest_ns=clock.now_ns() if seen == "by the journal" else 0)
    if seen == "by this process":
        here.now_ns()
    clock.advance(-6)
    with pytest.raises(Unavailable) as refused:
        here.now_ns()
    assert refused.value.code is Code.CLOCK_BEHIND
    assert status_of(refused.value.code) == 69
    assert "expected no less than 2026-11-22T02:00:00.000Z" in refused.value.detail
    clock.advance(1)
    assert here.now_ns() == clock.now_ns()


def test_room_on_every_disk(tmp_path: Path) -> None:
    here = Admission(ManualClock(), (tmp_path,), min_free=free(tmp_path) // 2, latest_ns=0)
    here.disk()
    assert not here.scarce()
    assert here.free() > 0


def test_one_full_disk_is_enough(tmp_path: Path) -> None:
    assert free(Path("/proc")) == 0
    here = Admission(ManualClock(), (tmp_path, Path("/proc")), min_free=1 << 20, latest_ns=0)
    with pytest.raises(Unavailable, match="too little disk") as refused:
        here.disk()
    assert refused.value.code is Code.LIMIT_DISK
    assert refused.value.detail == "/proc: got 0 bytes, expected 1048576 (recording.min_free)"
    assert here.scarce()


def test_a_disk_that_does_not_say_is_full(tmp_path: Path) -> None:
    assert free(tmp_path / "gone") == 0
