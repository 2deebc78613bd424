"""The client by itself: what it asks, what it takes from an answer, and which fault is which."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jumphost.errors import Code, Unavailable
from jumphost.policy.opa.client import Client
from jumphost.policy.opa.place import Place
from jumphost.testing.opa import CANARY, DECISION, HEALTH, FakeOpa, fake_opa, http, raised


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpa]:
    async with fake_opa() as server:
        yield server


@pytest.fixture
async def client(fake: FakeOpa) -> AsyncIterator[Client]:
    asked = Client(Place(url=fake.url))
    await asked.open()
    yield asked
    await asked.close_connection()


def says(fake: FakeOpa, status: int, body: object) -> None:
    async def answer(writer) -> None:  # type: ignore[no-untyped-def]
        writer.write(http(status, body))

    fake.decision = answer


async def test_an_answer_has_result_revision_and_version(fake: FakeOpa, client: Client) -> None:
    answer = await client.decide(b"{}")
    assert answer.result.startswith(b'{"effect": "allow"')
    assert (answer.revision, answer.version) == ("r1", "1.22.2")
    assert "?strict-builtin-errors=true&provenance=true" in fake.heads[-1]


async def test_no_result_is_an_empty_answer(fake: FakeOpa, client: Client) -> None:
    says(fake, 200, {"provenance": fake.allow()["provenance"]})
    assert (await client.decide(b"{}")).result == b""


async def test_a_failed_rule_is_told_with_its_place(fake: FakeOpa, client: Client) -> None:
    says(fake, 500, raised("eval_builtin_error"))
    with pytest.raises(Unavailable) as caught:
        await client.decide(b"{}")
    assert (caught.value.code, caught.value.detail) == (Code.POLICY_ERROR, "a.rego:7: eval_builtin_error: no")


@pytest.mark.parametrize("body", [b"no json", b'{"result": [', {"warning": {"code": "api_usage_warning"}}])
async def test_an_answer_that_cannot_be_believed(fake: FakeOpa, client: Client, body: object) -> None:
    says(fake, 200, body)
    with pytest.raises(Unavailable, match="cannot be believed") as caught:
        await client.decide(b"{}")
    assert caught.value.code is Code.POLICY_UNAVAILABLE


async def test_strictness_is_proved_by_an_error(fake: FakeOpa, client: Client) -> None:
    await client.prove()
    fake.strict = False
    with pytest.raises(Unavailable, match="the canary rule is silent"):
        await client.prove()
    assert fake.asked == [CANARY, CANARY]


async def test_a_guarded_server_refuses_lenient_questions(fake: FakeOpa, client: Client) -> None:
    with pytest.raises(Unavailable, match="got 200 to a lenient question"):
        await client.prove_guarded()
    says(fake, 401, {})
    await client.prove_guarded()
    assert fake.asked == [DECISION, DECISION]


async def test_whether_it_is_well(fake: FakeOpa, client: Client) -> None:
    assert await client.well(within_s=30)
    fake.well = False
    assert not await client.well(within_s=0.05)
    assert fake.asked == [HEALTH, HEALTH]


async def test_a_ca_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    client = Client(Place(url="https://127.0.0.1:1", ca=str(tmp_path / "none.pem")))
    with pytest.raises(Unavailable, match=r"the CA file of the policy engine cannot be used: .*none\.pem"):
        await client.open()
