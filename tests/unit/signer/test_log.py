"""The signer's log: one writer, whole lines, on disk."""

import errno
import os
from pathlib import Path

import pytest

from jumphost.errors import Code, Unavailable
from jumphost.signer import log as module
from jumphost.signer.log import Log, Record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def opened(path: Path) -> Log:
    return Log.open(path, now_s=1000)


def test_records_come_back_in_their_order(path: Path) -> None:
    log = opened(path)
    records = [Record(at=at, kind="run", serial=str(at), critical={"force-command": "x" * 5000}) for at in range(50)]
    for record in records:
        log.append(record)
    assert log.since(0) == records
    assert log.since(40) == records[40:]
    assert log.since(1000) == []
    assert path.stat().st_mode & 0o777 == 0o600
    log.close()
    again = opened(path)
    assert again.since(0) == records
    again.close()


def test_one_process_holds_it(path: Path) -> None:
    log = opened(path)
    with pytest.raises(BlockingIOError):
        opened(path)
    log.close()
    opened(path).close()


def test_a_refused_opener_keeps_no_descriptor(path: Path) -> None:
    log = opened(path)
    before = len([*Path("/proc/self/fd").iterdir()])
    with pytest.raises(BlockingIOError):
        opened(path)
    assert len([*Path("/proc/self/fd").iterdir()]) == before
    log.close()


def test_a_new_log_is_in_its_folder_on_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink()))
    opened(path).close()
    assert synced == [path.parent]


def test_a_link_is_not_followed(path: Path) -> None:
    path.symlink_to("/dev/null")
    with pytest.raises(OSError, match="symbolic"):
        opened(path)


@pytest.mark.parametrize("torn", [b"{", b'{"at":1,"kind":"run"}', b"x" * 200_000])
@pytest.mark.parametrize("whole", [b"", b'{"at":1,"kind":"start"}\n'])
def test_a_torn_line_is_cut_off_and_named(path: Path, whole: bytes, torn: bytes) -> None:
    path.write_bytes(whole + torn)
    log = opened(path)
    assert log.since(2) == [Record(at=1000, kind="recovered", reason=f"{len(torn)} bytes of a torn line")]
    assert path.read_bytes().startswith(whole + b'{"at":1000')
    log.close()


def test_a_damaged_line_is_an_error(path: Path) -> None:
    path.write_bytes(b"not a record\n")
    log = opened(path)
    with pytest.raises(ValueError, match="malformed"):
        log.since(0)
    log.close()


def test_a_full_disk_takes_the_half_line_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = opened(path)
    log.append(Record(at=1, kind="start"))
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[:20])

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "write", full)
        with pytest.raises(Unavailable, match="No space left") as caught:
            log.append(Record(at=2, kind="run", serial="7"))
    assert caught.value.code is Code.SIGNER_UNAVAILABLE
    log.append(Record(at=3, kind="run"))
    assert [record.at for record in log.since(0)] == [1, 3]
    log.close()


def test_nothing_is_written_after_a_disk_that_did_not_confirm(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = opened(path)

    def fails(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fdatasync", fails)
        with pytest.raises(Unavailable, match="Input/output error"):
            log.append(Record(at=1, kind="run"))
    with pytest.raises(Unavailable, match="failed before"):
        log.append(Record(at=2, kind="run"))
    log.close()
