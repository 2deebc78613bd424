"""A recording whose gateway ended before it could be sealed: made whole again, and sealed as what is left of it.

A crash tears at most the last line, and what a power cut takes was written within the last second (``sync``).
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from jumphost.errors import Code, Unavailable
from jumphost.recording import asciicast
from jumphost.recording.writer import relative_path

UNKNOWN = -1  # the exit status of a command that nobody saw end
_BLOCK = 1 << 20  # bytes read at once


class Progress(Struct, frozen=True):
    """What the journal proves of a recording that was open: the SHA-256 of its first ``bytes``."""

    bytes: int
    sha256: str


class Recovered(Struct, frozen=True):
    """What was found and done. ``bytes`` and ``sha256`` are the seal of the repaired file.

    ``proof``: ``ok`` the file begins as the journal says, ``differs`` it was changed, ``short`` it is shorter than it
    was, ``none`` the journal knows no length of it, ``missing`` there is no file.
    """

    proof: Literal["ok", "differs", "short", "none", "missing"]
    kept: int = 0
    cut_bytes: int = 0
    cut_sha256: str = ""
    bytes: int = 0
    sha256: str = ""


def repair(path: Path, progress: Progress | None) -> Recovered:
    """Cuts what follows the last newline, appends the exit status -1 where there is none, and syncs.

    A file without a whole line becomes empty. Again: the same, with nothing cut. Unavailable (recording.failed) if the
    disk does not allow it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return Recovered("missing")
    except OSError as error:
        raise _unavailable(path, error) from error
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        try:
            return _repair(file.fileno(), progress)
        except OSError as error:
            raise _unavailable(path, error) from error


def since(root: Path, day: date) -> Iterator[Path]:
    """The recordings in ``root`` of ``day`` and later, whoever knows of them, where ``writer`` puts them."""
    for folder in sorted(root.glob("[0-9]*/[0-9]*/[0-9]*")):
        if folder.relative_to(root).as_posix() >= f"{day:%Y/%m/%d}":
            yield from (path for path in sorted(folder.glob("*.cast")) if _is_named(path, root))


def _is_named(path: Path, root: Path) -> bool:
    try:
        return path == root / relative_path(path.stem)
    except ValueError:
        return False


def _repair(descriptor: int, progress: Progress | None) -> Recovered:
    size = os.fstat(descriptor).st_size
    kept, last = _whole(descriptor, size)
    proof = _proof(descriptor, size, progress)
    cut_sha256 = _digest(descriptor, kept, size).hexdigest()
    os.ftruncate(descriptor, kept)
    if kept and last.code != "x":
        os.pwrite(descriptor, asciicast.line(asciicast.Event(last.time, "x", str(UNKNOWN))), kept)
    os.fsync(descriptor)
    sealed = os.fstat(descriptor).st_size
    return Recovered(proof, kept, size - kept, cut_sha256, sealed, _digest(descriptor, 0, sealed).hexdigest())


def _whole(descriptor: int, size: int) -> tuple[int, asciicast.Event]:
    """How many bytes are whole lines, and the last of these; time 0 if it is no event."""
    tail, position = b"", size
    while position and tail.count(b"\n") < 2:
        length = min(_BLOCK, position)
        position -= length
        tail = os.pread(descriptor, length, position) + tail
    lines = tail[: tail.rfind(b"\n") + 1]
    try:
        last = msgspec.json.decode(lines.splitlines()[-1] if lines else b"", type=asciicast.Event)
    except msgspec.DecodeError:
        last = asciicast.Event(0.0, "", "")
    return size - len(tail) + len(lines), last


def _proof(descriptor: int, size: int, progress: Progress | None) -> Literal["ok", "differs", "short", "none"]:
    if progress is None:
        return "none"
    if size < progress.bytes:
        return "short"
    return "ok" if _digest(descriptor, 0, progress.bytes).hexdigest() == progress.sha256 else "differs"


def _digest(descriptor: int, start: int, end: int) -> "hashlib._Hash":
    digest = hashlib.sha256()
    while start < end and (block := os.pread(descriptor, min(_BLOCK, end - start), start)):
        digest.update(block)
        start += len(block)
    return digest


def _unavailable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        Code.RECORDING_FAILED,
        f"{path} was not sealed and cannot be repaired ({error.strerror}): make its disk writable, then start again",
    )
