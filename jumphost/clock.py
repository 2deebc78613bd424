"""Time as a value that is handed in: aware UTC for records, monotonic for durations; and ids in time order."""

import os
import time
from datetime import UTC, datetime
from typing import Protocol

NS_PER_S = 1_000_000_000


class Clock(Protocol):
    """Where every module takes its time from, so that tests and replays can set it."""

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that never steps back; only differences have a meaning."""


class SystemClock:
    """The machine's clocks."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic()


def utc(ns: int) -> datetime:
    """The aware UTC time of ``ns`` nanoseconds since the epoch, to the microsecond."""
    seconds, rest = divmod(ns, NS_PER_S)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)


def rfc3339(ns: int) -> str:
    """RFC 3339 in UTC with ``Z`` and milliseconds: ``2026-11-22T02:00:00.000Z``."""
    return written(utc(ns))


def written(when: datetime) -> str:
    """An aware UTC time in that form."""
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str) -> int:
    """Nanoseconds since the epoch of an RFC 3339 time; ValueError if it has no zone or is none."""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(f"got {text!r}, expected RFC 3339 with a zone, such as 2026-11-22T02:00:00Z")
    delta = when.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * NS_PER_S + delta.microseconds * 1000


def new_id(clock: Clock) -> str:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits; sorts by time of making."""
    raw = bytearray((clock.now_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def id_time_ns(identifier: str) -> int:
    """When a UUIDv7 was made, in nanoseconds (millisecond steps); ValueError if it is not one."""
    text = identifier.replace("-", "")
    if len(identifier) != 36 or len(text) != 32 or text[12] != "7":
        raise ValueError(f"got {identifier!r}, expected a UUIDv7")
    return int(text[:12], 16) * 1_000_000
