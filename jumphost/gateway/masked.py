"""What a command prints, masked on its way: the same bytes for the caller and the recording, in the order they came.

A turn of the loop scans for TURN_S at most and one piece, however many packets come in it; what is left then waits, and
the command with it. 16 KiB full of values take up to 22 ms, of ordinary text 0.2 ms: pieces are as large as goes
quickly.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from jumphost import metrics
from jumphost.errors import Code, Refused, Unavailable
from jumphost.masking import engine
from jumphost.masking.inspected import OpaqueError
from jumphost.masking.plan import EVERY, Masker, open_masker
from jumphost.target.base import STDERR, STDOUT

LEAST: Final = 2048  # bytes scanned at once; many small pieces of ordinary text take four times as long
MOST: Final = 16_384
PIECE_S: Final = 0.001  # a piece that takes longer is too large, one that takes less than half of it too small
TURN_S: Final = 0.0015  # after which others have their turn
_READY: Final[dict[engine.Name, int]] = {"hyperscan": logging.DEBUG, "re2": logging.WARNING}  # which takes longer

log = structlog.get_logger(__name__)


class Masked:
    """Sits before tap and channel; without maskers it lets everything by at once.

    ``forward`` gets what may go, ``paced`` is called when ``busy`` has changed, and ``guarded`` runs what the loop
    calls, so that a fault of it ends the relaying. Methods raise Unavailable (mask.failed), whatever the fault is,
    Refused (mask.opaque), and what ``forward`` raises.
    """

    def __init__(
        self,
        maskers: Mapping[int, Masker],
        *,
        forward: Callable[[bytes, int], None],
        paced: Callable[[], None],
        guarded: Callable[[Callable[[], None]], None],
    ) -> None:
        self._maskers = maskers
        self._forward, self._paced, self._guarded = forward, paced, guarded
        self._waiting: deque[tuple[bytes, int]] = deque()
        self._piece = MOST
        self._turn_ends: float | None = None  # None: in this turn nothing was scanned yet
        self._later: asyncio.Handle | None = None  # goes on with what waits
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._slow = False
        self._ending = False
        self._over = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Whether the command has to wait until what it wrote was scanned."""
        return self._later is not None

    def take(self, chunk: bytes, stream: int) -> None:
        """Bytes of STDOUT or STDERR."""
        if not self._maskers:
            self._forward(chunk, stream)
            return
        self._disarm(stream)
        self._waiting.append((chunk, stream))
        if self._later is None:
            self._scan()

    def end(self) -> None:
        """No more comes: what is held goes once all before it has."""
        self._ending = True
        if self._later is None:
            self._scan()

    def rest(self, *, slow: bool) -> None:
        """While the caller is slow the command is kept from writing: its silence says nothing then."""
        self._slow = slow
        for stream in self._maskers:
            self._arm(stream)

    async def over(self) -> None:
        """Returns once everything went on after ``end``, or was dropped."""
        await self._over.wait()

    def drop(self) -> None:
        """Nothing more goes on."""
        self._waiting.clear()
        if self._later is not None:
            self._later.cancel()
        for stream in tuple(self._timers):
            self._disarm(stream)
        self._over.set()

    def _scan(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if first := self._turn_ends is None:
            self._turn_ends = now + TURN_S
            loop.call_soon(self._next_turn)
        ends = self._turn_ends or now
        go_on = first or now < ends
        while self._waiting and go_on:
            before = now
            self._scan_piece()
            now = loop.time()
            if now - before > PIECE_S:
                self._piece = max(LEAST, self._piece // 2)
            elif now - before < PIECE_S / 2:
                self._piece = min(MOST, self._piece * 2)
            go_on = now < ends
        if self._waiting:
            pause, self._later = self._later is None, loop.call_soon(self._guarded, self._scan)
            if pause:
                self._paced()
        else:
            if self._later is not None:
                self._later = None
                self._paced()  # what the command was kept from writing may come within this call
        if self._ending and self._later is None and not self._over.is_set():
            self._finish()
        for stream in self._maskers:
            self._arm(stream)

    def _next_turn(self) -> None:
        self._turn_ends = None

    def _scan_piece(self) -> None:
        chunk, stream = self._waiting.popleft()
        piece, rest = chunk[: self._piece], chunk[self._piece :]
        if rest:
            self._waiting.appendleft((rest, stream))
        self._pass(_asked(self._maskers[stream].feed, piece), stream)

    def _finish(self) -> None:
        for stream in (STDOUT, STDERR):
            if stream in self._maskers:
                self._pass(_asked(self._maskers[stream].close), stream)
        self._over.set()

    def _idle(self, stream: int) -> None:
        del self._timers[stream]
        self._pass(_asked(self._maskers[stream].idle), stream)
        self._arm(stream)

    def _arm(self, stream: int) -> None:
        """Has ``_idle`` called if nothing comes; never where the command was kept from writing or has ended."""
        if self._slow or self._later is not None or self._over.is_set():
            self._disarm(stream)
        elif stream not in self._timers and (after := self._maskers[stream].idle_after) is not None:
            later = asyncio.get_running_loop().call_later
            self._timers[stream] = later(after, self._guarded, lambda: self._idle(stream))

    def _disarm(self, stream: int) -> None:
        if timer := self._timers.pop(stream, None):
            timer.cancel()

    def _pass(self, chunk: bytes, stream: int) -> None:
        if chunk:
            self._forward(chunk, stream)


async def warm() -> None:
    """Compiles what looks (80 ms) ahead of the first command; where it cannot, that command fails, and says so."""
    metrics.MASKING_ENGINE.labels(engine.BEST).set(1)
    try:
        await asyncio.to_thread(open_masker, {"detectors": {EVERY: "redact"}})
    except Exception:
        log.exception("mask.not_ready", engine=engine.BEST)
    else:
        log.log(_READY[engine.BEST], "mask.ready", engine=engine.BEST)


def whole(masker: Masker, data: bytes) -> bytes:
    """All of a text masked; call it in a thread. Unavailable (mask.failed)."""
    return _asked(lambda: masker.feed(data) + masker.close())


def _asked(step: Callable[..., bytes], *given: bytes) -> bytes:
    try:
        return step(*given)
    except OpaqueError as error:
        message = f"the output is masked, and what came is {error.kind}, which nobody can look into"
        raise Refused(Code.MASK_OPAQUE, message) from None
    except Exception as error:  # noqa: BLE001  # whatever it is, nothing goes out; its text may hold data
        raise failed(error) from None


def failed(error: Exception) -> Unavailable:
    """What a fault of the masking is to the session."""
    return Unavailable(Code.MASK_FAILED, "the output cannot be masked", detail=type(error).__name__)
