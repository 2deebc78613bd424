"""What every ``credential.base.Provider`` must do, as checks that its tests run on a real server.

PROVIDER is for those whose ``revoke`` ends what they made, IRREVOCABLE for the others: of these it is shown that a
lease goes on after its end, which none may leave unsaid.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import pytest

from jumphost.clock import NS_PER_S, SystemClock, new_id
from jumphost.credential.base import Irrevocable, Material, Minted, Provider
from jumphost.errors import Code, Unavailable
from jumphost.model.lease import Lease
from jumphost.secret import Secret

PATIENCE_S = 30.0  # until something that must happen counts as not happening
TTL_S = 60


class Visit(Protocol):
    """A session at the server that a lease opened."""

    async def ask(self) -> None:
        """Uses it; raises one of ``Bench.refusals`` if it was ended."""

    async def close(self) -> None:
        """Ends it."""


class Bench(Protocol):
    """A provider and its server."""

    provider: Provider
    astray: Provider  # likewise, but no server, or no secret, is where it looks
    refusals: tuple[type[Exception], ...]  # what its client raises where it is not let in, or put out

    async def enter(self, material: Material) -> Visit:
        """Opens a session as a command would; raises one of ``refusals`` if it is not let in."""


def planned(provider: Provider) -> Lease:
    """A lease for a command of its own, as it is journalled before it is issued."""
    clock = SystemClock()
    request = new_id(clock)
    return Lease(
        id=new_id(clock),
        provider=provider.kind,
        subject=provider.subject(request),
        expires_ns=clock.now_ns() + TTL_S * NS_PER_S,
        template=provider.template,
        request=request,
        identity="batch",
    )


async def issued(provider: Provider) -> Minted:
    """A fresh lease."""
    return await provider.issue(planned(provider))


async def refused(bench: Bench, material: Material) -> BaseException:
    """What a client says that is not let in."""
    with pytest.raises(bench.refusals) as caught:
        await (await bench.enter(material)).ask()
    return caught.value


async def opens_what_it_says(bench: Bench) -> None:
    minted = await issued(bench.provider)
    visit = await bench.enter(minted.material)
    await visit.ask()
    await visit.close()
    await bench.provider.revoke(minted.lease)


async def opens_nothing_once_revoked(bench: Bench) -> None:
    minted = await issued(bench.provider)
    await bench.provider.revoke(minted.lease)
    await refused(bench, minted.material)


async def ends_open_sessions(bench: Bench) -> None:
    minted = await issued(bench.provider)
    visits = [await bench.enter(minted.material) for _ in range(2)]
    for visit in visits:
        await visit.ask()
    await bench.provider.revoke(minted.lease)
    for visit in visits:
        with pytest.raises(bench.refusals):
            await visit.ask()
        await visit.close()


async def revokes_twice(bench: Bench) -> None:
    minted = await issued(bench.provider)
    await bench.provider.revoke(minted.lease)
    await bench.provider.revoke(minted.lease)


async def revokes_what_never_was(bench: Bench) -> None:
    await bench.provider.revoke(planned(bench.provider))


async def finds_what_a_crash_left(bench: Bench) -> None:
    minted = await issued(bench.provider)
    subject = minted.lease.subject
    assert subject in await bench.provider.left()
    await bench.provider.revoke(Lease(id="", provider="", subject=subject, expires_ns=0))
    assert subject not in await bench.provider.left()
    await refused(bench, minted.material)


async def leaves_others_alone(bench: Bench) -> None:
    one, other = await issued(bench.provider), await issued(bench.provider)
    await bench.provider.revoke(one.lease)
    visit = await bench.enter(other.material)
    await visit.ask()
    await visit.close()
    await bench.provider.revoke(other.lease)


async def makes_many_at_once(bench: Bench) -> None:
    async with asyncio.timeout(PATIENCE_S):
        made = await asyncio.gather(*(issued(bench.provider) for _ in range(8)))
        assert len({minted.lease.subject for minted in made}) == len(made)
        await asyncio.gather(*(bench.provider.revoke(minted.lease) for minted in made))
    assert not {minted.lease.subject for minted in made} & set(await bench.provider.left())


async def keeps_its_secret(bench: Bench) -> None:
    minted = await issued(bench.provider)
    said, hidden = await _said_of(bench, minted)
    await bench.provider.revoke(minted.lease)
    said.append(repr(await refused(bench, minted.material)))
    assert not [text for text in said for secret in hidden if secret in text]


async def _said_of(bench: Bench, minted: Minted) -> tuple[list[str], list[str]]:
    """The texts of a lease, that of a wrong secret's refusal among them, and the secrets that none may have."""
    hidden = {name: value.reveal().decode() for name, value in minted.material.items() if isinstance(value, Secret)}
    assert hidden
    wrong = {**minted.material, **{name: Secret(secrets.token_urlsafe().encode()) for name in hidden}}
    with pytest.raises(TypeError):
        msgspec.json.encode(minted)
    said = [repr(minted), str(minted), repr(minted.lease), str(await refused(bench, wrong))]
    return said, [*hidden.values()]


async def says_when_no_server_answers(bench: Bench) -> None:
    lease = planned(bench.astray)
    for call in (lambda: bench.astray.issue(lease), lambda: bench.astray.revoke(lease), bench.astray.left):
        with pytest.raises(Unavailable) as caught:
            await call()
        assert caught.value.code is Code.CREDENTIAL_UNAVAILABLE


async def says_that_it_goes_on(bench: Bench) -> None:
    assert isinstance(bench.provider, Irrevocable)
    minted = await issued(bench.provider)
    await bench.provider.revoke(minted.lease)
    visit = await bench.enter(minted.material)
    await visit.ask()
    await visit.close()


async def leaves_nothing_to_find(bench: Bench) -> None:
    minted = await issued(bench.provider)
    assert minted.lease.subject not in await bench.provider.left()


async def hides_its_secret(bench: Bench) -> None:
    minted = await issued(bench.provider)
    said, hidden = await _said_of(bench, minted)
    assert not [text for text in said for secret in hidden if secret in text]


async def says_when_it_has_nothing(bench: Bench) -> None:
    with pytest.raises(Unavailable) as caught:
        await issued(bench.astray)
    assert caught.value.code is Code.CREDENTIAL_UNAVAILABLE


PROVIDER: tuple[Callable[[Bench], Awaitable[None]], ...] = (
    opens_what_it_says,
    opens_nothing_once_revoked,
    ends_open_sessions,
    revokes_twice,
    revokes_what_never_was,
    finds_what_a_crash_left,
    leaves_others_alone,
    makes_many_at_once,
    keeps_its_secret,
    says_when_no_server_answers,
)

IRREVOCABLE: tuple[Callable[[Bench], Awaitable[None]], ...] = (
    opens_what_it_says,
    says_that_it_goes_on,
    leaves_nothing_to_find,
    revokes_twice,
    revokes_what_never_was,
    leaves_others_alone,
    makes_many_at_once,
    hides_its_secret,
    says_when_it_has_nothing,
)
