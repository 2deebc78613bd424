"""What our side of a decision costs: each engine against the bare thing, on the shipped policies."""

import asyncio
import socket
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from jumphost import log
from jumphost.config.create import starter_policies
from jumphost.policy import bundle
from jumphost.policy.base import DocumentEngine
from jumphost.policy.document import build
from jumphost.policy.interpreter import Interpreter
from jumphost.policy.opa.engine import Opa
from jumphost.policy.pool import Pool
from jumphost.policy.protocol import Bundle
from jumphost.testing.policies import main_only, submission
from jumphost.testing.rego import opa_command, opa_installed
from tests.bench.measures import Row

ROUNDS = 400
PATIENT_MS = 20_000
ASKED = submission(b"psql -X -c 'select 1'")
PATH = "/v1/data/jumphost/main/decision?strict-builtin-errors=true&provenance=true"


def everything() -> Iterator[Row]:
    """A figure for each engine that is there."""
    log.configure("error", "console")
    loaded = bundle.load(starter_policies())
    yield Row("decision by the embedded pool ÷ bare regorus in process", asyncio.run(_embedded(loaded)), "", 3, "lower")
    if opa_installed():
        yield Row(
            "decision by managed OPA ÷ a bare HTTP client on its socket", asyncio.run(_opa(loaded)), "", 2, "lower"
        )

    yield Row("p99 of decisions while a rule loops in another worker", asyncio.run(_beside_a_loop()), "ms", 60, "lower")


LOOP_S = 3.0  # a dozen workers are killed
LOOP = """
default _record := "output"

_record := "io" if {
	input.purpose == "loop"
	count([1 | some a in numbers.range(1, 4000); some b in numbers.range(1, 4000); a == b]) > 0
}

decision := {"effect": "deny", "rules": [], "obligations": {"record": _record}}
"""


async def _beside_a_loop() -> float:
    """Milliseconds; the looping ones are other commands each time, as a quarantined one would cost nothing."""
    pool = await Pool.start(main_only(LOOP), workers=2, deadline_ms=250)
    took: list[float] = []
    over = asyncio.Event()

    async def poison() -> None:
        number = 0
        while not over.is_set():
            number += 1
            await pool.judge(submission(b"x" * number, purpose="loop"))

    async with asyncio.TaskGroup() as group:
        group.create_task(poison())
        ends = time.perf_counter() + LOOP_S
        while (began := time.perf_counter()) < ends:
            await pool.judge(submission())
            took.append(time.perf_counter() - began)
        over.set()
    await pool.close()
    return statistics.quantiles(took, n=100)[98] * 1000


async def _embedded(loaded: Bundle) -> float:
    bare = Interpreter(loaded.modules, loaded.data)
    body = build(ASKED).body

    async def alone() -> None:
        bare.evaluate(body)

    engine = await Pool.start(loaded, deadline_ms=PATIENT_MS)
    return await _ratio(engine, alone)


async def _opa(loaded: Bundle) -> float:
    question = b'{"input":%b}' % build(ASKED).body
    with TemporaryDirectory() as folder:
        engine = await Opa.managed(loaded, opa_command(), Path(folder), deadline_ms=PATIENT_MS)
        connection = HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(engine.place.socket)

        async def alone() -> None:
            connection.request("POST", PATH, question, {"Content-Type": "application/json"})
            assert b'"result"' in connection.getresponse().read()

        ratio = await _ratio(engine, alone)
        connection.close()
        return ratio


async def _ratio(engine: DocumentEngine, alone: Callable[[], Awaitable[None]]) -> float:
    """Median time of our decision over that of the bare one, taken in turns; the engine is closed."""
    took: tuple[list[float], list[float]] = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await engine.judge(ASKED)
        between = time.perf_counter()
        await alone()
        took[0].append(between - began)
        took[1].append(time.perf_counter() - between)
    await engine.close()
    return statistics.median(took[0]) / statistics.median(took[1])
