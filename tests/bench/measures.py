"""What is measured. Rivals take turns with us in each round, so that a drift of the machine meets all of them."""

import random
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from jumphost.testing.site import LiveSite
from tests.bench.rivals import CRYPTO, Rivals

ROUNDS = 15
IDLE = 50  # sessions
BULK = 100 << 20  # bytes
BULK_ROUNDS = 5
MASKED = 40 << 20  # bytes
REAPED_S = 0.2  # until sshd has reaped its child, whose CPU counts then
COMMANDS = 200
PAUSE_S = 0.05
STOPPED_S = 3.0
SHARED = "payments-db"  # the target of mode connection


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
    words = ours(site, key, "true")
    yield from _latency(words, others)
    yield from _parallel(words, others)
    yield from _one_connection(site, key, others)
    yield from _connections(site, key, others)
    yield from _bulk(site, key, others)
    yield _stopped(site, key)
    yield _idle(site, key)
    yield from _added(site, key)
    yield _late(site, key)


def ours(site: LiveSite, key: Path, command: str, target: str = "batch-host") -> list[str]:
    """The words of a stock client that asks the gateway."""
    words = site.ssh_words(key, target)
    return [*words[:-1], *CRYPTO, words[-1], command]


def timed(words: Sequence[str]) -> float:
    """The seconds that a client took."""
    began = time.perf_counter()
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _latency(command: list[str], others: Rivals) -> Iterator[Row]:
    paths = {"ours": command, "direct": others.direct("true"), "jump": others.jumped("true")}
    took: dict[str, list[float]] = {name: [] for name in paths}
    for words in paths.values():
        timed(words)
    for _ in range(ROUNDS):
        for name in random.sample(sorted(paths), len(paths)):
            took[name].append(timed(paths[name]))
    middle = {name: statistics.median(values) for name, values in took.items()}
    yield Row(
        "new client, fresh certificate and target login ÷ ssh -J", middle["ours"] / middle["jump"], "", 0.40, "lower"
    )
    yield Row("the same ÷ direct ssh", middle["ours"] / middle["direct"], "", 0.75, "lower")


def _parallel(command: list[str], others: Rivals) -> Iterator[Row]:
    rates = {}
    for name, words in (("jump", others.jumped("true")), ("ours", command)):
        began = time.perf_counter()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(timed, [words] * 40))
        rates[name] = 40 / (time.perf_counter() - began)
    yield Row("4 clients in parallel: commands a second ÷ ssh -J", rates["ours"] / rates["jump"], "", 1.8, "higher")


def _bulk(site: LiveSite, key: Path, others: Rivals) -> Iterator[Row]:
    """Text, as output is: zeros, which JSON escapes six-fold, would measure the escaping."""
    text = site.root.parent / "text"
    lines = b"".join(
        b"2026-11-25T03:17:41Z host-%03d GET /items/%d took %d ms\n" % (n % 997, n * 7, n % 311) for n in range(20_000)
    )
    text.write_bytes((lines * (BULK // len(lines) + 1))[:BULK])
    text.chmod(0o644)
    command = f"cat {text}"
    paths = {
        "output": ours(site, key, command),
        "digest": ours(site, key, f"tail -n +1 {text}"),
        "jump": others.jumped(command),
    }
    took, used = _side_by_side(paths, _masters(site, others), rounds=BULK_ROUNDS)
    text.unlink()
    yield Row("bulk text, recording output: throughput ÷ ssh -J", took["jump"] / took["output"], "", 0.5, "higher")
    yield Row("the same: gateway CPU a byte ÷ the sshd jump's", used["output"] / used["jump"], "", 8, "lower")
    yield Row("recording digest: gateway CPU a byte ÷ the sshd jump's", used["digest"] / used["jump"], "", 3.5, "lower")


def _connections(site: LiveSite, key: Path, others: Rivals) -> Iterator[Row]:
    paths = {"ours": ours(site, key, "true"), "jump": others.jumped("true")}
    _, used = _side_by_side(paths, _masters(site, others), rounds=ROUNDS)
    yield Row(
        "gateway CPU a connection with one command ÷ the sshd jump's", used["ours"] / used["jump"], "", 0.5, "lower"
    )


def _masters(site: LiveSite, others: Rivals) -> dict[str, psutil.Process]:
    assert site.process is not None
    ours, jump = psutil.Process(site.process.pid), psutil.Process(others.jump_pid)
    return {"ours": ours, "output": ours, "digest": ours, "jump": jump}


def _side_by_side(
    paths: dict[str, list[str]], masters: dict[str, psutil.Process], *, rounds: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds and CPU seconds of each path in the middle of its rounds."""
    took: dict[str, list[float]] = {name: [] for name in paths}
    used: dict[str, list[float]] = {name: [] for name in paths}
    for words in paths.values():
        timed(words)
    for _ in range(rounds):
        for name in random.sample(sorted(paths), len(paths)):
            before = _cpu(masters[name])
            took[name].append(timed(paths[name]))
            time.sleep(REAPED_S)
            used[name].append(_cpu(masters[name]) - before)
    return (
        {name: statistics.median(values) for name, values in took.items()},
        {name: statistics.mean(values) for name, values in used.items()},  # ticks of 10 ms: their mean says more
    )


def _cpu(master: psutil.Process) -> float:
    """CPU seconds of a process and all its children: signer and engine of the gateway, what sshd forked and reaped."""
    return sum(sum(process.cpu_times()[:4]) for process in (master, *master.children(recursive=True)))


@contextmanager
def _mastered(site: LiveSite, words: list[str], name: str) -> Iterator[list[str]]:
    """The words before a command that goes over one connection, open until the block ends."""
    socket = site.root.parent / f"control-{name}"
    control = ["-o", f"ControlPath={socket}"]
    master = subprocess.Popen([*words[:-2], *control, "-M", "-N", words[-2]], stdin=subprocess.DEVNULL)
    site.wait_for("the master's socket", socket.exists)
    try:
        yield [*words[:-2], *control, words[-2]]
    finally:
        master.terminate()
        master.wait()


def _one_connection(site: LiveSite, key: Path, others: Rivals) -> Iterator[Row]:
    """Commands over a ControlMaster each, in turn, a pause between them."""
    paths = {
        "command": ours(site, key, "true"),
        "connection": ours(site, key, "true", SHARED),
        "direct": others.direct("true"),
    }
    took: dict[str, list[float]] = {name: [] for name in paths}
    with ExitStack() as stack:
        opened = {name: stack.enter_context(_mastered(site, words, name)) for name, words in paths.items()}
        for _ in range(COMMANDS):
            for name in random.sample(sorted(paths), len(paths)):
                took[name].append(timed([*opened[name], "true"]))
                time.sleep(PAUSE_S)
    middle = {name: statistics.median(values) for name, values in took.items()}
    what = "200 commands on one connection, 50 ms apart"
    yield Row(f"{what}, a certificate each ÷ direct", middle["command"] / middle["direct"], "", 4.0, "lower")
    yield Row(f"{what}, mode: connection ÷ direct", middle["connection"] / middle["direct"], "", 1.6, "lower")


def _added(site: LiveSite, key: Path) -> Iterator[Row]:
    """Another gateway on the same site, which says how long its sessions waited for what."""
    file = site.root.parent / "added"
    site.stop()
    site.start("-m", "tests.bench.timed", str(file))
    with _mastered(site, ours(site, key, "true"), "added") as opened:
        for _ in range(COMMANDS):
            timed([*opened, "true"])
            time.sleep(PAUSE_S)
    took = sorted(map(float, file.read_text().split()))
    yield Row("policy, journal and recording add to a command, p50", statistics.median(took), "ms", 6, "lower")
    yield Row("the same, p99", statistics.quantiles(took, n=100)[98], "ms", 25, "lower")


def _late(site: LiveSite, key: Path) -> Row:
    """Another gateway on the same site, which says how late its loop was; one session has it mask as fast as it can."""
    text, file = site.root.parent / "values", site.root.parent / "late"
    lines = b"".join(
        b"2026-11-25T03:17:41Z user ada%d@example.com paid by 4111 1111 1111 1111\n" % n
        if n % 10 == 0
        else b"2026-11-25T03:17:41Z host-%03d GET /items/%d took %d ms\n" % (n % 997, n * 7, n % 311)
        for n in range(20_000)
    )
    text.write_bytes((lines * (MASKED // len(lines) + 1))[:MASKED])
    text.chmod(0o644)
    site.stop()
    site.start("-m", "tests.bench.lagged", str(file))
    timed(ours(site, key, "true"))
    began = time.monotonic()
    ended = began + timed(ours(site, key, f"paste {text}"))
    site.stop()
    woke = [tuple(map(float, line.split())) for line in file.read_text().splitlines()]
    late = [lag for due, lag in woke if began <= due <= ended]
    text.unlink()
    what = "event loop late while a session masks all that it can, p99"
    return Row(what, statistics.quantiles(late, n=100)[98], "ms", 10, "lower")


def _stopped(site: LiveSite, key: Path) -> Row:
    """Memory while a client has stopped that had a command write without end."""
    assert site.process is not None
    gateway = psutil.Process(site.process.pid)
    grown = []
    for _ in range(3):
        before = gateway.memory_info().rss
        client = subprocess.Popen(
            ours(site, key, "head -c 2000000000 /dev/zero"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        assert client.stdout is not None
        client.stdout.read(1)  # and no more: ssh stops at the full pipe
        time.sleep(STOPPED_S)
        grown.append(gateway.memory_info().rss - before)
        client.kill()
        client.wait()
        client.stdout.close()
    window = 1 << 20
    return Row(
        "memory of a stopped reader, above twice the window",
        max(0.0, (statistics.median(grown) - 2 * window) / (1 << 20)),
        "MiB",
        1,
        "lower",
    )


def _idle(site: LiveSite, key: Path) -> Row:
    assert site.process is not None
    gateway = psutil.Process(site.process.pid)
    subprocess.run(ours(site, key, "true"), check=True)
    before = gateway.memory_info().rss
    words = [*ours(site, key, "sleep 60")]
    waiting = [subprocess.Popen(words, stdin=subprocess.DEVNULL) for _ in range(IDLE)]
    site.wait_for("all sessions", lambda: len(site.events("command.start")) and _started(site) >= IDLE)
    grown = gateway.memory_info().rss - before
    for client in waiting:
        client.kill()
        client.wait()
    return Row("memory of an idle session", grown / IDLE / 1024, "KiB", 96, "lower")


def _started(site: LiveSite) -> int:
    return sum("sleep" in event["command"] for event in site.events("command.decision"))
