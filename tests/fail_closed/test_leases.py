"""Every port of a lease × every way to fail: nothing runs without its credential, nothing of it is left at the server,
the trail says so, and the next command is served."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from jumphost.credential import leases
from jumphost.errors import Code, Refused, Unavailable
from jumphost.gateway import leasing
from jumphost.model.decision import CredentialTerms
from jumphost.model.event import Event, Kind
from jumphost.store import database
from jumphost.store.writer import unavailable
from jumphost.testing.session import Fault, House, hangs, house, owing, raises, returns

ODD = ValueError("s3cret")
LATE_S = 0.5  # every deadline of ours, in these tests


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    for owner, name in ((leases, "ISSUE_S"), (leases, "REVOKE_S"), (leasing, "DELIVER_S")):
        monkeypatch.setattr(owner, name, LATE_S)
    monkeypatch.setattr(database, "WRITE_DEADLINE_S", LATE_S)
    monkeypatch.setattr(leases, "RETRY_S", (0.05,))
    async with house(tmp_path) as made:
        owing(made.engine, credential=CredentialTerms("db", 60))
        yield made


Break = Callable[[House, pytest.MonkeyPatch], None]


def provider(method: str, fault: Fault) -> Break:
    return lambda here, patch: patch.setattr(here.provider, method, lambda *_: fault())


def delivery(fault: Fault) -> Break:
    return lambda here, patch: patch.setattr(here.delivery, "prepare", lambda *_: fault())


def naming(fault: Exception) -> Break:
    def subject(_: str) -> str:
        raise fault

    return lambda here, patch: patch.setattr(here.provider, "subject", subject)


def down(here: House, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(here.provider.accounts, "down", True)


def made_and_lost(here: House, patch: pytest.MonkeyPatch) -> None:
    """The account is there, and the answer that says so is not."""
    issue = here.provider.issue

    async def lost(lease: Any) -> Any:
        await issue(lease)
        raise ODD

    patch.setattr(here.provider, "issue", lost)


def journal(fault: Callable[[House], None]) -> Break:
    """The journal fails at the event of the lease, not at that of a login."""

    def broken(here: House, patch: pytest.MonkeyPatch) -> None:
        write = here.store.write

        async def failing(work: Any = None, *events: Event) -> Any:
            if any(event.kind is Kind.CREDENTIAL_ISSUE and event.data.get("name") for event in events):
                return await write(lambda _: fault(here))
            return await write(work, *events)

        patch.setattr(here.store, "write", failing)

    return broken


def full(_: House) -> None:
    raise unavailable("full")


def stuck(here: House) -> None:
    here.blocks()


class Case(Struct, frozen=True):
    """What is broken, and what the caller is told."""

    name: str
    breaks: Break
    status: int
    says: str


UNAVAILABLE = "failed credential.unavailable: the credential db cannot be "
CASES = [
    Case("server down", down, 69, f"{UNAVAILABLE}had now"),
    Case("provider refuses", provider("issue", raises(Refused(Code.INTERNAL, "no"))), 69, f"{UNAVAILABLE}had now"),
    Case("provider odd", provider("issue", raises(ODD)), 69, f"{UNAVAILABLE}had now"),
    Case("provider hangs", provider("issue", hangs), 69, f"{UNAVAILABLE}had now"),
    Case("provider is rubbish", provider("issue", returns(object())), 69, f"{UNAVAILABLE}delivered"),
    Case("provider made it and its answer was lost", made_and_lost, 69, f"{UNAVAILABLE}had now"),
    Case("provider cannot name it", naming(ODD), 70, "failed internal"),
    Case("delivery down", delivery(raises(Unavailable(Code.CREDENTIAL_UNAVAILABLE, "down"))), 69,
         "failed credential.unavailable: down"),
    Case("delivery odd", delivery(raises(ODD)), 69, f"{UNAVAILABLE}delivered"),
    Case("delivery hangs", delivery(hangs), 69, f"{UNAVAILABLE}delivered"),
    Case("delivery is rubbish", delivery(returns(object())), 69, f"{UNAVAILABLE}delivered"),
    Case("journal full", journal(full), 69, "failed journal.unavailable"),
    Case("journal hangs", journal(stuck), 69, "failed journal.unavailable"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_fault(here: House, case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with monkeypatch.context() as patch:
        case.breaks(here, patch)
        done = await here.run(f"sh -c 'echo ran >> {mark}; echo out'")
        here.released.set()
    assert (done.exit_status, done.stdout) == (case.status, "")
    assert done.stderr.startswith(f"jumphost: {case.says}")
    assert not mark.exists()
    assert here.runner.started == []
    await here.until(lambda: not here.parts.leases.live() and not here.provider.accounts.known)
    issued = {event["lease"] for event in await here.events(Kind.CREDENTIAL_ISSUE) if event.get("name")}
    over = {event["lease"] for event in await here.events(Kind.CREDENTIAL_REVOKE) if not event["left"]}
    assert issued <= over
    assert "s3cret" not in str(await here.events())

    after = await here.run("sh -c 'echo next'")
    assert (after.exit_status, after.stdout, after.stderr) == (0, "next\n", "")
    assert here.provider.accounts.known == {}


@pytest.mark.parametrize(
    "fault",
    [raises(Unavailable(Code.CREDENTIAL_UNAVAILABLE, "down")), raises(ODD), hangs],
    ids=["down", "odd", "hangs"],
)
async def test_a_lease_that_does_not_end_is_told_and_tried_again(
    here: House, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        provider("revoke", fault)(here, patch)
        done = await here.run("sh -c 'exit 3'")
        assert (done.exit_status, done.stderr) == (3, "")
        left = await here.event(Kind.CREDENTIAL_REVOKE, left=True)
        assert here.provider.accounts.known
    await here.event(Kind.CREDENTIAL_REVOKE, left=False, lease=left["lease"])
    assert here.provider.accounts.known == {}
    assert "s3cret" not in str(await here.events())


async def test_an_end_that_cannot_be_journalled_is_none(here: House) -> None:
    def broken() -> None:
        raise unavailable("full")

    here.store.faults[Kind.CREDENTIAL_REVOKE] = broken
    assert (await here.run("true")).exit_status == 0
    (kept,) = here.parts.leases.live()
    here.store.faults.clear()
    await here.event(Kind.CREDENTIAL_REVOKE, left=False, lease=kept.lease.id)
