import hashlib
import os
from datetime import date
from pathlib import Path

import msgspec
import pytest

from jumphost.clock import new_id
from jumphost.errors import Code, Unavailable
from jumphost.recording.recover import Progress, Recovered, repair, since
from jumphost.recording.replay import Cast
from jumphost.recording.writer import relative_path
from jumphost.testing.clock import ManualClock

HEADER = b'{"version":2,"width":80,"height":24}\n'
MARKER = b'[0.0,"m","ci on db"]\n'
OUTPUT = b'[0.5,"o","hello\\r\\n"]\n'
WHOLE = HEADER + MARKER + OUTPUT
END = b'[0.5,"x","-1"]\n'


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def cast(tmp_path: Path) -> Path:
    return tmp_path / "one.cast"


@pytest.mark.parametrize("torn", [b"", b"[", b'[0.6,"o","half', b'[0.6,"o","whole but for its newline"]'])
def test_what_follows_the_last_newline_is_cut_and_the_end_is_unknown(cast: Path, torn: bytes) -> None:
    cast.write_bytes(WHOLE + torn)
    found = repair(cast, None)
    assert cast.read_bytes() == WHOLE + END
    assert found == Recovered("none", len(WHOLE), len(torn), digest(torn), len(WHOLE + END), digest(WHOLE + END))
    assert [event.code for event in Cast(cast).events()] == ["m", "o", "x"]


def test_again_cuts_nothing(cast: Path) -> None:
    cast.write_bytes(WHOLE + b"torn")
    first = repair(cast, None)
    again = repair(cast, None)
    assert (again.cut_bytes, again.sha256) == (0, first.sha256)


def test_an_exit_that_was_recorded_stays(cast: Path) -> None:
    cast.write_bytes(WHOLE + b'[0.7,"x","3"]\n[0.')
    repair(cast, None)
    assert cast.read_bytes() == WHOLE + b'[0.7,"x","3"]\n'


def test_a_header_alone_can_be_played_afterwards(cast: Path) -> None:
    cast.write_bytes(HEADER + b"[0")
    repair(cast, None)
    assert [event.data for event in Cast(cast).events()] == ["-1"]


@pytest.mark.parametrize("torn", [b"", b'{"version":2'])
def test_a_file_without_a_whole_line_becomes_empty(cast: Path, torn: bytes) -> None:
    cast.write_bytes(torn)
    assert repair(cast, None) == Recovered("none", 0, len(torn), digest(torn), 0, digest(b""))
    assert cast.read_bytes() == b""


def test_a_long_last_line_is_found_whole(cast: Path) -> None:
    long = msgspec.json.encode([0.6, "o", "x" * 3_000_000]) + b"\n"
    cast.write_bytes(WHOLE + long + b"torn")
    assert repair(cast, None).kept == len(WHOLE + long)
    assert list(Cast(cast).events())[-1].time == 0.6


@pytest.mark.parametrize(
    ("progress", "proof"),
    [
        (Progress(len(HEADER), digest(HEADER)), "ok"),
        (Progress(len(WHOLE), digest(WHOLE)), "ok"),
        (Progress(len(WHOLE), digest(WHOLE.replace(b"hello", b"jello"))), "differs"),
        (Progress(len(WHOLE) + 100, digest(WHOLE)), "short"),
        (None, "none"),
    ],
)
def test_the_journal_proves_what_it_knows_of_it(cast: Path, progress: Progress | None, proof: str) -> None:
    cast.write_bytes(WHOLE + b"torn")
    assert repair(cast, progress).proof == proof


def test_a_missing_file_is_told(cast: Path) -> None:
    assert repair(cast, None) == Recovered("missing")


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/etc/passwd"), lambda path: path.mkdir()])
def test_what_is_no_file_of_ours_is_not_touched(cast: Path, make) -> None:
    make(cast)
    with pytest.raises(Unavailable, match="make its disk writable") as refused:
        repair(cast, None)
    assert refused.value.code is Code.RECORDING_FAILED


def test_a_fault_of_the_disk_has_its_code(cast: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cast.write_bytes(WHOLE)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(Unavailable, match="No space left"):
        repair(cast, None)


def test_recordings_are_found_by_day_and_name(tmp_path: Path) -> None:
    clock = ManualClock("2026-11-21T23:00:00Z")
    ours = []
    for _ in range(3):
        ours.append(relative_path(new_id(clock)))
        clock.advance(86_400)
    others = [ours[1].with_suffix(".txt"), ours[1].with_name("notes.cast"), ours[0].parent / ours[1].name]
    for name in (*ours, *others):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list(since(tmp_path, date(2026, 11, 22))) == [tmp_path / name for name in ours[1:]]
