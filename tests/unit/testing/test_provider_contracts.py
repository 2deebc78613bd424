"""The kit is fair: a provider for a server in memory passes, and ones that break a promise do not."""

from collections.abc import Awaitable, Callable, Collection

import pytest

from jumphost.credential.base import Material
from jumphost.model.lease import Lease
from jumphost.testing import provider_contracts as kit
from jumphost.testing.leases import Accounts, Entered, MemoryProvider, ShutOut
from jumphost.testing.provider_contracts import PROVIDER, Bench


class MemoryBench:
    refusals = (ShutOut,)

    def __init__(self, made: type[MemoryProvider] = MemoryProvider) -> None:
        self.provider, self.astray = made(Accounts()), made(Accounts(down=True))

    async def enter(self, material: Material) -> Entered:
        return self.provider.accounts.enter(material)


class NeverRevokes(MemoryProvider):
    async def revoke(self, lease: Lease) -> None: ...


class FindsNothing(MemoryProvider):
    async def left(self) -> Collection[str]:
        return ()


class EndsAll(MemoryProvider):
    async def revoke(self, lease: Lease) -> None:
        self.accounts.known.clear()


class RevokesOnce(MemoryProvider):
    async def revoke(self, lease: Lease) -> None:
        del self.accounts.known[lease.subject]


@pytest.mark.parametrize("check", PROVIDER, ids=lambda check: check.__name__)
async def test_provider(check: Callable[[Bench], Awaitable[None]]) -> None:
    await check(MemoryBench())


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (NeverRevokes, kit.opens_nothing_once_revoked),
        (NeverRevokes, kit.ends_open_sessions),
        (NeverRevokes, kit.says_when_no_server_answers),
        (FindsNothing, kit.finds_what_a_crash_left),
        (EndsAll, kit.leaves_others_alone),
        (RevokesOnce, kit.revokes_twice),
        (RevokesOnce, kit.revokes_what_never_was),
    ],
)
async def test_a_broken_promise_is_seen(
    broken: type[MemoryProvider], check: Callable[[Bench], Awaitable[None]]
) -> None:
    with pytest.raises((AssertionError, KeyError, ShutOut, pytest.fail.Exception)):
        await check(MemoryBench(broken))
