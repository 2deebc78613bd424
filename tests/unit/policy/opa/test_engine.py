"""The engine around the client: whose answer counts, and under which name and revision."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jumphost.errors import Code, Unavailable
from jumphost.policy.opa.engine import Opa
from jumphost.policy.opa.place import Place
from jumphost.policy.protocol import Bundle
from jumphost.testing.opa import CANARY, DECISION, FakeOpa, fake_opa
from jumphost.testing.policies import submission

PATIENT_MS = 20_000


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpa]:
    async with fake_opa() as server:
        yield server


async def test_it_has_judged_and_believes_before_it_is_given_out(fake: FakeOpa) -> None:
    engine = await Opa.remote(Place(url=fake.url), workers=1, deadline_ms=PATIENT_MS)
    assert fake.asked == [DECISION, CANARY]
    assert (engine.revision, engine.name, engine.pid) == ("r1", "opa 1.22.2, remote", 0)
    got = await engine.judge(submission())
    assert (got.verdict.effect, got.revision, got.engine) == ("allow", "r1", "opa 1.22.2, remote")
    assert fake.asked == [DECISION, CANARY, DECISION], "one proof serves until something changes"
    await engine.close()


async def test_a_judgement_has_the_revision_it_was_made_under(fake: FakeOpa) -> None:
    engine = await Opa.remote(Place(url=fake.url), workers=1, deadline_ms=PATIENT_MS)
    fake.revision = "r2"
    assert (await engine.judge(submission())).revision == "r2"
    assert engine.revision == "r2"
    await engine.close()


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no folder for the policy engine can be made in") as caught:
        await Opa.managed(Bundle(modules=()), "opa", tmp_path / "none")
    assert caught.value.code is Code.POLICY_UNAVAILABLE


async def test_a_server_that_cannot_start_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        await Opa.managed(Bundle(modules=(), revision="r"), str(tmp_path / "no-opa"), tmp_path, workers=1)
    assert caught.value.code is Code.POLICY_UNAVAILABLE
    assert list(tmp_path.iterdir()) == []
