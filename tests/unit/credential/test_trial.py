"""A trial leaves nothing, and says what failed."""

from jumphost.clock import SystemClock
from jumphost.credential.trial import trial
from jumphost.testing.leases import Accounts, MemoryProvider

CLOCK = SystemClock()


async def test_a_lease_is_made_and_ended() -> None:
    provider = MemoryProvider(Accounts())
    assert await trial(provider, CLOCK) == []
    assert [call for call, _ in provider.asked] == ["issue", "revoke"]
    assert provider.accounts.known == {}


async def test_what_fails_is_said() -> None:
    found = await trial(MemoryProvider(Accounts(down=True)), CLOCK)
    assert [(one.code, one.message) for one in found] == [
        ("trial.issue", "no lease can be made: the server of accounts does not answer"),
        ("trial.revoke", "a lease cannot be ended: the server of accounts does not answer"),
    ]
