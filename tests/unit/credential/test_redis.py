"""Users of one command on a real Redis: the contract of providers, and what a user may do and leave."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator

import pytest
from msgspec.structs import replace
from redis.exceptions import RedisError, ResponseError

from jumphost.credential.base import Material
from jumphost.errors import Code, Unavailable
from jumphost.secret import Secret
from jumphost.testing.provider_contracts import PROVIDER, Bench, issued, planned
from jumphost.testing.redis import OWNER, TEMPLATE, Store, Visitor, redis


class RedisBench:
    refusals = (RedisError, OSError)

    def __init__(self, store: Store) -> None:
        self.provider = store.provider()
        self.astray = store.provider(host="/nonexistent/socket")

    async def enter(self, material: Material) -> Visitor:
        return await Visitor.enter(material)


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    try:
        with redis() as made:
            yield made
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("check", PROVIDER, ids=lambda check: check.__name__)
async def test_contract(server: Store, check: Callable[[Bench], Awaitable[None]]) -> None:
    await check(RedisBench(server))


async def test_it_has_the_rules_of_the_template_and_no_more(server: Store) -> None:
    minted = await issued(server.provider())
    visit = await Visitor.enter(minted.material)
    await visit.ask()
    assert await visit.do("SET", "drafts:1", "x") is True
    for text in ("SET cards:1 x", "GET secrets:1", "ACL LIST", "CONFIG GET *", "FLUSHALL"):
        with pytest.raises(ResponseError, match="no permissions"):
            await visit.do(*text.split())
    await visit.close()
    await server.provider().revoke(minted.lease)


async def test_the_server_sees_no_password(server: Store) -> None:
    minted = await issued(server.provider())
    password = minted.material["password"]
    assert isinstance(password, Secret)
    listed = server.ask("ACL", "LIST")
    assert hashlib.sha256(password.reveal()).hexdigest() in listed
    assert password.reveal().decode() not in listed + server.log.read_text()
    await server.provider().revoke(minted.lease)


@pytest.mark.parametrize("rule", ["+acl", "+config", "+module", "+debug", "+replicaof", "+function", "+@all"])
async def test_a_template_that_could_outlive_its_lease_makes_none(server: Store, rule: str) -> None:
    server.ask("ACL", "SETUSER", "wide", "reset", "~*", "+get", rule)
    with pytest.raises(Unavailable, match="the Redis server") as failed:
        await issued(server.provider(template="wide"))
    assert failed.value.detail.endswith("which outlives a lease")
    assert await server.provider().left() == []
    server.ask("ACL", "DELUSER", "wide")


async def test_nothing_is_made_where_anybody_is_let_in(server: Store) -> None:
    """RESET, or AUTH with any word, would make every lease the user that may do everything."""
    minted = await issued(server.provider())
    visit = await Visitor.enter(minted.material)
    await visit.do("RESET")
    with pytest.raises(RedisError, match="Authentication required"):
        await visit.ask()
    await visit.close()
    await server.provider().revoke(minted.lease)
    server.ask("ACL", "SETUSER", "default", "nopass")
    with pytest.raises(Unavailable) as failed:
        await issued(server.provider())
    assert "the user default needs no password" in failed.value.detail
    server.ask("ACL", "SETUSER", "default", "resetpass", f">{OWNER}")


async def test_without_a_template_there_is_no_user(server: Store) -> None:
    with pytest.raises(Unavailable) as failed:
        await issued(server.provider(template="nobody"))
    assert failed.value.code is Code.CREDENTIAL_UNAVAILABLE
    assert await server.provider().left() == []


async def test_only_what_was_made_here_is_ended(server: Store) -> None:
    for subject in (TEMPLATE, "default", "jumphost_0123abcd_x", ""):
        with pytest.raises(Unavailable, match="the Redis server"):
            await server.provider().revoke(replace(planned(server.provider()), subject=subject))
    assert TEMPLATE in server.ask("ACL", "USERS").split()


async def test_users_of_other_marks_are_not_ours(server: Store) -> None:
    server.ask("ACL", "SETUSER", f"jumphost_ffffffff_{'0' * 32}_00000000", "on")
    assert await server.provider().left() == []
    server.ask("ACL", "DELUSER", f"jumphost_ffffffff_{'0' * 32}_00000000")


async def test_an_admin_that_is_not_let_in(server: Store, tmp_path_factory: pytest.TempPathFactory) -> None:
    wrong = tmp_path_factory.mktemp("admin") / "file"
    for text in ("keeper:wrong\n", "keeper\n"):
        wrong.write_text(text)
        with pytest.raises(Unavailable) as failed:
            await server.provider(admin=str(wrong)).left()
        assert "wrong\n" not in failed.value.detail


async def test_a_connection_is_ended_with_its_user(server: Store) -> None:
    minted = await issued(server.provider())
    visit = await Visitor.enter(minted.material)
    await server.provider().revoke(minted.lease)
    with pytest.raises((RedisError, OSError)):
        await visit.ask()
    await visit.close()
