"""A session's recording on disk: one file, appended line by line, each written before what it records goes on.

The caller stops the command when a call raises: what cannot be recorded does not happen.
"""

import contextlib
import hashlib
import os
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from signal import Signals
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from jumphost.clock import NS_PER_S, Clock, id_time_ns, utc
from jumphost.errors import Code, Refused, Unavailable
from jumphost.recording import asciicast, sync

Level = Literal["digest", "output", "io"]

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_UNKNOWN_SIGNAL = 127  # 128 + this is 255, what the OpenSSH client shows for every signal


class Seal(Struct, frozen=True):
    """How far a recording is: its length in bytes, and the SHA-256 (lower-case hex) of exactly these."""

    path: Path
    bytes: int
    sha256: str


def _without_limit(_count: int) -> bool:
    return True


def relative_path(session: str) -> PurePosixPath:
    """``YYYY/MM/DD/SESSION.cast`` (UTC) of a session's id, a UUIDv7, and of nothing else; ValueError otherwise."""
    if str(uuid.UUID(session)) != session:
        raise ValueError(f"got {session!r}, expected a UUIDv7 in lower case")
    return PurePosixPath(utc(id_time_ns(session)).strftime("%Y/%m/%d"), f"{session}.cast")


class Recording:
    """An open recording. Calls are synchronous, each one encoding and one write: 5 µs a short chunk, else 390 MB/s.

    output, input, marker, decision, resize and exit raise Unavailable (recording.failed) on any fault of the disk, from
    then on always, and Refused (limit.recording) when the size is reached.
    """

    def __init__(
        self,
        path: Path,
        descriptor: int,
        header: asciicast.Header,
        clock: Clock,
        *,
        max_bytes: int,
        level: Level,
        spend: Callable[[int], bool],
        syncer: sync.Syncer,
    ) -> None:
        self.path = path
        self._descriptor, self._clock, self._max_bytes, self._level = descriptor, clock, max_bytes, level
        self._spend, self._syncer = spend, syncer
        self._encoder = asciicast.Encoder(header.newline)
        self._began = clock.monotonic()
        self._hash = hashlib.sha256()
        self._bytes = 0
        self._full = ""  # what limit it reached
        self._fault: OSError | None = None
        self._digests = {stream: (0, hashlib.sha256()) for stream in (asciicast.STDOUT, asciicast.STDERR)}
        syncer.watch(descriptor, self._failed)
        # players refuse a file that has a header and no event
        self._append(asciicast.line(header) + self._encoder.marker(0.0, header.title or path.stem), always=True)

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        session: str,
        clock: Clock,
        max_bytes: int,
        level: Level,
        command: str,
        title: str = "",
        about: Mapping[str, str] = MappingProxyType({}),
        pty: bool = False,
        size: tuple[int, int] = (80, 24),
        spend: Callable[[int], bool] = _without_limit,
        syncer: sync.Syncer = sync.SHARED,
    ) -> "Recording":
        """A new recording in ``root``, its name made of the session's id alone; syncs folders, so call it in a thread.

        ``about`` joins the header's "jumphost" key, ``size`` is columns and rows, ``spend`` is asked before so many
        bytes are written and may say no, as if the size were reached. Folders are 0700, the file 0600; no
        link below ``root`` is followed and nothing is overwritten. Unavailable (recording.failed).
        """
        relative = relative_path(session)
        header = asciicast.Header(
            version=2,
            width=size[0],
            height=size[1],
            timestamp=clock.now_ns() // NS_PER_S,
            command=command,
            title=title,
            jumphost={
                **about,
                "schema": asciicast.SCHEMA,
                "session": session,
                "level": level,
                "newline": "as-is" if pty else "crlf",
            },
        )
        try:
            descriptor = _create(root, relative)
        except OSError as error:
            raise _unavailable(error) from error
        try:
            return cls(
                *(root / relative, descriptor, header, clock),
                max_bytes=max_bytes,
                level=level,
                spend=spend,
                syncer=syncer,
            )
        except Unavailable:
            syncer.forget(descriptor)
            os.close(descriptor)
            raise

    def output(self, chunk: bytes, stream: int) -> None:
        """Bytes of STDOUT or STDERR, before they go to the caller."""
        if self._level == "digest":
            count, digest = self._digests[stream]
            digest.update(chunk)
            self._digests[stream] = (count + len(chunk), digest)
            self._append(b"")
        else:
            self._append(self._encoder.output(self._time(), chunk, stream))

    def input(self, chunk: bytes, *, judged: bool = False) -> None:
        """Bytes of the standard input, before they go to the target; kept at level ``io``.

        Judged ones are kept at ``output`` too: they are part of what ran, as the command is.
        """
        keeps = self._level == "io" or (judged and self._level == "output")
        self._append(self._encoder.input(self._time(), chunk) if keeps else b"")

    def marker(self, label: str) -> None:
        """A named place."""
        self._append(self._encoder.marker(self._time(), label))

    def resize(self, columns: int, rows: int) -> None:
        """The terminal has another size."""
        self._append(self._encoder.resize(self._time(), columns, rows))

    def decision(self, document: str) -> None:
        """The decision, as JSON text."""
        self._append(self._encoder.decision(self._time(), document))

    def exit(self, status: int, signal: str = "") -> None:
        """The command's end; a signal (without SIG) counts as 128 + its number, as shells have it."""
        if signal:
            number = Signals[f"SIG{signal}"] if f"SIG{signal}" in Signals.__members__ else _UNKNOWN_SIGNAL
            status = 128 + number
        self._finish()
        self._append(self._encoder.exit(self._time(), status), always=True)

    def progress(self) -> Seal:
        """How far it is now: the file can be checked up to here."""
        return Seal(self.path, self._bytes, self._hash.hexdigest())

    def close(self) -> Seal:
        """Writes what is left, syncs (call it in a thread) and closes; again: the same seal.

        Unavailable (recording.failed) if the file is not whole; it is closed all the same.
        """
        if self._descriptor < 0:
            return self.progress()
        try:
            self._finish()
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise _unavailable(error) from error
        finally:
            descriptor, self._descriptor = self._descriptor, -1
            self._syncer.forget(descriptor)
            os.close(descriptor)
        return self.progress()

    def _finish(self) -> None:
        """Unfinished characters, and the digests where no output is kept; nothing the second time."""
        lines = b"" if self._full else self._encoder.finish(self._time())
        if self._level == "digest":
            for stream, (count, digest) in self._digests.items():
                label = f"stream {stream}: {count} bytes, sha256 {digest.hexdigest()}"
                lines += self._encoder.marker(self._time(), label)
            self._digests = {}
        self._append(lines, always=True)

    def _time(self) -> float:
        return self._clock.monotonic() - self._began

    def _append(self, lines: bytes, *, always: bool = False) -> None:
        if self._fault is not None:
            raise _unavailable(self._fault)
        if not always:
            self._admit(len(lines))
        rest = memoryview(lines)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self._failed(error)
            with contextlib.suppress(OSError):  # the file ends with a whole line, if that can still be had
                os.ftruncate(self._descriptor, self._bytes)
            raise _unavailable(error) from error
        self._hash.update(lines)
        self._bytes += len(lines)

    def _admit(self, count: int) -> None:
        """Refused (limit.recording) if so many bytes more are too many; the recording says so itself, once."""
        if not self._full:
            if self._bytes + count > self._max_bytes:
                self._full = f"the recording reached its limit of {self._max_bytes} bytes"
            elif not self._spend(count):
                self._full = "the recordings of this identity reached their limit of this day"
            else:
                return
            self._append(self._encoder.marker(self._time(), self._full), always=True)
        raise Refused(Code.LIMIT_RECORDING, self._full)

    def _failed(self, error: OSError) -> None:
        self._fault = error


def _unavailable(error: OSError) -> Unavailable:
    return Unavailable(Code.RECORDING_FAILED, "the session cannot be recorded", detail=str(error))


def _create(root: Path, relative: PurePosixPath) -> int:
    """A descriptor of the new file; each folder is opened from its parent, so that no link can lead elsewhere."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(root, _FOLDER)
    try:
        for name in relative.parts[:-1]:
            parent, folder = folder, _enter(folder, name)
            os.close(parent)
        descriptor = os.open(relative.name, _NEW_FILE, 0o600, dir_fd=folder)
        os.fsync(folder)
        return descriptor
    finally:
        os.close(folder)


def _enter(parent: int, name: str) -> int:
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent)
        os.fsync(parent)
    return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
