from collections.abc import AsyncIterator, Callable

import pytest

from jumphost.clock import SystemClock, new_id
from jumphost.command import forced
from jumphost.model.target import Target
from jumphost.target.base import Order
from jumphost.testing.ca import TargetCA
from jumphost.testing.target import idle, listen

LOGIN = "app"

MakeOrder = Callable[..., Order]


@pytest.fixture
def target_ca() -> TargetCA:
    return TargetCA(SystemClock())


@pytest.fixture
async def target(target_ca: TargetCA) -> AsyncIterator[Target]:
    """A target in this process, with one login."""
    acceptor, host_key = await listen(name="here", logins=(LOGIN,), target_ca=target_ca.line)
    async with acceptor:
        yield Target(name="here", logins=(LOGIN,), host="127.0.0.1", port=acceptor.get_port(), host_keys=(host_key,))
        await idle()


@pytest.fixture
def order(target: Target) -> MakeOrder:
    def made(text: str, place: Target = target) -> Order:
        request = new_id(SystemClock())
        line = forced.pinned(text, request=request, env={}, shell="sh", timeout_s=None)
        return Order(request=request, target=place, login=LOGIN, line=line)

    return made
