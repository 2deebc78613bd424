"""A new bundle in a running gateway: loaded when it is good, refused loudly when it is not."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from jumphost.errors import Code, Problems, Refused
from jumphost.gateway.policies import Policies
from jumphost.policy import bundle
from jumphost.policy.pool import Pool
from jumphost.policy.reload import Reloading
from jumphost.testing.gatehouse import Gatehouse
from jumphost.testing.policies import rule

DENY = 'deny contains {"id": "extra.more.all", "message": "all", "obligations": {}} if input.operation == "exec"'


@pytest.fixture
async def engine(here: Gatehouse) -> AsyncIterator[Reloading]:
    async def make() -> Pool:
        return await Pool.start(bundle.load(here.site.policies), workers=1, deadline_ms=20_000)

    made = Reloading(await make(), make)
    yield made
    await made.close()


@pytest.fixture
def policies(here: Gatehouse, engine: Reloading) -> Policies:
    return Policies(engine, here.site.policies, here.standing, here.store, here.clock)


def write(here: Gatehouse, body: str) -> None:
    file = here.site.policies / "rules" / "extra.rego"
    file.write_text(rule("policies.rules.extra.more", body))


async def told(here: Gatehouse, kind: str) -> list[dict[str, object]]:
    return [event for event in await here.events() if event["kind"] == kind]


async def test_a_good_bundle_is_in_force(here: Gatehouse, engine: Reloading, policies: Policies) -> None:
    before = engine.revision
    write(here, f'{DENY}\n_unused if input.id == "x"'.replace('"exec"', '"shell"'))
    loaded = await policies.load("command")
    assert loaded.before == before != loaded.revision == engine.revision
    assert loaded.cases > 10
    assert loaded.skipped == 0
    (event,) = await told(here, "policy.load")
    assert (event["by"], event["revision"], event["before"]) == ("command", loaded.revision, before)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("x :=", "syntax.rego"),
        (DENY.replace("input.operation", "crypto.md5(input.id)"), "portable.builtin"),
        (DENY.replace("extra.more.all", "all"), "id.form"),
        (DENY, "table.differs"),
    ],
)
async def test_a_bad_bundle_changes_nothing(
    here: Gatehouse, engine: Reloading, policies: Policies, body: str, code: str
) -> None:
    before = engine.revision
    write(here, body)
    with pytest.raises(Problems) as caught:
        await policies.load("command")
    assert {one.code for one in caught.value.problems} == {code}
    assert engine.revision == before
    (event,) = await told(here, "policy.rejected")
    assert (event["by"], event["revision"], event["code"]) == ("command", before, "policy.invalid")
    assert event["problems"]


async def test_the_verb_answers_with_what_was_loaded_or_all_findings(here: Gatehouse, policies: Policies) -> None:
    assert (await policies.asked({}))["problems"] == []
    write(here, "x :=")
    answer = await policies.asked({})
    assert answer["loaded"] is None
    assert [one["code"] for one in answer["problems"]] == ["syntax.rego"]
    with pytest.raises(Refused) as caught:
        await policies.asked({"by": "me"})
    assert caught.value.code == Code.REQUEST_INVALID


async def test_cases_about_others_are_left_out(here: Gatehouse, policies: Policies) -> None:
    table = here.site.policies / "tests" / "decisions" / "other.yaml"
    table.write_text("- {name: other, identity: nobody, target: batch-host, run: id, expect: {effect: allow}}\n")
    assert (await policies.load("command")).skipped == 1


async def settled(here: Gatehouse, kind: str) -> dict[str, object]:
    async with asyncio.timeout(30):
        while not (events := await told(here, kind)):
            await asyncio.sleep(0.01)
    return events[0]


async def test_sighup_loads_and_a_bad_bundle_ends_nothing(here: Gatehouse, policies: Policies) -> None:
    async with policies.follow(watch=False):
        write(here, "x :=")
        os.kill(os.getpid(), signal.SIGHUP)
        assert (await settled(here, "policy.rejected"))["by"] == "signal"
        (here.site.policies / "rules" / "extra.rego").unlink()
        os.kill(os.getpid(), signal.SIGHUP)
        assert (await settled(here, "policy.load"))["by"] == "signal"


async def test_files_that_change_and_then_stay_are_loaded(here: Gatehouse, policies: Policies) -> None:
    looks = asyncio.Queue[None]()

    async def pause(seconds: float) -> None:
        await looks.get()

    watching = asyncio.create_task(policies.watch(pause))
    for change in ("x :=", "", None):
        looks.put_nowait(None)
        while not looks.empty():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        if change is not None:
            write(here, change or "x := 1 + 1")
    looks.put_nowait(None)
    looks.put_nowait(None)
    event = await settled(here, "policy.load")
    assert event["by"] == "watch"
    assert len(await told(here, "policy.load")) == 1
    assert not await told(here, "policy.rejected"), "it was written while it was looked at"
    watching.cancel()
