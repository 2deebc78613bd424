"""Every policy engine keeps the same promises, and the shipped tables come out the same on each."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from jumphost.clock import SystemClock
from jumphost.config.create import create_site
from jumphost.config.load import load_site
from jumphost.gateway import rehearsal
from jumphost.policy import bundle, tables
from jumphost.policy.base import DocumentEngine, Submission
from jumphost.policy.opa.engine import Opa
from jumphost.policy.pool import Pool
from jumphost.policy.protocol import Bundle
from jumphost.testing.engines import ENGINE, PATIENT_MS, Start
from jumphost.testing.rego import WITHOUT_OPA, opa_command, opa_installed

ENGINES = ["embedded", pytest.param("opa", marks=pytest.mark.skipif(not opa_installed(), reason=WITHOUT_OPA))]


def starter(name: str, folder: Path) -> Start:
    """How an engine is started; what it leaves behind goes to ``folder``."""

    async def start(made: Bundle, deadline_ms: int) -> DocumentEngine:
        if name == "embedded":
            return await Pool.start(made, deadline_ms=deadline_ms)
        return await Opa.managed(made, opa_command(), folder, deadline_ms=deadline_ms)

    return start


@pytest.mark.parametrize("check", ENGINE, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", ENGINES)
async def test_engine(name: str, check: Callable[[Start], Awaitable[None]], tmp_path: Path) -> None:
    async with asyncio.timeout(60):
        await check(starter(name, tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not opa_installed(), reason=WITHOUT_OPA)
async def test_tables_come_out_the_same(tmp_path: Path) -> None:
    site = create_site(tmp_path / "site", example=True)
    config, clock = load_site(site), SystemClock()

    def submit(row: tables.Row) -> Submission:
        ask = rehearsal.Ask(row.identity, row.target, row.run, row.login, row.stdin, row.now, row.purpose)
        return rehearsal.submission(ask, config, clock)

    cases, came_out = tables.load(site.policies), []
    for name in ("embedded", "opa"):
        engine = await starter(name, tmp_path)(bundle.load(site.policies), PATIENT_MS)
        came_out.append([outcome async for outcome in tables.run(cases, engine, submit)])
        await engine.close()
    assert cases
    assert came_out[0] == came_out[1]
    assert [outcome for outcome in came_out[0] if outcome.differences] == []
