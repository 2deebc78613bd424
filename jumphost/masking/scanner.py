"""Runs the detectors over one stream: each trigger is judged once, when enough has come, however the stream is cut."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from jumphost.masking import engine as engines
from jumphost.masking.base import MaskError, Scan, Span
from jumphost.masking.detectors.base import CONTEXT, Detector, Hold, Latch, Match, More
from jumphost.masking.trigger import tail

_KEEP: Final = CONTEXT + 64  # what a confirm may look at, a trigger and the longest local part of an address


@dataclass(slots=True)
class _State:
    """Of one detector: triggers before ``done`` are judged; ``more`` goes on with a value that is not at its end."""

    detector: Detector
    done: int = 0
    more: More | None = None
    found: list[int] = field(default_factory=list)


class DetectorScanner:
    """A :class:`jumphost.masking.base.Scanner` of detectors; every span is given once, in the scan that finds it.

    ``among`` are detectors whose triggers are compiled together: to compile them takes 0.1 s, so all scanners of some
    of the same share it.
    """

    keep: int = _KEEP

    def __init__(
        self,
        detectors: Sequence[Detector],
        engine: engines.Name = engines.BEST,
        *,
        among: Sequence[Detector] | None = None,
    ) -> None:
        among = detectors if among is None else among
        states = {detector.name: _State(detector) for detector in detectors}
        self._states = list(states.values())
        self._state_of = [states.get(detector.name) for detector in among for _ in detector.triggers]
        self._engine = engines.engine([trigger for detector in among for trigger in detector.triggers], engine)
        self._tail = tail(tuple(trigger for detector in detectors for trigger in detector.triggers))
        self._forgotten = False

    def scan(self, buffer: bytes, sent: int, *, final: bool) -> Scan:
        """See :class:`jumphost.masking.base.Scanner`; MaskError where a detector holds more than it may."""
        for start, index in self._engine.find(buffer):
            state = self._state_of[index]
            if state and (start > 0 or not self._forgotten):  # what stood before offset 0 is not known any more
                state.found.append(start)
        spans: list[Span] = []
        holds: list[Hold] = []
        for state in self._states:
            if state.found or state.more:
                _judge(state, buffer, spans, holds, final=final)
        if not final:
            holds += self._unfinished(buffer)
        length = len(buffer)
        safe = min((hold.start for hold in holds), default=length)
        weak = min((hold.start for hold in holds if hold.strong), default=length)
        return Scan(tuple(spans), max(safe, sent), max(weak, sent))

    def forget(self, count: int) -> None:
        """See :class:`jumphost.masking.base.Scanner`."""
        self._forgotten = self._forgotten or count > 0
        for state in self._states:
            state.done -= count

    def _unfinished(self, buffer: bytes) -> list[Hold]:
        """What the last bytes may be the beginning of."""
        first, strong = self._tail.find(buffer)
        pending = (state.detector.pending(buffer) for state in self._states if state.detector.pending)
        return [Hold(first, strong=False), Hold(strong), *pending]


def _judge(state: _State, buffer: bytes, spans: list[Span], holds: list[Hold], *, final: bool) -> None:
    """Goes on with one detector: its value that was not at its end, then its triggers in order, up to one not known."""
    detector, found = state.detector, state.found
    state.found = []
    if state.more and not _go_on(state, buffer, state.done, state.done, spans):
        return
    for start in found:
        if start < state.done:
            continue
        answer = detector.confirm(buffer, start, final)
        state.done = start + 1
        if isinstance(answer, Match):
            spans.append(Span(*answer, detector.name, detector.rank))
            state.done = max(state.done, answer.end)
        elif isinstance(answer, Hold):
            if len(buffer) - answer.start > detector.limit:
                raise MaskError(f"{detector.name} holds more than {detector.limit} bytes")
            state.done = start
            holds.append(answer)
            return
        elif isinstance(answer, Latch):
            state.more = answer.more
            if not _go_on(state, buffer, answer.start, answer.end, spans):
                return


def _go_on(state: _State, buffer: bytes, start: int, end: int, spans: list[Span]) -> bool:
    """Takes a value that is certain from ``start`` to ``end`` as far as it goes; whether its end is there."""
    if state.more:
        end, state.more = state.more(buffer, end)
    if end > start:
        spans.append(Span(start, end, state.detector.name, state.detector.rank))
    state.done = max(state.done, end)
    return state.more is None
