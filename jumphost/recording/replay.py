"""A recording read again: line by line, up to the last whole line, whatever happened to its end."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from jumphost.errors import Code, Unavailable
from jumphost.recording.asciicast import STDIN, Event, Header, pieces

Frame = tuple[float, str]  # seconds since the start, and text


class Cast:
    """A recording on disk; every method reads it anew and keeps one line in memory.

    Unavailable (recording.failed) from each if it cannot be read or is no asciicast v2.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def lines(self) -> Iterator[bytes]:
        """The whole lines, ends included: a crash may have torn the last one, which would stop any player."""
        try:
            with self._path.open("rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        return
                    yield line
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from error

    def header(self) -> Header:
        """The first line."""
        try:
            header = msgspec.json.decode(next(self.lines(), b""), type=Header)
        except msgspec.DecodeError as error:
            raise self._unreadable(f"line 1: {error}") from error
        if header.version != 2:
            raise self._unreadable(f"got asciicast version {header.version}, expected 2")
        return header

    def events(self) -> Iterator[Event]:
        """Every line after the header."""
        for number, line in enumerate(self.lines(), 1):
            if number == 1:
                continue
            try:
                yield msgspec.json.decode(line, type=Event)
            except msgspec.DecodeError as error:
                raise self._unreadable(f"line {number}: {error}") from error

    def output(self) -> Iterator[Frame]:
        """The text that a player would draw, terminal sequences included."""
        return ((event.time, event.data) for event in self.events() if event.code == "o")

    def text(self, escape: Callable[[str], str]) -> Iterator[Frame]:
        """The exact output as text: what is not UTF-8 as hex, the rest as ``escape`` shows it."""
        for time, stream, chunk in pieces(self.header(), self.events()):
            if stream != STDIN:
                yield time, escape(chunk.decode(errors="backslashreplace"))

    def _unreadable(self, why: str) -> Unavailable:
        return Unavailable(Code.RECORDING_FAILED, f"{self._path} cannot be replayed: {why}")


def play(
    frames: Iterable[Frame],
    write: Callable[[str], object],
    sleep: Callable[[float], object],
    *,
    speed: float = 1.0,
    idle_limit: float | None = None,
) -> None:
    """Writes the frames at their times: ``speed`` times as fast, no pause longer than ``idle_limit`` seconds."""
    before = 0.0
    for time, text in frames:
        pause = max(0.0, time - before)
        before = time
        sleep((pause if idle_limit is None else min(pause, idle_limit)) / speed)
        write(text)
