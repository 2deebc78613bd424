"""Runs a site's own detectors over one stream: each place is judged once, when as much has come as a value may have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from jumphost.masking.base import HEURISTIC, VALIDATED, Scan, Span
from jumphost.masking.custom import MOST, Custom, compiled, first, valid
from jumphost.masking.detectors.base import Hold

_STRONG: Final = 4  # bytes of a trigger that is not whole yet from which on it is held however long nothing follows


@dataclass(slots=True)
class _State:
    """Of one detector: what begins before ``done`` is judged."""

    detector: Custom
    pattern: Any
    trigger: bytes
    first: re.Pattern[bytes]  # matches a byte that a value may begin with
    done: int = 0
    end: int = -1  # of its last value


class PatternScanner:
    """A :class:`jumphost.masking.base.Scanner` of a site's own detectors.

    A place is judged by the byte before it, ``length`` bytes and the one after them, whatever else has come: so the
    answer is the same however the stream is cut.
    """

    keep: int = MOST + 2

    def __init__(self, detectors: Sequence[Custom]) -> None:
        self._states = [
            _State(one, compiled(one.pattern), one.trigger.encode(), first(one.pattern)) for one in detectors
        ]

    def scan(self, buffer: bytes, sent: int, *, final: bool) -> Scan:
        """See :class:`jumphost.masking.base.Scanner`."""
        spans: list[Span] = []
        holds: list[Hold] = []
        for state in self._states:
            _judge(state, buffer, spans, final=final)
            if not final and (hold := _held(state, buffer)):
                joins = hold.start == state.end  # another right after it would be one with it
                holds.append(hold._replace(start=hold.start - joins))
        safe = min((hold.start for hold in holds), default=len(buffer))
        weak = min((hold.start for hold in holds if hold.strong), default=len(buffer))
        return Scan(tuple(spans), max(safe, sent), max(weak, sent))

    def forget(self, count: int) -> None:
        """See :class:`jumphost.masking.base.Scanner`."""
        for state in self._states:
            state.done -= count
            state.end -= count


def _judge(state: _State, buffer: bytes, spans: list[Span], *, final: bool) -> None:
    detector, at = state.detector, state.done
    edge = len(buffer) if final else len(buffer) - detector.length
    rank = VALIDATED if detector.validator else HEURISTIC
    while 0 <= (start := _candidate(state, buffer, at)) < edge:
        at = start + 1
        window = (buffer[start - 1 : start] or b"\n") + buffer[start : start + detector.length + 1]
        match = state.pattern.match(window, 1, 1 + detector.length)
        if match and match.end() > 1 and valid(detector, match[0]):
            at = state.end = start + match.end() - 1
            spans.append(Span(start, at, detector.name, rank))
    state.done = max(at, edge)


def _candidate(state: _State, buffer: bytes, at: int) -> int:
    """The first place from ``at`` on where a value may begin, by all that has come; -1 if there is none."""
    if state.trigger:
        return buffer.find(state.trigger, at)
    match = state.pattern.search(buffer, at)
    return match.start() if match else -1


def _held(state: _State, buffer: bytes) -> Hold | None:
    """Where a value may begin that is not judged yet."""
    length, trigger = len(buffer), state.trigger
    if not trigger:
        match = state.first.search(buffer, state.done)
        return Hold(match.start(), strong=False) if match else None
    if (whole := buffer.find(trigger, state.done)) >= 0:
        return Hold(whole)
    for start in range(max(state.done, length - len(trigger) + 1), length):
        if trigger.startswith(buffer[start:]):
            return Hold(start, strong=length - start >= _STRONG)
    return None
