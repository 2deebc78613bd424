"""Whether anything that an identity ran ever printed a value of one kind, and what nobody looked at.

The answer is of what detectors saw in the output (``mask.count``, one event a session): a "no" is worth as much as what
is not in ``unseen``.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from jumphost.clock import rfc3339
from jumphost.masking.stream import HELD

_OUTPUT = ("stdout", "stderr")


class Ran(NamedTuple):
    """A session whose command started; ``body`` is its ``mask.count``, None if it has none."""

    session: str
    started_ns: int
    recorded: int  # bytes of the recording
    body: bytes | None


class Unseen(Struct, frozen=True):
    """What was not looked at for this: sessions without the detector, and the bytes that they recorded."""

    sessions: int = 0
    bytes: int = 0


class Ever(Struct, frozen=True):
    """Times are the starts of the first and last session with a value, RFC 3339, "" if none has."""

    found: bool
    sessions: tuple[str, ...] = ()  # with a value, oldest first
    masked: int = 0  # values that were masked
    detected: int = 0  # values that were only counted, and went out
    shown: int = 0  # bytes of values that went out, in a pause, before they were known to be of one
    first: str = ""
    last: str = ""
    seen: int = 0  # sessions that were looked at
    scanned: int = 0  # bytes of them
    engines: tuple[str, ...] = ()  # what found where values may begin
    unread: int = 0  # bytes that went out, compressed, encrypted or binary: nobody could look into them
    unjudged: int = 0  # times that a pause ended before it was clear what had been printed, which was starred
    unseen: Unseen = Unseen()


def ever(detector: str, ran: Iterable[Ran]) -> Ever:
    """The answer, from what ran in the order it started."""
    looked: list[tuple[Ran, list[dict[str, Any]]]] = []
    engines: set[str] = set()
    unseen = Unseen()
    for one in ran:
        told = msgspec.json.decode(one.body) if one.body else {}
        if detector in told.get("detectors", ()):
            engines.add(told.get("engine", ""))
            looked.append((one, [stream for name, stream in told["streams"].items() if name in _OUTPUT]))
        else:
            unseen = Unseen(unseen.sessions + 1, unseen.bytes + one.recorded)
    rows = [(one, row) for one, streams in looked for stream in streams for row in stream["counts"]]
    hits = [(one, row) for one, row in rows if row["detector"] == detector]
    sessions = {one.session: one for one, _ in hits}
    times = [rfc3339(one.started_ns) for one in sessions.values()]
    return Ever(
        found=bool(hits),
        sessions=tuple(sessions),
        masked=sum(row["count"] for _, row in hits if row["action"] == "masked"),
        detected=sum(row["count"] for _, row in hits if row["action"] == "detected"),
        shown=sum(row["shown"] for _, row in hits),
        first=times[0] if times else "",
        last=times[-1] if times else "",
        seen=len(looked),
        scanned=sum(stream["scanned"] for _, streams in looked for stream in streams),
        engines=tuple(sorted(engines - {""})),
        unread=sum(stream.get("opaque", {}).get("bytes", 0) for _, streams in looked for stream in streams),
        unjudged=sum(row["count"] for _, row in rows if row["detector"] == HELD),
        unseen=unseen,
    )
