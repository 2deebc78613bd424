import os
import threading
from pathlib import Path

import pytest

from jumphost.recording.sync import Syncer


@pytest.fixture
def file(tmp_path: Path):
    descriptor = os.open(tmp_path / "f", os.O_WRONLY | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def unheard(error: OSError) -> None:
    raise AssertionError(error)


def test_watched_files_are_synced(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: descriptor == file and synced.set())
    syncer = Syncer(0.001)
    syncer.watch(file, unheard)
    assert synced.wait(10)
    syncer.forget(file)


def test_the_thread_ends_when_nothing_is_watched(file: int) -> None:
    syncer = Syncer(0.001)
    for _ in range(2):
        syncer.watch(file, unheard)
        thread = syncer._thread
        assert thread is not None
        syncer.forget(file)
        thread.join(10)
        assert not thread.is_alive()


def test_a_fault_is_told_to_who_watches(monkeypatch: pytest.MonkeyPatch, file: int) -> None:
    fault = OSError(5, "Input/output error")

    def fail(descriptor: int) -> None:
        raise fault

    monkeypatch.setattr(os, "fdatasync", fail)
    heard: list[OSError] = []
    syncer = Syncer(3600)
    syncer.watch(file, heard.append)
    syncer.sync()
    assert heard == [fault]


def test_a_file_that_was_closed_meanwhile_has_no_fault(monkeypatch: pytest.MonkeyPatch, file: int) -> None:
    syncer = Syncer(3600)

    def close(descriptor: int) -> None:
        syncer.forget(descriptor)
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(os, "fdatasync", close)
    syncer.watch(file, unheard)
    syncer.sync()
