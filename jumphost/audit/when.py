"""Times as auditors write them: an RFC 3339 time, or a time of day in a named zone, which means the latest such.

``02:00Z`` asked at 09:00 UTC is this morning, asked at 01:00 UTC yesterday's; ``02:00+01:00`` is 01:00 UTC. A time
without a zone is refused: nobody should have to guess whose night it was.
"""

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from jumphost.clock import NS_PER_S, parse_rfc3339, rfc3339, utc

_TIME_OF_DAY = re.compile(r"\A([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)\Z")


class Window(NamedTuple):
    """From ``start_ns`` to ``end_ns``, both included; nanoseconds since the epoch."""

    start_ns: int
    end_ns: int


def moment(text: str, now_ns: int) -> int:
    """Nanoseconds since the epoch; a time of day is the latest one not after ``now_ns``. ValueError."""
    if not _TIME_OF_DAY.match(text):
        try:
            return parse_rfc3339(text)
        except ValueError as error:
            raise ValueError(f"got {text!r}, expected a time with its zone: 02:00Z or 2026-11-22T02:00:00Z") from error
    now = utc(now_ns)
    asked = datetime.fromisoformat(f"{now:%Y-%m-%d}T{text}")
    local = now.astimezone(asked.tzinfo)
    asked = asked.replace(year=local.year, month=local.month, day=local.day)
    if asked > now:
        asked -= timedelta(days=1)
    return parse_rfc3339(asked.isoformat())


def around(at: str, margin_s: float, now_ns: int) -> Window:
    """From ``margin_s`` seconds before ``at`` to as many after it."""
    middle, margin = moment(at, now_ns), int(margin_s * NS_PER_S)
    return Window(middle - margin, middle + margin)


def between(start: str, end: str, now_ns: int) -> Window:
    """From ``start`` to ``end`` ("": now); a time of day in ``start`` is the latest before the end.

    So ``23:00Z`` to ``01:00Z`` is the latest such night that is over. ValueError if it ends before it starts.
    """
    end_ns = moment(end, now_ns) if end else now_ns
    start_ns = moment(start, end_ns)
    if start_ns > end_ns:
        raise ValueError(
            f"got a time from {rfc3339(start_ns)} to {rfc3339(end_ns)}, expected it to end after its start"
        )
    return Window(start_ns, end_ns)
