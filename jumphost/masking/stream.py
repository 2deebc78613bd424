"""Masks one stream as it passes: what is judged goes at once, what may be the beginning of a value waits.

However the stream is cut into pieces the bytes that go out are the same, unless it is idle in between.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

from jumphost.masking import ansi, strategies
from jumphost.masking.base import HEURISTIC, MaskError, Scan, Scanner, Span
from jumphost.masking.counts import Action, Counts, Hit
from jumphost.masking.values import Cluster, Open, Rule, Value, clusters

IDLE_S: Final = 0.1  # of silence until what is only perhaps a beginning goes
MAX_HOLD_S: Final = 2.0  # of silence until the rest goes, starred
MAX_HELD: Final = 256 * 1024  # bytes that wait, control sequences included
HELD: Final = "held"  # the name of bytes that were starred because what would have told what they are did not come

_Pause = Literal["", "forced", "final"]


class StreamMasker:
    """One direction of one channel. After a MaskError it gives nothing any more, whatever is asked.

    ``rule`` says what is done with spans of a name, ``within`` masks the texts inside control sequences, ``on_hit``
    hears of every value at its end. ``counts`` may be shared by the streams of a session.
    """

    def __init__(
        self,
        scanners: Sequence[Scanner],
        rule: Callable[[Span], Rule],
        *,
        key: bytes,
        counts: Counts,
        action: Action = "masked",
        within: Callable[[list[bytes]], list[bytes]] = list,
        on_hit: Callable[[Hit], None] | None = None,
    ) -> None:
        self._scanners, self._rule, self._key = tuple(scanners), rule, key
        self.counts, self._action, self._within, self._on_hit = counts, action, within, on_hit
        self._keep = max((scanner.keep for scanner in scanners), default=0)
        self._splitter, self._weaver = ansi.Splitter(), ansi.Weaver()
        self._text = b""  # look-behind, then what is held
        self._base = 0  # places are offsets in the text of the whole stream: here the look-behind begins
        self._sent = 0  # up to here it has gone
        self._weak = 0  # up to here it may go when idle
        self._open = Open()
        self._rules: dict[tuple[str, int], Rule] = {}
        self._idled = False
        self._broken = False
        self.scanned = 0  # bytes that came, so that no count means: looked at, and none found

    @property
    def idle_after(self) -> float | None:
        """Seconds of silence after which :meth:`idle` is to be called; None while nothing is held."""
        if self._sent == self._length and not self._splitter.held:
            return None
        return MAX_HOLD_S if self._idled else IDLE_S

    def feed(self, data: bytes) -> bytes:
        """What may go now that ``data`` has come; MaskError if the session must end, and nothing of this goes out."""
        return self._guarded(lambda: self._take(data))

    def idle(self) -> bytes:
        """Nothing came for :attr:`idle_after`: first what is only perhaps a beginning goes, at the next call all does.

        Nothing more of a value shows then: what is still not judged goes as stars.
        """
        return self._guarded(self._force if self._idled else self._relax)

    def close(self) -> bytes:
        """What is left, now that no more comes."""
        return self._guarded(self._end)

    @property
    def _length(self) -> int:
        return self._base + len(self._text)

    def _guarded(self, step: Callable[[], bytes]) -> bytes:
        if self._broken:
            raise MaskError("the masking has failed before")
        self._broken = True
        try:
            given = step()
        except MaskError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing goes out
            raise MaskError(f"{type(error).__name__} inside the masking") from None  # its text may hold data
        self._broken = False
        return given

    def _take(self, data: bytes) -> bytes:
        self._idled = False
        self.scanned += len(data)
        self._split(data, final=False)
        return self._emit(self._scan(final=False))

    def _relax(self) -> bytes:
        self._idled = True
        return self._emit(self._weak)

    def _force(self) -> bytes:
        self._split(b"", final=True)
        self._scan(final=False)
        if self._weak < self._length:
            self._note(Span(self._weak - self._base, len(self._text), HELD, HEURISTIC))
        return self._emit(self._length, "forced")

    def _end(self) -> bytes:
        self._split(b"", final=True)
        return self._emit(self._scan(final=True), "final")

    def _split(self, data: bytes, *, final: bool) -> None:
        pieces = list(self._splitter.feed(data, final=final))
        if len(pieces) == 1:
            self._text += pieces[0].text
            return
        payloads = [ansi.payload(sequence) for _, sequence in pieces]
        commands = [
            sequence[start:end] for (_, sequence), (start, end) in zip(pieces, payloads, strict=True) if start < end
        ]
        inside = iter(self._within(commands) if commands else ())
        place = self._length
        for (text, sequence), (start, end) in zip(pieces, payloads, strict=True):
            place += len(text)
            if sequence:
                masked = sequence[:start] + next(inside) + sequence[end:] if start < end else sequence
                self._weaver.add(place, masked, len(sequence))
        self._text += b"".join(text for text, _ in pieces)

    def _scan(self, *, final: bool) -> int:
        """Asks every scanner; up to where all have judged."""
        sent, length = self._sent - self._base, len(self._text)
        safe = weak = length
        for scanner in self._scanners:
            scan = scanner.scan(self._text, sent, final=final)
            _check(scan, sent, length, final=final)
            safe, weak = min(safe, scan.safe), min(weak, scan.weak)
            for span in scan.spans:
                self._note(span)
        self._weak = self._base + weak
        return self._base + safe

    def _note(self, span: Span) -> None:
        start, end = self._base + span.start, self._base + span.end
        origin = start + self._weaver.before(start + 1)
        if end > self._sent and not self._open.grow(start, end, span.name, origin):
            shown = max(0, self._sent - start)
            rule = self._rules.get(span[2:]) or self._rules.setdefault(span[2:], self._rule(span))
            digest = self.counts.digest()
            if shown:
                digest.update(self._text[span.start : span.start + shown], rule.separators)
            self._open.add(Value(start, end, span.name, span.rank, rule, origin, shown, digest))

    def _emit(self, upto: int, pause: _Pause = "") -> bytes:
        """Lets the text go up to ``upto``; what is masked as a whole and may go on there stays."""
        values = self._open.values
        if all(value.rule.strategy == "redact" for value in values):  # as nearly always: nothing is masked as a whole
            text = bytearray(self._text[self._sent - self._base : upto - self._base])
            self._star(text, values, upto)
            given = self._weaver.weave(bytes(text), self._sent)
            self._pass(upto, final=pause == "final")
            return given
        groups = clusters(values)
        cut = upto if pause else self._cut(upto, groups)
        text = bytearray(self._text[self._sent - self._base : cut - self._base])
        parts, at = [], self._sent
        for group in groups:
            if group.start >= cut:
                break
            if group.whole(self._sent) and not (pause == "forced" and self._goes_on(group)):
                before = bytes(text[at - self._sent : group.start - self._sent])
                parts += [self._weaver.weave(before, at), self._masked(group), self._weaver.skip(group.end)]
                at = group.end
            else:
                self._star(text, group.values, cut)
        parts.append(self._weaver.weave(bytes(text[at - self._sent :]), at))
        self._pass(cut, final=pause == "final")
        return b"".join(parts)

    def _cut(self, upto: int, groups: Sequence[Cluster]) -> int:
        for group in groups:
            if group.start < upto and group.whole(self._sent) and (group.end > upto or group.end == self._length):
                return group.start
        return upto

    def _goes_on(self, group: Cluster) -> bool:
        """Whether a value may go on after all that has come; a label tells nothing of it either way."""
        return group.end == self._length and group.strategy != "label"

    def _masked(self, group: Cluster) -> bytes:
        value = self._text[group.start - self._base : group.end - self._base]
        strongest = group.strongest
        return strategies.apply(group.strategy, value, strongest.name, strongest.rule.separators, self._key)

    def _star(self, text: bytearray, values: Iterable[Value], cut: int) -> None:
        sent = self._sent
        for value in values:
            start, end = max(value.start, sent) - sent, min(value.end, cut) - sent
            if start < end:
                text[start:end] = text[start:end].translate(strategies.table(value.rule.separators))

    def _pass(self, cut: int, *, final: bool) -> None:
        """All up to ``cut`` has gone: counts the values that have, drops what no scanner looks back to."""
        text, base, sent = self._text, self._base, self._sent
        for value in self._open.values:
            start, end = value.start if value.start > sent else sent, value.end if value.end < cut else cut
            if start < end:
                value.digest.update(text[start - base : end - base], value.rule.separators)
        self._sent = cut
        length = self._length + final
        for value in self._open.take(lambda value: value.end <= cut and value.end < length):
            self.counts.add(value.name, self._action, value.end - value.start, value.digest, value.shown)
            if self._on_hit:
                self._on_hit(Hit(value.name, value.origin, value.end + self._weaver.before(value.end)))
        self._weaver.forget(min([cut, *(value.end for value in self._open.values)]))
        if self._length - cut + self._weaver.waiting + len(self._splitter.held) > MAX_HELD:
            raise MaskError(f"more than {MAX_HELD} bytes are held")
        if (surplus := cut - self._base - self._keep) > 0:
            self._text, self._base = self._text[surplus:], self._base + surplus
            for scanner in self._scanners:
                scanner.forget(surplus)


def _check(scan: Scan, sent: int, length: int, *, final: bool) -> None:
    """MaskError where a scanner's answer cannot be right."""
    spans = all(span.start < span.end <= length for span in scan.spans)
    if not (spans and sent <= scan.safe <= scan.weak <= length and (scan.safe == length or not final)):
        raise MaskError("a scanner's answer is out of bounds")
