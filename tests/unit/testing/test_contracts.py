"""The kit is fair: a Process with nothing between it and the kernel passes, and it waits no longer than it says."""

from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from jumphost.model.target import Target
from jumphost.target.base import Mint, Order, Process
from jumphost.testing import contracts
from jumphost.testing.contracts import Collected, Start
from jumphost.testing.process import LocalRunner

LOCAL = [check for check in contracts.PROCESS if check is not contracts.stops_all_that_it_started]  # only its group


async def start(text: str, output: Collected) -> Process:
    order = Order(request="", target=Target(name="here", logins=()), login="", line=text)
    return await LocalRunner().start(order, output, cast(Mint, None))


@pytest.mark.parametrize("check", LOCAL, ids=lambda check: check.__name__)
async def test_process(check: Callable[[Start], Awaitable[None]]) -> None:
    await check(start)


async def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "PATIENCE_S", 0.01)
    with pytest.raises(TimeoutError):
        await Collected().until(lambda _: False)
