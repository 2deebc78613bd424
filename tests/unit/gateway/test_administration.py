"""What an operator may ask of a running gateway: every verb, its arguments, its events, and what it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import msgspec
import pytest

from jumphost.config.edit import set_scalar
from jumphost.errors import Code, Problems, Refused
from jumphost.gateway.administration import Administration
from jumphost.gateway.control import Verb
from jumphost.gateway.server import Gateway
from jumphost.secret import Secret
from jumphost.store import families, revocations
from jumphost.testing.gatehouse import ADDRESS, NAME, PER_IDENTITY, Gatehouse, client

OTHER = "backup-job"


@pytest.fixture
async def gateway(here: Gatehouse) -> AsyncIterator[Gateway]:
    """One that runs, without a network."""
    made, started = Gateway(here.parts()), asyncio.Event()

    async def note_it() -> None:
        started.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(made.run(note_it))
        await started.wait()
        yield made
        await made.drain(0)


@pytest.fixture
def verbs(here: Gatehouse, gateway: Gateway) -> dict[str, Verb]:
    return Administration(here.parts(), gateway).verbs()


async def refusal(act: Awaitable[object]) -> Refused:
    with pytest.raises(Refused) as caught:
        await act
    return caught.value


async def told(here: Gatehouse) -> list[str]:
    return [event["kind"] for event in await here.events() if event["kind"] != "auth.ok"]


def disable(here: Gatehouse, name: str) -> None:
    set_scalar(here.site.identities, name, "enabled", value=False, check=lambda _: None)


async def test_holds_are_listed_and_shown_with_readable_times(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    first, second = await here.held(), await here.held()
    listed = await verbs["approval.list"]({})
    assert [shown["id"] for shown in listed] == [first.id, second.id]
    assert listed[0] == await verbs["approval.show"]({"hold": first.id})
    assert (
        listed[0]
        | {
            "state": "pending",
            "command": "'dropdb' old",
            "created": "2026-11-22T02:00:00.001Z",
            "expires": "2026-11-22T03:00:00.001Z",
        }
        == listed[0]
    )


async def test_what_has_expired_is_not_listed(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    await here.held()
    here.clock.advance(3600)
    assert await verbs["approval.list"]({}) == []


async def test_an_answer_is_given_as_it_was_signed(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    hold = await here.held()
    given = msgspec.to_builtins(here.alice.answers(hold, here.clock))
    forged = {**given, "reason": "another"}
    assert (await refusal(verbs["approval.answer"]({"approval": forged}))).code is Code.SIGNATURE_INVALID
    assert (await verbs["approval.answer"]({"approval": given}))["state"] == "approved"
    assert await told(here) == ["hold.open", "hold.approve"]


async def test_a_hold_is_withdrawn_with_a_reason(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    hold = await here.held()
    shown = await verbs["approval.withdraw"]({"hold": hold.id, "reason": "not needed"})
    assert (shown["state"], shown["reason"]) == ("withdrawn", "not needed")
    assert (await refusal(verbs["approval.show"]({"hold": hold.id}))).code is Code.REQUEST_INVALID


async def test_a_scan_and_a_replay_are_journalled(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    await verbs["target.scan"]({"target": "t", "host": "h", "port": 22, "fingerprint": "SHA256:x"})
    await verbs["view.replay"]({"session": "s", "viewer": "root"})
    scan, view = await here.events()
    assert scan | {"kind": "target.scan", "target": "t", "host": "h", "port": 22, "fingerprint": "SHA256:x"} == scan
    assert view | {"kind": "view.replay", "session": "s", "viewer": "root"} == view


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("approval.list", {"all": True}),
        ("credential.list", {"all": True}),
        ("approval.show", {}),
        ("approval.show", {"hold": 1}),
        ("approval.answer", {"approval": {"hold": "h"}}),
        ("approval.withdraw", {"hold": "h", "why": "x"}),
        ("site.reload", {"force": True}),
        ("cert.revoke", {"kind": "user", "value": "x"}),
        ("cert.revoke", {"value": "x"}),
        ("target.scan", {"target": "t"}),
        ("view.replay", {}),
    ],
)
async def test_arguments_are_strict(here: Gatehouse, verbs: dict[str, Verb], verb: str, args: dict[str, Any]) -> None:
    assert (await refusal(verbs[verb](args))).code is Code.REQUEST_INVALID
    assert await here.events() == []


async def test_a_reload_that_changes_nobody_ends_nobody(
    here: Gatehouse, gateway: Gateway, verbs: dict[str, Verb]
) -> None:
    channel = here.channel()
    gateway.login_ok(channel.connection)
    await here.held()
    assert await verbs["site.reload"]({}) == {"ended": 0, "withdrawn": 0}
    assert await told(here) == ["hold.open", "config.change"]
    assert client(channel).disconnected == []


async def test_a_reload_ends_whom_the_files_no_longer_allow(
    here: Gatehouse, gateway: Gateway, verbs: dict[str, Verb]
) -> None:
    disabled, other = here.channel(), here.channel(OTHER)
    for channel in (disabled, other):
        gateway.login_ok(channel.connection)
    mine, theirs = await here.held(), await here.held(identity=OTHER)
    disable(here, NAME)
    assert await verbs["site.reload"]({}) == {"ended": 1, "withdrawn": 1}
    assert here.holds.live() == [theirs]
    assert await told(here) == ["hold.open", "hold.open", "config.change", "identity.disable", "hold.withdraw"]
    last = (await here.events())[-1]
    assert (last["hold"], last["reason"]) == (mine.id, "its identity was revoked")
    assert (client(disabled).disconnected, client(other).disconnected) == (["the identity was revoked"], [])
    assert await verbs["site.reload"]({}) == {"ended": 0, "withdrawn": 0}  # it is being closed: once is enough
    assert client(disabled).disconnected == ["the identity was revoked"]
    gateway.closed(disabled.connection)
    gateway.login_ok(disabled.connection)
    assert (await verbs["site.reload"]({}))["ended"] == 1


async def test_an_identity_that_is_gone_from_the_files_is_disabled_too(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    here.site.identities.write_text(here.site.identities.read_text().replace(f"{NAME}:", "someone-else:"))
    await here.held()
    assert await verbs["site.reload"]({}) == {"ended": 0, "withdrawn": 1}
    assert [event["identity"] for event in await here.events() if event["kind"] == "identity.disable"] == [NAME]


async def test_a_reload_of_files_that_are_not_in_order_changes_nothing(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    here.site.identities.write_text("nonsense")
    with pytest.raises(Problems):
        await verbs["site.reload"]({})
    assert await here.events() == []


async def test_a_revocation_is_kept_journalled_and_ends_what_it_is_about(
    here: Gatehouse, gateway: Gateway, verbs: dict[str, Verb]
) -> None:
    revoked, other = here.channel(), here.channel(OTHER)
    for channel in (revoked, other):
        gateway.login_ok(channel.connection)
    await here.held()
    done = await verbs["cert.revoke"]({"kind": "identity", "value": NAME, "reason": "stolen"})
    assert done == {"ended": 1, "withdrawn": 1}
    assert (client(revoked).disconnected, client(other).disconnected) == (["the identity was revoked"], [])
    assert await here.store.read(revocations.everything) == [("identity", NAME, "stolen")]
    event = next(event for event in await here.events() if event["kind"] == "cert.revoke")
    assert event | {"by": "identity", "value": NAME, "reason": "stolen"} == event
    assert (await refusal(_admit(here))).code is Code.IDENTITY_REVOKED


async def test_a_revoked_key_leaves_the_holds_of_its_identity(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    hold = await here.held()
    assert await verbs["cert.revoke"]({"kind": "key_id", "value": NAME}) == {"ended": 0, "withdrawn": 0}
    assert here.holds.live() == [hold]


async def test_a_hold_that_ends_meanwhile_keeps_none_of_the_others(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    first, *_, last = [await here.held() for _ in range(PER_IDENTITY)]
    await here.holds.answer(here.alice.answers(last, here.clock))

    async def runs_the_last_when_the_first_is_gone() -> None:
        with here.holds.attached(first.id) as ticket:
            await ticket.turn.wait()
        await here.holds.consume(last.id)

    revoke = verbs["cert.revoke"]({"kind": "identity", "value": NAME})
    done, _ = await asyncio.gather(revoke, runs_the_last_when_the_first_is_gone())
    assert done["withdrawn"] == PER_IDENTITY - 1
    assert here.holds.live() == []


async def _admit(here: Gatehouse) -> None:
    here.caller()


async def test_a_token_for_a_first_certificate(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    given = await verbs["identity.enroll"]({"identity": NAME, "ttl_s": 60})
    token, anybody = Secret(given["token"].encode()), lambda _: None
    assert await here.parts().enrolments.redeem(token, "SHA256:key", ADDRESS, anybody) == NAME
    assert await told(here) == ["identity.enroll", "identity.enroll"]
    assert given["token"] not in str(await here.events())


@pytest.mark.parametrize(
    "args", [{"identity": "nobody", "ttl_s": 60}, {"identity": NAME, "ttl_s": 0}, {"identity": NAME}]
)
async def test_there_is_no_token_for(here: Gatehouse, verbs: dict[str, Verb], args: dict[str, Any]) -> None:
    assert (await refusal(verbs["identity.enroll"](args))).code is Code.REQUEST_INVALID
    assert await told(here) == []


async def test_unlock(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    here.standing.lock(NAME)
    assert not await verbs["identity.unlock"]({"identity": NAME})  # of a lock that is not on disk yet
    await here.store.write(lambda opened: families.lock(opened, NAME, "stolen", 1))
    assert await verbs["identity.unlock"]({"identity": NAME})
    here.caller()
    assert await told(here) == ["identity.unlock"]


async def test_a_list_is_taken_whole_and_survives_a_restart(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    caller = here.caller()
    proof = caller.identity.certificate
    entries = [{"kind": "serials", "value": f"{proof.ca}:7-7"}, {"kind": "key", "value": "SHA256:other"}]
    assert (await verbs["cert.revoke_list"]({"sha256": "ab", "entries": entries}))["ended"] == 0
    with pytest.raises(Refused):
        here.standing.check(caller, here.clock.now_ns())
    rows = await here.store.read(revocations.everything)
    assert rows == [("serials", f"{proof.ca}:7-7", "list ab"), ("key", "SHA256:other", "list ab")]
    assert await told(here) == ["cert.revoke"]


@pytest.mark.parametrize("entry", [{"kind": "serials", "value": "x"}, {"kind": "colour", "value": "x"}, {}])
async def test_a_list_with_an_entry_that_is_none(here: Gatehouse, verbs: dict[str, Verb], entry: Any) -> None:
    asked = verbs["cert.revoke_list"]({"sha256": "ab", "entries": [{"kind": "key", "value": "SHA256:x"}, entry]})
    assert (await refusal(asked)).code is Code.REQUEST_INVALID
    assert await here.store.read(revocations.everything) == []


async def test_a_certificate_that_an_operator_made_is_journalled(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    await verbs["cert.issued"]({"identity": NAME, "serial": "7", "key": "SHA256:k", "valid_before": "later"})
    [event] = await here.events()
    assert (event["kind"], event["identity"], event["how"], event["serial"]) == ("cert.issue", NAME, "operator", "7")


async def test_a_step_in_changing_a_ca_is_journalled(here: Gatehouse, verbs: dict[str, Verb]) -> None:
    state = {"kind": "host", "signs": "SHA256:a", "next": "SHA256:b", "old": "", "trusted": ["SHA256:a", "SHA256:b"]}
    await verbs["ca.changed"]({"step": "rotate", "state": state})
    [event] = await here.events()
    told = (event["kind"], event["ca"], event["step"], event["signs"], event["next"])
    assert told == ("ca.change", "host", "rotate", "SHA256:a", "SHA256:b")
    assert (await refusal(verbs["ca.changed"]({"step": "other", "state": state}))).code is Code.REQUEST_INVALID
