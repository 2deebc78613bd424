"""Whole texts that people and the trail get to see, a command or a purpose: what detectors find in them is starred."""

import re
import threading
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from jumphost.masking import engine as engines
from jumphost.masking.counts import Hit
from jumphost.masking.custom import Custom
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.plan import EVERY, open_masker

_LOCAL: Final = threading.local()  # an engine is not shared between threads
# One word, or a number in groups.
_WORD: Final = re.compile(
    rb"[^\s;|&$`()<>\"'\\{}]+|\+?[0-9A-Z()]+(?:[ .-][0-9A-Z()]+)*"
)  # one word, or a number in groups


class Veiled(NamedTuple):
    """A text with stars; ``obscured`` if they hide more than single words, so that nobody sees what it would do."""

    text: str
    obscured: bool


def veiled(text: str, detectors: Collection[str] = (EVERY,), site: Sequence[Custom] = ()) -> Veiled:
    """The text, each value that one of the detectors finds as stars of the same length; raises what masking raises."""
    shown, obscured = veiled_bytes(text.encode("utf-8", "replace"), detectors, site)
    return Veiled(shown.decode("utf-8", "replace"), obscured)


def veiled_bytes(data: bytes, detectors: Collection[str], site: Sequence[Custom]) -> tuple[bytes, bool]:
    """As :func:`veiled`, of bytes."""
    if not site and b"\x1b" not in data and not _looks().find(data):
        return data, False
    hits: list[Hit] = []
    plan: dict[str, Any] = {"detectors": dict.fromkeys(detectors, "redact")}
    masker = open_masker(plan, on_hit=hits.append, site=site)
    shown = masker.feed(data) + masker.close()
    return shown, not all(_WORD.fullmatch(data[hit.start : hit.end]) for hit in hits)


def _looks() -> engines.Engine:
    """Finds where any value may begin: most texts have no such place."""
    if not hasattr(_LOCAL, "engine"):
        _LOCAL.engine = engines.engine([trigger for one in DETECTORS.values() for trigger in one.triggers])
    made: engines.Engine = _LOCAL.engine
    return made
