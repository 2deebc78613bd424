"""Output that is masked on its way: order, silence, turns of the loop, and what is counted."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from jumphost.errors import Code, JumphostError, Unavailable
from jumphost.gateway import masked
from jumphost.gateway.masked import Masked
from jumphost.gateway.maskers import STDIN
from jumphost.masking import engine
from jumphost.masking.base import MaskError
from jumphost.masking.counts import Counts
from jumphost.masking.plan import Masker, open_masker
from jumphost.target.base import STDERR, STDOUT

CARD = b"id 4111 1111 1111 1111 end\n"
STARS = b"id **** **** **** **** end\n"
PLAN = {"detectors": {"*": "redact"}}


class Way:
    """What comes before and after: keeps what went, notes what has to wait, contains faults as the relay does."""

    def __init__(self, maskers: dict[int, Masker] | None = None) -> None:
        self.maskers = {STDOUT: open_masker(PLAN), STDERR: open_masker(PLAN)} if maskers is None else maskers
        self.went: dict[int, bytes] = {STDOUT: b"", STDERR: b""}
        self.order: list[int] = []
        self.paces: list[bool] = []
        self.faults: list[JumphostError] = []
        self.on_pace: Callable[[], None] = lambda: None
        self.masked = Masked(self.maskers, forward=self.forward, paced=self.paced, guarded=self.guarded)

    def forward(self, chunk: bytes, stream: int) -> None:
        assert chunk
        self.went[stream] += chunk
        self.order.append(stream)

    def paced(self) -> None:
        self.paces.append(self.masked.busy)
        self.on_pace()

    def guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except JumphostError as error:
            self.faults.append(error)
            self.masked.drop()

    async def ended(self) -> bytes:
        self.masked.end()
        await self.masked.over()
        return self.went[STDOUT]


class Double:
    """A masker that lets everything by, notes each call, and fails when it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.fails: Exception | None = None
        self.after: float | None = None
        self.counts, self.scanned = Counts(b"k"), 0

    @property
    def idle_after(self) -> float | None:
        return self.after

    def feed(self, data: bytes) -> bytes:
        return self._does("feed", data)

    def idle(self) -> bytes:
        return self._does("idle", b"idle\n")

    def close(self) -> bytes:
        return self._does("close", b"")

    def _does(self, what: str, given: bytes) -> bytes:
        self.calls.append(what)
        if self.fails is not None:
            raise self.fails
        return given


@pytest.mark.parametrize("turn", [0, 10])
@pytest.mark.parametrize("at", range(len(CARD) + 1))
async def test_a_value_is_masked_wherever_it_is_cut(at: int, turn: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masked, "TURN_S", turn)
    way = Way()
    for chunk in (CARD[:at], CARD[at:]):
        way.masked.take(chunk, STDOUT)
    assert await way.ended() == STARS


async def test_byte_by_byte_with_the_streams_apart() -> None:
    way = Way()
    for byte in CARD:
        way.masked.take(bytes([byte]), STDOUT)
        way.masked.take(bytes([byte]), STDERR)
    assert await way.ended() == STARS
    assert way.went[STDERR] == STARS


async def test_without_maskers_all_goes_at_once() -> None:
    way = Way({})
    way.masked.take(CARD, STDERR)
    way.masked.rest(slow=True)
    assert way.went[STDERR] == CARD
    assert await way.ended() == b""
    assert (way.paces, way.masked.busy) == ([], False)


async def test_a_masker_of_input_has_no_output() -> None:
    stdin = Double()
    way = Way({STDIN: stdin, STDOUT: Double()})
    way.masked.take(b"out", STDOUT)
    assert await way.ended() == b"out"
    assert stdin.calls == []


async def test_a_long_scan_gives_others_their_turn_and_keeps_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masked, "TURN_S", 0)
    way = Way()
    text = b"".join(b"%d %s" % (number, CARD) for number in range(5000))
    way.masked.take(text, STDOUT)
    assert (way.masked.busy, way.paces) == (True, [True])
    assert len(way.went[STDOUT]) < len(text) // 2
    others = 0
    while way.masked.busy:
        others += 1
        await asyncio.sleep(0)
    assert others > 2
    assert (way.masked.busy, way.paces) == (False, [True, False])
    assert await way.ended() == text.replace(CARD, STARS)


async def test_what_comes_while_a_scan_waits_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masked, "TURN_S", 0)
    way = Way({STDOUT: Double(), STDERR: Double()})
    way.masked.take(b"a" * (masked.MOST + 1), STDOUT)
    way.masked.take(b"b", STDERR)
    way.masked.take(b"c", STDOUT)
    await way.ended()
    assert way.order == [STDOUT, STDOUT, STDERR, STDOUT]
    assert way.went == {STDOUT: b"a" * (masked.MOST + 1) + b"c", STDERR: b"b"}


async def test_output_and_its_end_that_come_as_soon_as_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target hands on what it held within the call that lets it."""
    monkeypatch.setattr(masked, "TURN_S", 0)
    way = Way({STDOUT: Double()})
    held = [b"b" * 100_000, b"c" * 100_000]

    def comes() -> None:
        if not way.masked.busy and held:
            way.masked.take(held.pop(0), STDOUT)
            if not held:
                way.masked.end()

    way.on_pace = comes
    way.masked.take(b"a" * 100_000, STDOUT)
    await way.masked.over()
    assert way.went[STDOUT] == b"a" * 100_000 + b"b" * 100_000 + b"c" * 100_000
    assert way.paces == [True, False] * 3


async def test_a_prompt_goes_when_it_is_quiet() -> None:
    way = Way()
    way.masked.take(b"code 4", STDOUT)
    before = way.went[STDOUT]
    async with asyncio.timeout(20):
        while way.went[STDOUT] != b"code 4":
            await asyncio.sleep(0.01)
    assert before != b"code 4"


async def test_silence_is_counted_from_the_last_byte_and_only_while_something_is_held() -> None:
    double = Double()
    way = Way({STDOUT: double})
    way.masked.take(b"x", STDOUT)
    await asyncio.sleep(0)
    assert double.calls == ["feed"]
    double.after = 0.0
    way.masked.take(b"x", STDOUT)
    double.after = None
    way.masked.take(b"x", STDOUT)  # the timer of the byte before is gone
    await asyncio.sleep(0.01)
    assert double.calls == ["feed"] * 3


async def test_a_slow_caller_is_no_silence_of_the_command() -> None:
    double = Double()
    double.after = 0.0
    way = Way({STDOUT: double})
    way.masked.take(b"x", STDOUT)
    way.masked.rest(slow=True)
    way.masked.take(b"y", STDOUT)
    await asyncio.sleep(0.01)
    assert double.calls == ["feed", "feed"]
    way.masked.rest(slow=False)
    while "idle" not in double.calls:
        await asyncio.sleep(0)
    way.masked.drop()


async def test_after_the_end_nothing_comes_by_itself() -> None:
    double = Double()
    double.after = 0.0
    way = Way({STDOUT: double})
    way.masked.take(b"x", STDOUT)
    await way.ended()
    await way.ended()  # told twice: the end of output, and the end of the command
    await asyncio.sleep(0.01)
    assert double.calls == ["feed", "close"]


@pytest.mark.parametrize("fault", [MaskError("in"), ValueError("4111111111111111"), RecursionError()])
@pytest.mark.parametrize("where", ["feed", "idle", "close"])
async def test_any_fault_is_the_masking_and_says_no_data(fault: Exception, where: str) -> None:
    double = Double()
    double.after = 0.0
    way = Way({STDOUT: double})
    way.masked.take(b"fine", STDOUT)
    double.fails = fault
    acts = {"feed": lambda: way.masked.take(b"secret", STDOUT), "close": way.masked.end, "idle": lambda: None}
    way.guarded(acts[where])
    while not way.faults:
        await asyncio.sleep(0)
    [error] = way.faults
    assert isinstance(error, Unavailable)
    assert (error.code, error.detail, error.__suppress_context__) == (Code.MASK_FAILED, type(fault).__name__, True)
    assert way.went[STDOUT] == b"fine"


async def test_what_is_dropped_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masked, "TURN_S", 0)
    double = Double()
    double.after = 0.0
    way = Way({STDOUT: double})
    way.masked.take(b"x" * 100_000, STDOUT)
    way.masked.drop()
    await way.masked.over()
    await asyncio.sleep(0.01)
    assert way.went[STDOUT] == b"x" * masked.MOST
    assert double.calls == ["feed"]


def test_a_whole_text() -> None:
    assert masked.whole(open_masker(PLAN), CARD) == STARS
    double: Any = Double()
    double.fails = ValueError("4111111111111111")
    with pytest.raises(Unavailable) as caught:
        masked.whole(double, CARD)
    assert (caught.value.code, caught.value.detail) == (Code.MASK_FAILED, "ValueError")


async def test_it_is_compiled_ahead_or_the_log_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as logs:
        await masked.warm()
    level = {"hyperscan": "debug", "re2": "warning"}[engine.BEST]
    assert logs == [{"event": "mask.ready", "engine": engine.BEST, "log_level": level}]
    assert f'jumphost_masking_engine{{engine="{engine.BEST}"}} 1.0' in generate_latest().decode()
    monkeypatch.setattr(masked, "open_masker", lambda plan: 1 / 0)
    with capture_logs() as logs:
        await masked.warm()
    assert [entry["event"] for entry in logs] == ["mask.not_ready"]


async def test_packets_of_one_turn_share_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket may hand over many at once: each of them is small, all together would keep the others waiting."""
    monkeypatch.setattr(masked, "TURN_S", 0)
    double = Double()
    way = Way({STDOUT: double})
    for _ in range(8):
        way.masked.take(b"x" * 1000, STDOUT)
    assert double.calls == ["feed"]
    assert (way.masked.busy, way.paces) == (True, [True])
    await asyncio.sleep(0)
    assert double.calls == ["feed"] * 2
    assert await way.ended() == b"x" * 8000
    assert way.paces == [True, False]
    way.masked.take(b"y", STDOUT)  # another turn
    assert double.calls[-1] == "feed"


@pytest.mark.parametrize(("takes", "piece"), [(1.0, masked.LEAST), (0.0, masked.MOST)])
async def test_pieces_are_as_large_as_goes_quickly(takes: float, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, now = asyncio.get_running_loop(), [0.0]
    double = Double()
    way = Way({STDOUT: double})
    sizes: list[int] = []

    def feed(data: bytes) -> bytes:
        sizes.append(len(data))
        now[0] += takes
        return data

    monkeypatch.setattr(double, "feed", feed)
    monkeypatch.setattr(loop, "time", lambda: now[0])
    way.masked.take(b"x" * 300_000, STDOUT)
    way.masked.end()
    while sum(sizes) < 300_000:
        await asyncio.sleep(0)
    assert sizes[-2] == piece
