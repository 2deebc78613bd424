"""The signer's own record of what it signed and refused: JSON lines, on disk before a certificate leaves.

Append-only format: fields are only added, with defaults.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from jumphost.errors import Code, Unavailable

_BLOCK = 65_536  # bytes, of reading backwards


class Record(Struct, frozen=True, omit_defaults=True):
    """One line; times are seconds of the epoch.

    ``kind`` is the draft's, or ``use``, ``process``, ``refused``, ``start``, ``recovered``.
    """

    at: int
    kind: str
    peer: int = -1  # uid that asked
    serial: str = ""
    key_id: str = ""
    principal: str = ""
    key: str = ""  # fingerprint of the certified key
    valid_before: int = 0
    critical: dict[str, str] = {}
    decision: str = ""
    input_digest: str = ""
    hold: str = ""
    until: int = 0  # when the decision may be forgotten
    reason: str = ""  # of a refusal
    connection: str = ""  # id of the caller's, of a run without a forced command and of a use
    line: str = ""  # what runs, where no forced command says it
    renewed: str = ""  # serial of the certificate that bought this one
    login: str = ""  # of a use: id of the request whose run opened the login


class Log:
    """The open log; one process at a time holds it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._broken = False

    @classmethod
    def open(cls, path: Path, *, now_s: int) -> "Log":
        """Opens or makes the log, 0600, and cuts off a line that a crash left half written: nothing was given for it.

        BlockingIOError if another process holds it, OSError if it cannot be opened.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _sync(path.parent)
            log = cls(descriptor)
            if torn := log._torn():
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - torn)
                log.append(Record(at=now_s, kind="recovered", reason=f"{torn} bytes of a torn line"))
        except BaseException:
            os.close(descriptor)
            raise
        return log

    def append(self, record: Record) -> None:
        """Writes one record; returns when it is on disk.

        Unavailable (signer.unavailable) if it cannot: then nothing may be given out for it. A line that was half
        written is taken back; if even that fails, or the disk did not confirm, nothing is written until a restart.
        """
        if self._broken:
            raise Unavailable(Code.SIGNER_UNAVAILABLE, "the signer's log failed before: see its disk, then restart it")
        rest = msgspec.json.encode(record) + b"\n"
        size = os.fstat(self._descriptor).st_size
        self._broken = True
        try:
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                os.ftruncate(self._descriptor, size)
                self._broken = False
                raise
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise Unavailable(Code.SIGNER_UNAVAILABLE, f"the signer cannot write its log: {error.strerror}") from None
        self._broken = False

    def since(self, at_s: int) -> list[Record]:
        """The records from ``at_s`` on, in their order; ValueError if a line is none."""
        found: list[Record] = []
        for line in self._backwards():
            record = msgspec.json.decode(line, type=Record)
            if record.at < at_s:
                break
            found.append(record)
        return found[::-1]

    def close(self) -> None:
        """Lets another signer have the log."""
        os.close(self._descriptor)

    def _torn(self) -> int:
        """How many bytes follow the last newline."""
        size = os.fstat(self._descriptor).st_size
        tail = b""
        while len(tail) < size and b"\n" not in tail:
            length = min(_BLOCK, size - len(tail))
            tail = os.pread(self._descriptor, length, size - len(tail) - length) + tail
        return len(tail) - (tail.rfind(b"\n") + 1)

    def _backwards(self) -> Iterator[bytes]:
        """The lines, the last one first."""
        position, rest = os.fstat(self._descriptor).st_size, b""
        while position:
            length = min(_BLOCK, position)
            position -= length
            rest, *lines = (os.pread(self._descriptor, length, position) + rest).split(b"\n")
            yield from (line for line in reversed(lines) if line)
        if rest:
            yield rest


def _sync(folder: Path) -> None:
    """A file that was just made is there after a power cut only if its folder was written too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
