import pytest
from msgspec.structs import replace

from jumphost.credential.base import Minted, Recipient
from jumphost.credential.delivery.tenants import Tenants
from jumphost.errors import Code, Refused, Unavailable
from jumphost.model.lease import Lease
from jumphost.model.target import Target

TARGET = Target("here", ("app", "batch"), host="10.0.0.5", port=22)


def minted(name: str = "ro") -> Minted:
    return Minted(Lease("", "postgres", "role", 0, name=name), {})


def to(identity: str = "job", login: str = "app", target: Target = TARGET) -> Recipient:
    return Recipient("request", identity, target, login)


def test_one_identity_and_credential_may_have_many_on_a_login() -> None:
    tenants = Tenants()
    leave = [tenants.enter(minted(), to()) for _ in range(3)]
    for one in leave:
        with pytest.raises(Unavailable):
            tenants.enter(minted("rw"), to())
        one()
    tenants.enter(minted("rw"), to())


ALIAS = to("other", target=replace(TARGET, name="alias"))


@pytest.mark.parametrize(("name", "recipient"), [("ro", to("other")), ("rw", to()), ("ro", ALIAS)])
def test_no_other_gets_near_it_until_it_is_gone(name: str, recipient: Recipient) -> None:
    tenants = Tenants()
    leave = tenants.enter(minted(), to())
    with pytest.raises(Unavailable, match="send it again later") as caught:
        tenants.enter(minted(name), recipient)
    assert caught.value.code is Code.CREDENTIAL_BUSY
    leave()
    tenants.enter(minted(name), recipient)


@pytest.mark.parametrize("elsewhere", [to("other", "batch"), to("other", target=replace(TARGET, host="10.0.0.6"))])
def test_other_logins_are_others(elsewhere: Recipient) -> None:
    tenants = Tenants()
    tenants.enter(minted(), to())
    tenants.enter(minted(), elsewhere)


def test_a_login_that_commands_share_has_none() -> None:
    with pytest.raises(Refused, match="several commands share") as caught:
        Tenants().enter(minted(), to(target=replace(TARGET, mode="connection")))
    assert caught.value.code is Code.POLICY_UNSUPPORTED


def test_sandboxes_have_nobody_else_in_them() -> None:
    tenants, box = Tenants(), Target("box", ("app",), kind="process")
    for identity in ("job", "other"):
        tenants.enter(minted(identity), to(identity, target=box))()
        tenants.enter(minted(identity), to(identity, target=box))
