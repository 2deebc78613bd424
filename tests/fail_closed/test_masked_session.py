"""A masker that fails in a session: nothing more goes out, the command is stopped, and the trail says why."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jumphost.masking.base import MaskError
from jumphost.masking.plan import Masker, open_masker
from jumphost.model.mask import Mask
from jumphost.testing.session import house, owing

PLANTED = "planted 4111111111111111"
COMMAND = f"echo fine; sleep 0.05; printf '{PLANTED} 41'; sleep 2; echo more {PLANTED}"


class Failing:
    """A real masker of which one call fails."""

    def __init__(self, inner: Masker, call: str, fault: Exception) -> None:
        self._inner, self._call, self._fault = inner, call, fault
        self.counts = inner.counts

    @property
    def scanned(self) -> int:
        return self._inner.scanned

    @property
    def idle_after(self) -> float | None:
        return self._inner.idle_after

    def feed(self, data: bytes) -> bytes:
        if self._call == "feed" and b"planted" in data:
            raise self._fault
        return self._inner.feed(data)

    def idle(self) -> bytes:
        return self._does("idle", self._inner.idle)

    def close(self) -> bytes:
        return self._does("close", self._inner.close)

    def _does(self, call: str, step: Callable[[], bytes]) -> bytes:
        if call == self._call:
            raise self._fault
        return step()


def failing(call: str, fault: Exception) -> Callable[..., Masker]:
    def opened(plan: Any, **known: Any) -> Masker:
        if call == "open":
            raise fault
        return Failing(open_masker(plan, **known), call, fault)

    return opened


@pytest.mark.parametrize("fault", [MaskError("broken"), ValueError(PLANTED), MemoryError()])
@pytest.mark.parametrize("call", ["open", "feed", "idle", "close"])
async def test_nothing_goes_out_unmasked(call: str, fault: Exception, tmp_path: Path) -> None:
    async with house(tmp_path, open_masker=failing(call, fault)) as here:
        owing(here.engine, mask=Mask({"credit_card": "redact"}))
        done = await here.run(COMMAND)
        ran = call != "open"
        assert done.exit_status == 70
        assert f"jumphost: {'cut' if ran else 'failed'} mask.failed: the output cannot be masked" in done.stderr
        assert done.stdout.startswith("fine\n") == ran
        assert "4111111" not in done.stdout + done.stderr
        assert len(here.runner.started) == ran
        assert [request in here.runner.stopped for request in here.runner.known] == [True] * ran
        [refused] = await here.events("request.refused")
        assert (refused["code"], refused["detail"]) == ("mask.failed", type(fault).__name__)
        [cut] = await here.events("command.cut")
        assert (cut["code"], cut["left"], len(await here.events("mask.count"))) == ("mask.failed", False, ran)
        told = [event for event in await here.events() if event["kind"] not in ("command.decision",)]
        assert PLANTED not in json.dumps(told)
        [opened] = await here.events("recording.open")
        _, *lines = (here.site.recordings / opened["recording"]).read_text().splitlines()
        assert "4111111" not in "".join(line for line in lines if json.loads(line)[1] in "oe")


async def test_input_that_cannot_be_masked_runs_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, open_masker=failing("close", ValueError(PLANTED))) as here:
        owing(here.engine, mask=Mask({"credit_card": "redact"}), stdin="judge")
        async with await here.caller() as caller:
            process = await caller.create_process("wc -c", encoding="utf-8")
            process.stdin.write(PLANTED)
            process.stdin.write_eof()
            done = await process.wait()
        assert (done.exit_status, done.stdout, here.runner.started) == (70, "", [])
        [opened] = await here.events("recording.open")
        assert PLANTED not in (here.site.recordings / opened["recording"]).read_text()
