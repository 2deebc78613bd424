"""Users of one command on a real RabbitMQ: the contract of providers, and what a user may do and leave."""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiormq.exceptions import AMQPError
from msgspec.structs import replace

from jumphost.command import leased
from jumphost.credential.base import Material, Recipient
from jumphost.credential.delivery.file import FileDelivery
from jumphost.credential.delivery.proxy import ProxyDelivery
from jumphost.credential.rabbitmq import hashed
from jumphost.errors import Code, Refused, Unavailable
from jumphost.model.target import Target
from jumphost.secret import Secret
from jumphost.testing.provider_contracts import PROVIDER, Bench, issued, planned
from jumphost.testing.rabbitmq import ADMIN, TEMPLATE, Broker, Visitor, rabbitmq
from jumphost.testing.tls import certificate


class RabbitMqBench:
    refusals = (AMQPError, OSError, RuntimeError)

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.provider = broker.provider()
        self.astray = broker.provider(api_port=1)

    async def enter(self, material: Material) -> Visitor:
        password = material["password"]
        assert isinstance(password, Secret)
        url = f"amqp://{material['user']}:{password.reveal().decode()}@127.0.0.1:{self.broker.source.port}/%2F"
        return await Visitor.enter({"url": Secret(url.encode())})


@pytest.fixture(scope="module")
def server() -> Iterator[Broker]:
    try:
        with rabbitmq() as made:
            yield made
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("check", PROVIDER, ids=lambda check: check.__name__)
async def test_contract(server: Broker, check: Callable[[Bench], Awaitable[None]]) -> None:
    await check(RabbitMqBench(server))


async def test_it_has_the_permissions_of_the_template_there_and_no_more(server: Broker) -> None:
    minted = await issued(server.provider())
    subject = minted.lease.subject
    visit = await Visitor.enter(minted.material)
    await visit.ask()
    await visit.send("a.b")
    with pytest.raises(AMQPError, match="refused"):
        await visit.send("b.a")
    with pytest.raises(AMQPError, match="refused"):
        await visit.read("secrets")
    with pytest.raises(AMQPError, match="refused"):
        await visit.declare()
    await visit.close()
    assert [one["vhost"] for one in server.ask("GET", f"users/{subject}/permissions")] == ["/"]
    assert server.ask("GET", f"users/{subject}")["tags"] == []
    await server.provider().revoke(minted.lease)


async def test_a_lease_has_few_connections(server: Broker) -> None:
    minted = await issued(server.provider(connections=1))
    visit = await Visitor.enter(minted.material)
    with pytest.raises((AMQPError, OSError)):
        await (await Visitor.enter(minted.material)).ask()
    await visit.close()
    await server.provider().revoke(minted.lease)


async def test_the_server_sees_no_password(server: Broker) -> None:
    minted = await issued(server.provider())
    password = minted.secret("password").reveal()
    kept = base64.b64decode(server.ask("GET", f"users/{minted.lease.subject}")["password_hash"])
    assert kept[4:] == hashlib.sha256(kept[:4] + password).digest()
    assert password.decode() not in server.log.read_text()
    assert hashed(password) != hashed(password)
    await server.provider().revoke(minted.lease)


async def test_many_users_are_all_found(server: Broker) -> None:
    names = {f"jumphost_0123abcd_{n:032x}_00000000" for n in range(1000)}
    users = [{"name": name, "password_hash": "", "tags": ""} for name in sorted(names)]
    server.ask("POST", "definitions", {"users": users})
    assert set(await server.provider().left()) == names
    server.ask("POST", "users/bulk-delete", {"users": sorted(names)})


async def test_users_of_other_marks_are_not_ours(server: Broker) -> None:
    for other in (f"jumphost_ffffffff_{'0' * 32}_00000000", "x_jumphost_0123abcd_1"):
        server.ask("PUT", f"users/{other}", {"password_hash": "", "tags": ""})
        assert await server.provider().left() == []
        server.ask("DELETE", f"users/{other}")


async def test_without_a_template_there_is_no_user(server: Broker) -> None:
    for changes, said in (
        ({"template": "nobody"}, "there is no template nobody"),
        ({"template": "../whoami"}, "there is no template ../whoami"),
        ({"vhost": "elsewhere"}, f"the template {TEMPLATE} has no permissions in the virtual host elsewhere"),
    ):
        with pytest.raises(Unavailable) as failed:
            await issued(server.provider(**changes))
        assert (failed.value.code, failed.value.detail) == (Code.CREDENTIAL_UNAVAILABLE, said)
    assert await server.provider().left() == []


async def test_only_what_was_made_here_is_ended(server: Broker) -> None:
    for subject in (TEMPLATE, ADMIN, "jumphost_0123abcd_x", "../users/guest", ""):
        with pytest.raises(Unavailable, match="the RabbitMQ server"):
            await server.provider().revoke(replace(planned(server.provider()), subject=subject))
    assert {TEMPLATE, ADMIN} < {one["name"] for one in server.ask("GET", "users")}


async def test_an_admin_that_is_not_let_in(server: Broker, tmp_path: Path) -> None:
    wrong = tmp_path / "file"
    for text in ("keeper:wrong\n", "keeper\n"):
        wrong.write_text(text)
        with pytest.raises(Unavailable) as failed:
            await server.provider(admin=str(wrong)).left()
        assert "wrong\n" not in failed.value.detail


async def test_another_machine_is_known_by_its_certificate(server: Broker, tmp_path: Path) -> None:
    here = server.provider(api_port=server.tls_port, ca=server.ca)
    minted = await issued(here)
    assert minted.secret("url").reveal().startswith(b"amqps://jumphost_0123abcd_")
    await here.revoke(minted.lease)
    other, _ = certificate(tmp_path, "other")
    with pytest.raises(Unavailable) as failed:
        await server.provider(api_port=server.tls_port, ca=other).left()
    assert "certificate verify failed" in failed.value.detail.lower()


async def test_the_command_reads_where_it_is_in_a_file(server: Broker) -> None:
    minted = await issued(server.provider())
    named = replace(minted, lease=replace(minted.lease, name="queue"))
    recipient = Recipient(minted.lease.request, "job", Target("here", ("app",), host="10.0.0.5"), "app")
    delivered = await FileDelivery({"queue": server.source}, Path).prepare(named, recipient)
    assert delivered.env == leased.secret_file(minted.lease.request)
    assert delivered.file is not None
    assert delivered.file.reveal() == minted.secret("url").reveal()
    assert [one.reveal() for one in delivered.secrets] == [minted.secret("password").reveal()]
    with pytest.raises(Refused) as failed:
        await ProxyDelivery({"queue": server.source}, Path).prepare(named, recipient)
    assert failed.value.code is Code.POLICY_UNSUPPORTED
    await server.provider().revoke(minted.lease)
