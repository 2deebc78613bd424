"""Recordings in a player that is not ours: asciinema 2.4."""

import subprocess
import sys
from pathlib import Path

from jumphost.clock import new_id
from jumphost.recording.asciicast import STDERR, STDOUT
from jumphost.recording.writer import Recording
from jumphost.testing.clock import ManualClock


def cat(path: Path) -> bytes:
    return subprocess.run([sys.executable, "-m", "asciinema", "cat", str(path)], capture_output=True, check=True).stdout


def test_it_plays_a_recording_with_every_kind_of_line(tmp_path: Path) -> None:
    clock = ManualClock()
    recording = Recording.open(
        tmp_path, session=new_id(clock), clock=clock, max_bytes=1 << 20, level="io", command="ls", title="ci on db"
    )
    recording.decision('{"effect":"allow"}')
    recording.input(b"q\n")
    recording.output("größer\n".encode(), STDOUT)
    recording.output(b"\xff\n", STDERR)
    recording.marker("stop")
    recording.exit(1)
    recording.close()
    assert cat(recording.path) == "größer\r\n\ufffd\r\n".encode()


def test_it_plays_one_that_holds_no_output(tmp_path: Path) -> None:
    clock = ManualClock()
    recording = Recording.open(
        tmp_path, session=new_id(clock), clock=clock, max_bytes=1 << 20, level="digest", command="true"
    )
    recording.close()
    assert cat(recording.path) == b""
