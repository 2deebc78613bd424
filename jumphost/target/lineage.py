"""The processes that descend from one, wherever they are by now; and those with some arguments. Asked of ``/proc``.

Only what every uid may read is used. Each process is held by a descriptor before it is looked at the second time, so
that a signal never reaches another one that has its number by then.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

_PROC = Path("/proc")


class Seen(Struct, frozen=True):
    """A process as it was when it was looked at."""

    pid: int
    parent: int
    started: int  # clock ticks since the machine did


def descendants(ancestor: int) -> list[Seen]:
    """All processes that descend from ``ancestor``; those that begin meanwhile may be missing."""
    children: dict[int, list[Seen]] = {}
    for pid in _pids():
        if seen := _look(pid):
            children.setdefault(seen.parent, []).append(seen)
    found: list[Seen] = []
    ahead = [ancestor]
    while ahead:
        below = children.pop(ahead.pop(), [])
        found += below
        ahead += [seen.pid for seen in below]
    return found


def marked(*words: str) -> list[Seen]:
    """All processes, zombies not among them, that have these arguments one after the other."""
    wanted = b"".join(b"\0" + word.encode() for word in words) + b"\0"
    found = []
    for pid in _pids():
        seen = _look(pid)
        try:
            arguments = b"\0" + (_PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended
        if seen and wanted in arguments:
            found.append(seen)
    return found


def send(processes: list[Seen], number: signal.Signals) -> int:
    """Sends a signal to those that are still there; how many got it."""
    count = 0
    for seen in processes:
        with _held(seen) as descriptor:
            if descriptor is not None:
                try:
                    signal.pidfd_send_signal(descriptor, number)
                    count += 1
                except ProcessLookupError:
                    pass  # it ended just now
    return count


@contextmanager
def _held(seen: Seen) -> Iterator[int | None]:
    """A descriptor of the process, None if it has ended."""
    try:
        descriptor = os.pidfd_open(seen.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        now = _look(seen.pid)
        yield descriptor if now and now.started == seen.started else None
    finally:
        os.close(descriptor)


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())


def _look(pid: int) -> Seen | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None  # it has ended
    fields = text[text.rindex(")") + 2 :].split()  # proc(5): the name before may hold anything
    return Seen(pid=pid, parent=int(fields[1]), started=int(fields[19]))
