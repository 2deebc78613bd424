"""One identity's lease of one credential at a time on a login, and nothing of another's near it."""

import asyncio

import pytest
from msgspec.structs import replace

from jumphost.credential.base import Recipient
from jumphost.errors import Code, Refused, Unavailable
from jumphost.gateway import tenants as module
from jumphost.gateway.tenants import Tenants
from jumphost.model.target import Target

TARGET = Target("here", ("app", "batch"), host="10.0.0.5", port=22)


def to(identity: str = "job", login: str = "app", target: Target = TARGET) -> Recipient:
    return Recipient("request", identity, target, login)


async def test_one_identity_and_credential_may_have_many_on_a_login() -> None:
    tenants = Tenants()
    stays = [await tenants.enter("ro", to()) for _ in range(3)]
    for stay in stays:
        with pytest.raises(Unavailable):
            await tenants.enter("rw", to())
        stay.leave()
        stay.leave()
    await tenants.enter("rw", to())


ALIAS = to("other", target=replace(TARGET, name="alias"))
OTHERS = pytest.mark.parametrize(("name", "recipient"), [("ro", to("other")), ("rw", to()), ("ro", ALIAS)])


@OTHERS
async def test_no_other_gets_near_it_until_it_is_gone(name: str, recipient: Recipient) -> None:
    tenants = Tenants()
    stay = await tenants.enter("ro", to())
    with pytest.raises(Unavailable, match="send it again later") as caught:
        await tenants.enter(name, recipient)
    assert caught.value.code is Code.CREDENTIAL_BUSY
    stay.leave()
    await tenants.enter(name, recipient)


@OTHERS
async def test_another_waits_for_what_an_ended_command_left_behind(name: str, recipient: Recipient) -> None:
    tenants = Tenants()
    stays = [await tenants.enter("ro", to()) for _ in range(2)]
    stays[0].end()
    with pytest.raises(Unavailable):
        await tenants.enter(name, recipient)
    stays[1].end()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(tenants.enter(name, recipient))
        await asyncio.sleep(0)
        stays[0].leave()
        await asyncio.sleep(0)
        assert not waiting.done()
        stays[1].leave()
    with pytest.raises(Unavailable):
        await tenants.enter("ro", to())


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.02)
    tenants = Tenants()
    (await tenants.enter("ro", to())).end()
    with pytest.raises(Unavailable, match="send it again later"):
        await tenants.enter("rw", to())
    await tenants.enter("ro", to())


@pytest.mark.parametrize("elsewhere", [to("other", "batch"), to("other", target=replace(TARGET, host="10.0.0.6"))])
async def test_other_logins_are_others(elsewhere: Recipient) -> None:
    tenants = Tenants()
    await tenants.enter("ro", to())
    await tenants.enter("ro", elsewhere)


async def test_a_login_that_commands_share_has_none() -> None:
    with pytest.raises(Refused, match="several commands share") as caught:
        await Tenants().enter("ro", to(target=replace(TARGET, mode="connection")))
    assert caught.value.code is Code.POLICY_UNSUPPORTED


async def test_sandboxes_have_nobody_else_in_them() -> None:
    tenants, box = Tenants(), Target("box", ("app",), kind="process")
    for identity in ("job", "other"):
        (await tenants.enter("ro", to(identity, target=box))).leave()
        await tenants.enter("ro", to(identity, target=box))
