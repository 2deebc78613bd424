import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import pytest
from msgspec.structs import replace

from jumphost.errors import Code, Unavailable
from jumphost.model.decision import Judgement, denied
from jumphost.policy.base import Submission
from jumphost.policy.pool import Pool
from jumphost.policy.protocol import Bundle, Module
from jumphost.policy.reload import Reloading
from jumphost.testing.policies import rule, submission


class Numbered:
    """Judges with its own number, taking a few turns of the loop; fails the test if it is asked after its end."""

    def __init__(self, number: int) -> None:
        self.revision, self.closed, self.asked = str(number), False, 0

    async def judge(self, submission: Submission) -> Judgement:
        code = self.revision
        for _ in range(3):
            assert not self.closed, "asked after its end"
            await asyncio.sleep(0)
        self.asked += 1
        return replace(denied(Code.POLICY_NO_RULE, ""), code=code, revision=self.revision)

    async def close(self) -> None:
        self.closed = True


def numbered() -> tuple[Reloading, list[Numbered]]:
    made = [Numbered(0)]

    async def make() -> Numbered:
        await asyncio.sleep(0)
        made.append(Numbered(len(made)))
        return made[-1]

    return Reloading(made[0], make), made


async def load(engine: Reloading) -> None:
    async with engine.candidate():
        pass


async def test_each_of_a_thousand_judgements_is_wholly_under_one_of_fifty_revisions() -> None:
    engine, made = numbered()
    seen: list[str] = []

    async def ask() -> None:
        for _ in range(50):
            judgement = await engine.judge(submission())
            assert judgement.code == judgement.revision
            seen.append(judgement.revision)

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(ask())
        for _ in range(50):
            await load(engine)
    assert len(seen) == 1000
    assert len(set(seen)) > 10, "they were asked in turn"
    assert [one.closed for one in made] == [True] * 50 + [False]
    await engine.close()
    assert made[-1].closed


async def test_the_candidate_judges_for_nobody_else_until_its_block_ends() -> None:
    engine, made = numbered()
    async with engine.candidate() as candidate:
        assert (await candidate.judge(submission())).revision == "1"
        assert (await engine.judge(submission())).revision == engine.revision == "0"
    assert (await engine.judge(submission())).revision == engine.revision == "1"
    assert made[0].closed


async def test_a_candidate_that_fails_is_closed_and_changes_nothing() -> None:
    engine, made = numbered()
    with pytest.raises(ValueError, match="no"):
        async with engine.candidate():
            raise ValueError("no")
    assert [one.closed for one in made] == [False, True]
    assert (await engine.judge(submission())).revision == "0"
    await load(engine)
    assert engine.revision == "2"


async def test_where_none_can_be_made_the_old_one_stays() -> None:
    async def make() -> Numbered:
        raise Unavailable(Code.POLICY_UNAVAILABLE, "none")

    old = Numbered(7)
    engine = Reloading(old, make)
    with pytest.raises(Unavailable, match="none"):
        await load(engine)
    assert (await engine.judge(submission())).revision == "7"
    assert not old.closed


async def test_the_old_one_is_closed_even_if_the_wait_for_its_judgements_is_given_up() -> None:
    class Endless(Numbered):
        async def judge(self, submission: Submission) -> Judgement:
            await asyncio.Event().wait()
            return denied(Code.INTERNAL, "")

    old = Endless(0)

    async def make() -> Numbered:
        return Numbered(1)

    engine = Reloading(old, make)
    asking = asyncio.create_task(engine.judge(submission()))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await load(engine)
    assert old.closed
    assert engine.revision == "1"
    asking.cancel()


@pytest.fixture
def bundles() -> Iterator[Bundle]:
    def one(number: int) -> Bundle:
        said = {"id": f"r{number}", "effect": "allow", "message": ""}
        body = f"decision := {json.dumps({'effect': 'allow', 'rules': [said], 'obligations': {}})}"
        return Bundle((Module("main.rego", "jumphost.main", rule("jumphost.main", body)),), revision=f"r{number}")

    return (one(number) for number in range(100))


@pytest.fixture
async def real(bundles: Iterator[Bundle]) -> AsyncIterator[Reloading]:
    async def make() -> Pool:
        return await Pool.start(next(bundles), workers=2, deadline_ms=20_000)

    engine = Reloading(await make(), make)
    yield engine
    await engine.close()


@pytest.mark.parametrize(("reloads", "judgements"), [(2, 100), pytest.param(50, 1000, marks=pytest.mark.long)])
async def test_with_real_workers_too(real: Reloading, reloads: int, judgements: int) -> None:
    codes: list[tuple[str, str]] = []
    done = asyncio.Event()

    async def ask() -> None:
        while len(codes) < judgements or not done.is_set():
            judgement = await real.judge(submission())
            codes.append((judgement.code, judgement.revision))

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(ask())
        for _ in range(reloads):
            await load(real)
        done.set()
    assert all(code == revision for code, revision in codes)
    assert len(codes) >= judgements
