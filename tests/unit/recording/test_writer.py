import hashlib
import os
import stat
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from jumphost.clock import new_id
from jumphost.errors import Code, Refused, Unavailable
from jumphost.recording.asciicast import STDERR, STDOUT
from jumphost.recording.sync import Syncer
from jumphost.recording.writer import Recording, relative_path
from jumphost.testing.clock import ManualClock

SESSION = "01a200fb-5100-7000-8000-000000000001"


class Bench:
    """Opens recordings on a clock of its own and reads what they wrote."""

    def __init__(self, root: Path) -> None:
        self.root, self.clock = root, ManualClock()
        self.session = new_id(self.clock)

    def open(self, **options: Any) -> Recording:
        given = {"max_bytes": 1 << 20, "level": "output", "command": "ls", "title": "ci on db", "syncer": Syncer(3600)}
        return Recording.open(self.root, session=self.session, clock=self.clock, **{**given, **options})

    def lines(self) -> list[Any]:
        [path] = self.root.rglob("*.cast")
        return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "recordings")


def no_space(descriptor: int, data: bytes) -> int:
    raise OSError(28, "No space left on device")


def test_a_recording_is_the_session_as_it_went(bench: Bench) -> None:
    recording = bench.open(about={"identity": "ci", "session": "forged"})
    recording.decision('{"effect":"allow"}')
    bench.clock.advance(1.5)
    recording.output(b"out\n", STDOUT)
    recording.input(b"not kept at this level")
    recording.output(b"err", STDERR)
    recording.resize(100, 40)
    recording.marker("stop")
    recording.exit(3)
    seal = recording.close()
    assert bench.lines() == [
        {
            "version": 2,
            "width": 80,
            "height": 24,
            "timestamp": 1795312800,
            "command": "ls",
            "title": "ci on db",
            "jumphost": {
                "identity": "ci", "schema": 1, "session": bench.session, "level": "output", "newline": "crlf",
            },
        },
        [0.0, "m", "ci on db"],
        [0.0, "d", '{"effect":"allow"}'],
        [1.5, "o", "out\r\n"],
        [1.5, "s", "2"],
        [1.5, "o", "err"],
        [1.5, "r", "100x40"],
        [1.5, "m", "stop"],
        [1.5, "x", "3"],
    ]  # fmt: skip
    content = seal.path.read_bytes()
    assert (seal.bytes, seal.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert recording.close() == seal


def test_every_line_is_on_file_before_the_call_returns(bench: Bench) -> None:
    recording = bench.open()
    assert len(bench.lines()) == 2  # a player needs one event
    recording.output(b"x", STDOUT)
    assert bench.lines()[-1] == [0.0, "o", "x"]
    progress = recording.progress()
    assert progress.sha256 == hashlib.sha256(progress.path.read_bytes()).hexdigest()
    recording.close()


def test_input_is_kept_where_it_is_asked_for(bench: Bench) -> None:
    recording = bench.open(level="io")
    recording.input(b"q\n")
    recording.close()
    assert bench.lines()[-1] == [0.0, "i", "q\n"]


@pytest.mark.parametrize(("level", "kept"), [("digest", False), ("output", True), ("io", True)])
def test_judged_input_is_kept_with_what_it_did(
    bench: Bench, level: Literal["digest", "output", "io"], kept: bool
) -> None:
    recording = bench.open(level=level)
    recording.input(b"df\n", judged=True)
    recording.close()
    assert ([0.0, "i", "df\n"] in bench.lines()) == kept


def test_a_digest_keeps_no_byte_of_the_output(bench: Bench) -> None:
    recording = bench.open(level="digest")
    recording.output(b"can", STDOUT)
    recording.output(b"ary", STDOUT)
    recording.input(b"canary")
    recording.exit(0)
    recording.close()
    assert bench.lines()[2:] == [
        [0.0, "m", f"stream 1: 6 bytes, sha256 {hashlib.sha256(b'canary').hexdigest()}"],
        [0.0, "m", f"stream 2: 0 bytes, sha256 {hashlib.sha256().hexdigest()}"],
        [0.0, "x", "0"],
    ]


def test_a_terminal_ends_its_lines_itself(bench: Bench) -> None:
    recording = bench.open(pty=True, size=(132, 43))
    recording.output(b"a\r\n", STDOUT)
    recording.close()
    header, _, output = bench.lines()
    assert (header["width"], header["height"], header["jumphost"]["newline"]) == (132, 43, "as-is")
    assert output[2] == "a\r\n"


@pytest.mark.parametrize(("signal", "status"), [("TERM", "143"), ("KILL", "137"), ("unheard of", "255")])
def test_a_signal_counts_as_shells_have_it(bench: Bench, signal: str, status: str) -> None:
    recording = bench.open()
    recording.exit(0, signal)
    recording.close()
    assert bench.lines()[-1] == [0.0, "x", status]


def test_an_unfinished_character_is_kept_though_nothing_exits(bench: Bench) -> None:
    recording = bench.open()
    recording.output(b"\xe2\x82", STDOUT)
    recording.close()
    assert [line[1] for line in bench.lines()[2:]] == ["o", "b"]


def test_the_limit_cuts_and_says_so_once(bench: Bench) -> None:
    recording = bench.open(max_bytes=600)
    for _ in range(2):
        with pytest.raises(Refused, match="limit of 600 bytes") as refused:
            recording.output(b"x" * 600, STDOUT)
        assert refused.value.code is Code.LIMIT_RECORDING
    with pytest.raises(Refused):
        recording.output(b"x", STDOUT)  # it would fit, but what comes before it is missing
    recording.exit(255)
    seal = recording.close()
    assert [line[1] for line in bench.lines()[1:]] == ["m", "m", "x"]
    assert seal.bytes == seal.path.stat().st_size


def test_short_writes_are_continued(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data[:7])))
    recording = bench.open()
    recording.output(b"a longer chunk", STDOUT)
    seal = recording.close()
    assert seal.sha256 == hashlib.sha256(seal.path.read_bytes()).hexdigest()
    assert bench.lines()[-1] == [0.0, "o", "a longer chunk"]


def test_a_write_that_fails_fails_all_that_follow(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = bench.open()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", no_space)
        with pytest.raises(Unavailable) as refused:
            recording.output(b"x", STDOUT)
    assert refused.value.code is Code.RECORDING_FAILED
    with pytest.raises(Unavailable):
        recording.output(b"y", STDOUT)
    with pytest.raises(Unavailable):
        recording.close()
    assert len(bench.lines()) == 2


def test_a_sync_that_fails_fails_what_follows(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    syncer = Syncer(3600)
    recording = bench.open(syncer=syncer)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        syncer.sync()
    with pytest.raises(Unavailable):
        recording.output(b"x", STDOUT)

    bench.session = new_id(bench.clock)
    other = bench.open()
    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(Unavailable):
        other.close()


def test_a_header_that_cannot_be_written_leaves_nothing_open(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", no_space)
        with pytest.raises(Unavailable):
            bench.open()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_path_is_made_of_the_id_alone() -> None:
    assert str(relative_path(SESSION)) == f"2026/11/22/{SESSION}.cast"


@pytest.mark.parametrize("session", ["", "../../etc/passwd", SESSION.upper(), SESSION + "/..", "a" * 36, SESSION[:-1]])
def test_what_is_no_id_makes_no_path(session: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        relative_path(session)


def test_all_of_it_is_the_owners_alone(bench: Bench) -> None:
    path = bench.open().path
    assert path == bench.root / relative_path(bench.session)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in path.relative_to(bench.root.parent).parents[:-1]:
        assert stat.S_IMODE((bench.root.parent / folder).stat().st_mode) == 0o700


def test_nothing_is_overwritten(bench: Bench) -> None:
    bench.open().close()
    with pytest.raises(Unavailable):
        bench.open()
    assert len(bench.lines()) == 2


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_no_link_is_followed(bench: Bench, tmp_path: Path, depth: int) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = bench.root.joinpath(*relative_path(bench.session).parts[: depth + 1])
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere / "file" if depth == 3 else elsewhere)
    with pytest.raises(Unavailable):
        bench.open()
    assert list(elsewhere.iterdir()) == []


def test_a_root_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable):
        Bench(tmp_path / "file" / "recordings").open()
