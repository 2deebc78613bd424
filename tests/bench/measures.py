"""What is measured. Rivals take turns with us in each round, so that a drift of the machine meets all of them."""

import random
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from jumphost.testing.site import LiveSite
from tests.bench.rivals import CRYPTO, Rivals

ROUNDS = 15
IDLE = 50  # sessions


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of CONTRACTS §10."""

    name: str
    value: float
    unit: str
    limit: float
    better: Literal["lower", "higher"]

    @property
    def ok(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit if self.better == "lower" else self.value >= self.limit

    def as_json(self) -> dict[str, Any]:
        """As bench.json has it."""
        return {**asdict(self), "ok": self.ok}


def everything(site: LiveSite, others: Rivals) -> Iterator[Row]:
    """All figures."""
    key = site.key("deploy-bot", "--ttl", "15m")
    ours = _ours(site, key, "true")
    yield from _latency(ours, others)
    yield from _parallel(ours, others)
    yield from _bulk(site, key, others)
    yield _idle(site, key)


def _ours(site: LiveSite, key: Path, command: str) -> list[str]:
    words = site.ssh_words(key, "batch-host")
    return [*words[:-1], *CRYPTO, words[-1], command]


def _time(words: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _latency(ours: list[str], others: Rivals) -> Iterator[Row]:
    paths = {"ours": ours, "direct": others.direct("true"), "jump": others.jumped("true")}
    took: dict[str, list[float]] = {name: [] for name in paths}
    for words in paths.values():
        _time(words)
    for _ in range(ROUNDS):
        for name in random.sample(sorted(paths), len(paths)):
            took[name].append(_time(paths[name]))
    middle = {name: statistics.median(values) for name, values in took.items()}
    yield Row(
        "new client, fresh certificate and target login ÷ ssh -J", middle["ours"] / middle["jump"], "", 0.40, "lower"
    )
    yield Row("the same ÷ direct ssh", middle["ours"] / middle["direct"], "", 0.75, "lower")


def _parallel(ours: list[str], others: Rivals) -> Iterator[Row]:
    rates = {}
    for name, words in (("jump", others.jumped("true")), ("ours", ours)):
        began = time.perf_counter()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(_time, [words] * 40))
        rates[name] = 40 / (time.perf_counter() - began)
    yield Row("4 clients in parallel: commands a second ÷ ssh -J", rates["ours"] / rates["jump"], "", 1.8, "higher")


def _bulk(site: LiveSite, key: Path, others: Rivals) -> Iterator[Row]:
    command = f"head -c {100 << 20} /dev/zero"
    assert site.process is not None
    gateway = psutil.Process(site.process.pid)
    took: dict[str, list[float]] = {"ours": [], "jump": []}
    used = []
    for _ in range(3):
        before = _cpu(gateway)
        took["ours"].append(_time(_ours(site, key, command)))
        used.append(_cpu(gateway) - before)
        took["jump"].append(_time(others.jumped(command)))
    middle = {name: statistics.median(values) for name, values in took.items()}
    yield Row("bulk throughput ÷ ssh -J, recording output", middle["jump"] / middle["ours"], "", 0.5, "higher")
    yield Row("gateway CPU for 1 GB, recording output", statistics.median(used) * 10, "s", 30, "lower")


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _idle(site: LiveSite, key: Path) -> Row:
    assert site.process is not None
    gateway = psutil.Process(site.process.pid)
    subprocess.run(_ours(site, key, "true"), check=True)
    before = gateway.memory_info().rss
    words = [*_ours(site, key, "sleep 60")]
    waiting = [subprocess.Popen(words, stdin=subprocess.DEVNULL) for _ in range(IDLE)]
    site.wait_for("all sessions", lambda: len(site.events("command.start")) and _started(site) >= IDLE)
    grown = gateway.memory_info().rss - before
    for client in waiting:
        client.kill()
        client.wait()
    return Row("memory of an idle session", grown / IDLE / 1024, "KiB", 96, "lower")


def _started(site: LiveSite) -> int:
    return sum("sleep" in event["command"] for event in site.events("command.decision"))
