"""Whether one value was ever printed, by whom and when: asked by its digests, for the trail does not have it.

Only sessions whose values were indexed can answer (``mask.index`` of the settings, ``mask.count`` of the journal).
"""

from msgspec import Struct

FULL = b'"full":true'  # in an event, where more different values came than are kept
INDEXED = b'"index":['


class Reading(Struct, frozen=True):
    """One session that printed it; ``started`` is RFC 3339."""

    session: str
    identity: str
    target: str
    started: str


class Value(Struct, frozen=True):
    """A "no" is worth as much as what is not in ``unseen``, and not in ``full``."""

    found: bool
    readings: tuple[Reading, ...] = ()  # oldest first
    seen: int = 0  # sessions with an index
    full: int = 0  # of them, those with more values than an index keeps
    unseen: int = 0  # sessions that ran without one
