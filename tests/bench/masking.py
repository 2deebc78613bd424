"""What masking costs: against Presidio in the same run, on hostile text, in memory. CPU seconds of one thread each."""

import base64
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle, islice
from pathlib import Path

from jumphost.masking.counts import Hit
from jumphost.masking.engine import Name
from jumphost.masking.plan import Masker, open_masker
from tests.bench.measures import Row

RIVAL = Path(__file__).parents[2] / "build/rival/bin/python"
CHUNK = 16 * 1024
RIVALS_SIZE = 4 * CHUNK  # Presidio takes a second for 60 KB
OUR_SIZE = 64 * CHUNK
ROUNDS = 8  # of which the quickest counts, here as with the rival: others use the machine too
LIMITS: dict[Name, float] = {"hyperscan": 200, "re2": 20}
PLAN = {"detectors": {"*": "redact"}}
COLUMNS = {"columns": {"ssn": "redact"}}
HOSTILE = (  # texts that are nearly values, again and again
    "a@a.", "@", "a" * 63 + "@", "eyJ eyJ", "eyJhbGciOiJ", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "password=",
    "password: '\\", "password=a\\\"", "://a:", "://a:b@", "4111 1111 1111 1111 ", "4111-", "41111111111111111", "+1 2",
    "+44 (0) ", "ssn ", "GB82 WEST ", "ghp_", "AKIA", "bearer ", "Authorization: Basic ", "a.a.", "(206)",
    "$2b$", "SG.", "xoxb-", "\x1b[", "\x1b]0;", "1 2 3 4 5 6 7 8 9 ", "secret_access_key \\", " by '", "-u a:",
)  # fmt: skip
ENDLESS = {"a letter": b"a", "digits": b"0123456789", "a key": b"MIIEpQIBAAKCAQEAkbxh7ukywGQnlKc9Stxl5BmZYe0u7VFg"}


def everything() -> Iterator[Row]:
    """All figures; those beside Presidio where it is installed."""
    texts = corpora()
    if RIVAL.exists():
        yield from _beside_presidio(texts)
    else:
        print("masking: no Presidio in build/rival, its rows are left out: `make bench` installs it")
    yield Row("masking: the worst 16 KB of hostile text", max(map(_hostile, HOSTILE)) * 1000, "ms", 60, "lower")
    yield Row("masking: what real output without values loses, a MB", _changed(real()), "bytes", 30, "lower")
    grown = max(map(_grown, ENDLESS))
    yield Row("masking: memory that 1 GiB without a line break adds", grown, "MiB", 8, "lower")


def corpora(size: int = OUR_SIZE) -> dict[str, bytes]:
    """Five kinds of output with hardly a value in it, and rows full of them."""
    rng = random.Random(7)
    words = [b"".join(rng.choices([b"%c" % byte for byte in range(97, 123)], k=rng.randint(2, 10))) for _ in range(500)]

    def repeated(line: Callable[[int], bytes]) -> bytes:
        lines = [line(number) for number in range(4000)]
        return b"".join(islice(cycle(lines), size // 20))[:size]

    def text(count: int) -> bytes:
        return b" ".join(rng.choices(words, k=count))

    return {
        "log": repeated(
            lambda n: (
                b"2026-09-22T22:%02d:%02d.%03dZ INFO [worker-%d] %s id=%d took %.3f ms\n"
                % (n // 60 % 60, n % 60, n % 1000, n % 31, text(6), n * 7919, rng.random() * 900)
            )
        ),
        "sql": repeated(
            lambda n: (
                b" %7d | %-16s | %10.2f | 2026-%02d-%02d | %s\n"
                % (n * 13, rng.choice(words).title(), rng.random() * 1e6, n % 12 + 1, n % 28 + 1, text(2))
            )
        ),
        "json": repeated(
            lambda n: (
                json.dumps({"id": n, "name": text(1).decode(), "ok": True, "tags": [text(1).decode()] * 2}).encode()
                + b"\n"
            )
        ),
        "binary": rng.randbytes(size),
        "base64": base64.encodebytes(rng.randbytes(size))[:size],
        "dense": repeated(lambda n: b"%d,%s,user%d@example.com,%s\n" % (n, card(rng), n, rng.choice(words))),
    }


def card(rng: random.Random) -> bytes:
    """A number of nobody's card."""
    digits = "4" + "".join(rng.choices("0123456789", k=14))
    total = sum(int(digit) * 2 - 9 * (int(digit) > 4) for digit in digits[::2]) + sum(map(int, digits[1::2]))
    return f"{digits}{-total % 10}".encode()


def real() -> bytes:
    """What commands print of this machine that is nobody's: lists, dumps, tables, sources."""
    folder, program = Path(os.__file__).parent, Path(sys.executable).resolve()
    commands = (
        f"ls -lRn {folder}", f"find {folder} -printf '%s %T@ %p\\n'", f"stat {folder}/*", f"md5sum {folder}/*.py",
        f"cat {folder}/*.py", f"od -A x -t x2 {program}", f"od -c {program}", f"base64 {program}", "ps -ef", "df",
        "mount", "cat /proc/meminfo /proc/cpuinfo /proc/stat /proc/self/maps", "seq 1 50000",
    )  # fmt: skip
    lines = (f"{command} 2>/dev/null | head -c 400000" for command in commands)
    return b"".join(subprocess.run(line, shell=True, stdout=subprocess.PIPE).stdout for line in lines)


def _changed(text: bytes) -> float:
    """Bytes a MB; addresses, of which sources hold some, left out."""
    hits: list[Hit] = []
    masker = open_masker(PLAN, on_hit=hits.append)
    _fed(masker, text)
    return sum(hit.end - hit.start for hit in hits if hit.detector != "email") / (len(text) / 1e6)


def _beside_presidio(texts: dict[str, bytes]) -> Iterator[Row]:
    question = {name: base64.b64encode(text[:RIVALS_SIZE]).decode() for name, text in texts.items()}
    script = Path(__file__).with_name("presidio.py")
    answer = subprocess.run([RIVAL, script], input=json.dumps(question).encode(), stdout=subprocess.PIPE, check=True)
    rival = {name: RIVALS_SIZE / took for name, took in json.loads(answer.stdout).items()}
    for engine, limit in LIMITS.items():
        least = min((_rate(texts[name], engine) / rival[name], name) for name in texts if name != "dense")
        what = f"masking by {engine}, all detectors ÷ Presidio without a model, 5 entities; least of 5 kinds of text"
        yield Row(f"{what} ({least[1]})", least[0], "", limit, "higher")
    dense = _rate(texts["dense"], "hyperscan") / rival["dense"]
    yield Row("masking of rows full of cards and addresses ÷ Presidio", dense, "", 30, "higher")
    table = b" id | ssn | name\n----+-----+------\n" + b"  1 | 123 | somebody of that name\n" * (OUR_SIZE // 36)
    columns = _rate(table, "hyperscan", COLUMNS) / rival["sql"]
    yield Row("masking of a column of psql ÷ Presidio", columns, "", 50, "higher")


def _rate(text: bytes, engine: Name, plan: Mapping[str, object] = PLAN) -> float:
    """Bytes a CPU second."""
    _fed(open_masker(plan, engine=engine), text[:CHUNK])
    return len(text) / min(_fed(open_masker(plan, engine=engine), text) for _ in range(ROUNDS))


def _fed(masker: Masker, text: bytes) -> float:
    began = time.process_time()
    for at in range(0, len(text), CHUNK):
        masker.feed(text[at : at + CHUNK])
    masker.close()
    return time.process_time() - began


def _hostile(text: str) -> float:
    """CPU seconds of the slowest of a few chunks, each the best of its rounds."""
    chunk = (text * (CHUNK // len(text) + 1)).encode()[:CHUNK]
    took: list[list[float]] = []
    for _ in range(ROUNDS):
        masker = open_masker(PLAN)
        took.append([])
        for _ in range(4):
            began = time.process_time()
            masker.feed(chunk)
            took[-1].append(time.process_time() - began)
    return max(map(min, zip(*took, strict=True)))


def _grown(name: str) -> float:
    """MiB, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.masking", name], capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def endless(name: str) -> float:
    """MiB by which this process grows at most while it masks 1 GiB without a line break."""
    chunk = (ENDLESS[name] * CHUNK)[: 4 * CHUNK]
    masker = open_masker(PLAN)
    if name == "a key":
        masker.feed(b"-----BEGIN PRIVATE KEY-----\n")
    masker.feed(chunk)
    before, most = _resident(), 0
    for number in range((1 << 30) // len(chunk)):
        masker.feed(chunk)
        if number % 64 == 0:
            most = max(most, _resident())
    masker.close()
    return max(0, most - before) / (1 << 20)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(endless(sys.argv[1]))
