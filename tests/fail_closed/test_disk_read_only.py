"""A disk that cannot be written: nothing opens, and the reason has its code."""

import subprocess
from pathlib import Path

import pytest

from jumphost.clock import new_id
from jumphost.errors import Code, Unavailable
from jumphost.recording.writer import Recording
from jumphost.store.sqlite import Store
from jumphost.testing.clock import ManualClock


@pytest.fixture
def read_only_disk(small_disk: Path) -> Path:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    return small_disk


def test_the_journal_does_not_open(read_only_disk: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        Store.open(read_only_disk / "journal.db", log="gw")
    assert refused.value.code is Code.JOURNAL_UNAVAILABLE


def test_a_recording_does_not_open(read_only_disk: Path) -> None:
    clock = ManualClock()
    with pytest.raises(Unavailable) as refused:
        Recording.open(
            read_only_disk, session=new_id(clock), clock=clock, max_bytes=1 << 20, level="output", command="ls"
        )
    assert refused.value.code is Code.RECORDING_FAILED
