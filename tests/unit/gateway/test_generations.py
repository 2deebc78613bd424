"""Renewals on a real store, and what becomes of an owner and a thief who have the same certificate."""

import asyncio
import base64
import sqlite3

import pytest

from jumphost.errors import Code, Refused, Unavailable
from jumphost.gateway.generations import Generations
from jumphost.gateway.standing import Standing
from jumphost.identity.renewal import GRACE_S
from jumphost.identity.revocation import Revocation
from jumphost.model.event import Event
from jumphost.model.identity import Caller
from jumphost.signer.protocol import Issued, RenewCaller
from jumphost.sshkey import read_line
from jumphost.store import families, revocations
from jumphost.testing.gatehouse import ADDRESS, NAME, Gatehouse
from jumphost.testing.signing import NearSigner, new_public_line

OWNER, THIEF = "192.0.2.7", "203.0.113.66"


@pytest.fixture
def at(here: Gatehouse) -> Generations:
    return here.parts().generations


def admitted(here: Gatehouse, line: str) -> Caller:
    return here.standing.admit(base64.b64decode(line.split(" ")[1]), source=ADDRESS, now_ns=here.clock.now_ns())


async def logs_in(here: Gatehouse, at: Generations, line: str, address: str = OWNER) -> None:
    """A login with a certificate, to the end of what follows from it."""
    first = at.login(admitted(here, line), address)
    if first is not None:
        await at.keep(first)


async def renews(at: Generations, caller: Caller, address: str = OWNER, key: str = "") -> str:
    return await at.renew(caller, read_line(key or new_public_line()), address)


async def restarted(here: Gatehouse) -> Generations:
    """As after a crash: what is known is what was written."""
    here.standing = Standing(
        here.site,
        [Revocation(*row) for row in await here.store.read(revocations.everything)],  # type: ignore[arg-type]
        [name for name, _, _ in await here.store.read(families.locks)],
    )
    known = await here.store.read(families.everything)
    return Generations(here.store, here.clock, here.standing, NearSigner(here.site, here.clock), known)


async def test_a_renewal_is_journalled_before_it_is_given(here: Gatehouse, at: Generations) -> None:
    caller = here.caller()
    after = admitted(here, await renews(at, caller))
    [event] = [event for event in await here.events() if event["kind"] == "cert.issue"]
    assert (event["how"], event["identity"], event["generation"]) == ("renewal", NAME, 1)
    assert (event["renewed"], event["serial"]) == ("7", after.identity.certificate.serial)
    assert (event["source"], event["key"], event["family"]) == (OWNER, after.key, caller.family)
    assert after.family == caller.family


async def test_a_renewal_that_is_not_on_disk_is_not_given(here: Gatehouse, at: Generations) -> None:
    caller = here.caller()
    await here.store.close()
    with pytest.raises(Unavailable):
        await renews(at, caller)
    assert at.login(caller, OWNER) is None
    assert at.locked.empty()


@pytest.mark.parametrize("fault", [Unavailable(Code.SIGNER_UNAVAILABLE, "down"), Refused(Code.SIGNER_REFUSED, "no")])
async def test_what_the_signer_does_not_sign_changes_nothing(here: Gatehouse, fault: Exception) -> None:
    class Silent:
        async def ask(self, question: RenewCaller) -> Issued:
            raise fault

    at, caller = Generations(here.store, here.clock, here.standing, Silent()), here.caller()
    with pytest.raises(type(fault)):
        await renews(at, caller)
    assert await here.events() == []
    assert await here.store.read(families.everything) == []
    assert at.login(caller, OWNER) is None


async def test_an_owner_renews_on_and_on(here: Gatehouse, at: Generations) -> None:
    caller = here.caller()
    for generation in (1, 2, 3):
        line = await renews(at, caller)
        await logs_in(here, at, line)
        caller = admitted(here, line)
        assert caller.generation == generation
        at = await restarted(here)
    assert at.locked.empty()


async def test_runners_of_one_identity_have_families_of_their_own(here: Gatehouse, at: Generations) -> None:
    one, two = here.caller(serial=1), here.caller(serial=2)
    for caller in (one, two):
        await logs_in(here, at, await renews(at, caller))
    here.clock.advance(GRACE_S + 1)
    await logs_in(here, at, await renews(at, here.caller(serial=3)))
    assert at.locked.empty()


async def test_an_answer_that_got_lost_is_given_again(here: Gatehouse, at: Generations) -> None:
    caller, key = here.caller(), new_public_line()
    line = await renews(at, caller, key=key)
    at = await restarted(here)
    here.clock.advance(GRACE_S * 2)
    assert at.login(caller, OWNER) is None
    assert await renews(at, caller, key=key) == line
    assert len([event for event in await here.events() if event["kind"] == "cert.issue"]) == 1


async def test_an_owner_who_lost_answer_and_key_is_not_locked_out(here: Gatehouse, at: Generations) -> None:
    caller = here.caller()
    lost = await renews(at, caller)
    at = await restarted(here)
    line = await renews(at, caller)
    await logs_in(here, at, line)
    assert at.locked.empty()
    assert admitted(here, line).generation == admitted(here, lost).generation == 1


async def theft_shows(here: Gatehouse, at: Generations, *, newest: str, old: str) -> None:
    lock = at.locked.get_nowait()
    await at.journal(lock)
    [event] = [event for event in await here.events() if event["kind"] == "identity.lock"]
    assert event["identity"] == NAME
    assert (event["newest"]["address"], event["old"]["address"]) == (newest, old)
    assert event["newest"]["serial"] != event["old"]["serial"]
    assert event["newest"]["at"]
    assert event["old"]["at"]
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            here.caller(serial=99)
        assert caught.value.code is Code.IDENTITY_LOCKED
        await restarted(here)


async def test_a_thief_renews_and_uses_it_then_the_owner_renews(here: Gatehouse, at: Generations) -> None:
    caller = here.caller()
    await logs_in(here, at, await renews(at, caller, THIEF), THIEF)
    with pytest.raises(Refused) as caught:
        await renews(at, caller)
    assert caught.value.code is Code.IDENTITY_LOCKED
    await theft_shows(here, at, newest=THIEF, old=OWNER)


async def test_a_thief_renews_and_uses_it_then_the_owner_logs_in(here: Gatehouse, at: Generations) -> None:
    caller = here.caller()
    await logs_in(here, at, await renews(at, caller, THIEF), THIEF)
    here.clock.advance(GRACE_S + 1)
    assert at.login(caller, OWNER) is None
    await theft_shows(here, at, newest=THIEF, old=OWNER)


async def test_a_thief_renews_first_and_uses_it_after_the_owner_has_renewed(here: Gatehouse, at: Generations) -> None:
    caller = here.caller()
    stolen = await renews(at, caller, THIEF)
    await logs_in(here, at, await renews(at, caller))
    at.login(admitted(here, stolen), THIEF)
    await theft_shows(here, at, newest=OWNER, old=THIEF)


async def test_an_owner_renews_then_the_thief_uses_the_old_one(here: Gatehouse, at: Generations) -> None:
    caller = here.caller()
    line = await renews(at, caller)
    await logs_in(here, at, line)
    second = await renews(at, admitted(here, line))
    at = await restarted(here)
    at.login(caller, THIEF)  # two generations back: no grace
    assert admitted_is_refused(here, second)
    await theft_shows(here, at, newest=OWNER, old=THIEF)


def admitted_is_refused(here: Gatehouse, line: str) -> bool:
    with pytest.raises(Refused):
        admitted(here, line)
    return True


async def test_programs_that_start_at_the_same_time_may_have_read_either_file(here: Gatehouse, at: Generations) -> None:
    caller = here.caller()
    await logs_in(here, at, await renews(at, caller))
    here.clock.advance(GRACE_S)
    at.login(caller, OWNER)
    assert at.locked.empty()


async def test_who_is_unlocked_needs_a_new_certificate(here: Gatehouse, at: Generations) -> None:
    caller = here.caller()
    line = await renews(at, caller)
    await logs_in(here, at, line)
    here.clock.advance(GRACE_S + 1)
    at.login(caller, THIEF)
    await at.journal(at.locked.get_nowait())
    assert await at.unlock(NAME)
    assert not await at.unlock(NAME)
    assert [event["identity"] for event in await here.events() if event["kind"] == "identity.unlock"] == [NAME]
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            admitted(here, line)
        assert caught.value.code is Code.IDENTITY_REVOKED
        here.caller(serial=99)
        at = await restarted(here)


async def test_rows_of_a_backup_lock_nobody_out(here: Gatehouse, at: Generations) -> None:
    line = await renews(at, here.caller())
    before = await here.store.read(families.everything)
    newer = await renews(at, admitted(here, line))

    def restore(opened: sqlite3.Connection) -> None:
        families.put(opened, before[0], 0)

    await here.store.write(restore, *tuple[Event, ...]())
    at = await restarted(here)
    await logs_in(here, at, newer)
    assert admitted(here, await renews(at, admitted(here, newer))).generation == 3


async def test_who_waits_while_a_theft_shows_gets_nothing(here: Gatehouse, at: Generations) -> None:
    """Both renew at once, with the certificate before the newest and with the newest."""
    first = here.caller()
    line = await renews(at, first)
    await logs_in(here, at, line)
    newest = admitted(here, line)
    shown, waited = await asyncio.gather(renews(at, first, THIEF), renews(at, newest), return_exceptions=True)
    assert isinstance(shown, Refused)
    assert isinstance(waited, Refused)
    assert (shown.code, waited.code) == (Code.IDENTITY_LOCKED, Code.IDENTITY_REVOKED)
    assert [event["generation"] for event in await here.events() if event["kind"] == "cert.issue"] == [1]
