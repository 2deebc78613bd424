"""Every way in which an OPA server can fail or lie is a denial with its own code, in time; the next answer counts."""

import asyncio
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from jumphost.errors import Code, Unavailable
from jumphost.policy.opa import breaker, engine
from jumphost.policy.opa.engine import Opa
from jumphost.policy.opa.layout import Folder
from jumphost.policy.opa.place import Place
from jumphost.secret import Secret
from jumphost.testing.clock import ManualClock
from jumphost.testing.engines import GOOD, PATIENT_MS, alone, answers, assert_denied
from jumphost.testing.opa import ALLOW, CANARY, DECISION, HEALTH, FakeOpa, fake_opa, http, raised
from jumphost.testing.policies import main_only, submission
from jumphost.testing.rego import WITHOUT_OPA, opa_command, opa_installed
from jumphost.testing.tls import certificate

needs_opa = pytest.mark.skipif(not opa_installed(), reason=WITHOUT_OPA)
DEADLINE_MS = 400


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpa]:
    async with fake_opa() as server:
        yield server


@pytest.fixture
async def opa(fake: FakeOpa) -> AsyncIterator[Opa]:
    asked = await Opa.remote(Place(url=fake.url), workers=1, deadline_ms=DEADLINE_MS)
    yield asked
    await asked.close()


async def expect_allow(asked: Opa, code: str = "remote.good") -> None:
    got = await asked.judge(submission())
    assert (got.verdict.effect, got.code) == ("allow", code), got


def body(**changes: object) -> bytes:
    """The right answer, changed; None takes a key away."""
    whole = {**FakeOpa().allow(), **changes}
    return json.dumps({key: value for key, value in whole.items() if value is not None}).encode()


RIGHT = body()
ANSWERS: dict[str, tuple[bytes, Code]] = {
    "undefined": (http(200, body(result=None)), Code.POLICY_INVALID),
    "null": (http(200, RIGHT.replace(json.dumps(ALLOW).encode(), b"null")), Code.POLICY_INVALID),
    "no decision": (http(200, body(result={"allow": True})), Code.POLICY_INVALID),
    "deep result": (http(200, RIGHT.replace(b'"fine"', b"[" * 900 + b"]" * 900)), Code.POLICY_INVALID),
    "rule failed": (http(500, raised("eval_builtin_error")), Code.POLICY_ERROR),
    "two values": (http(500, raised("eval_conflict_error")), Code.POLICY_ERROR),
    "an error with status 200": (http(200, raised("eval_builtin_error")), Code.POLICY_UNAVAILABLE),
    "an answer with status 500": (http(500, RIGHT), Code.POLICY_UNAVAILABLE),
    "an answer with status 201": (http(201, RIGHT), Code.POLICY_UNAVAILABLE),
    "gateway error": (http(502, b"<html>bad gateway</html>"), Code.POLICY_UNAVAILABLE),
    "unauthorized": (http(401, {"code": "unauthorized", "message": "no"}), Code.POLICY_UNAVAILABLE),
    "undefined document": (http(404, {"code": "undefined_document"}), Code.POLICY_UNAVAILABLE),
    "no provenance": (http(200, body(provenance=None)), Code.POLICY_UNAVAILABLE),
    "no bundle": (http(200, body(provenance={"version": "1.22.2", "bundles": {}})), Code.POLICY_UNAVAILABLE),
    "no revision": (http(200, RIGHT.replace(b'"r1"', b'""', 1)), Code.POLICY_UNAVAILABLE),
    "too old": (http(200, RIGHT.replace(b"1.22.2", b"1.22.1")), Code.POLICY_UNAVAILABLE),
    "no version": (http(200, RIGHT.replace(b"1.22.2", b"new")), Code.POLICY_UNAVAILABLE),
    "question not seen": (http(200, body(warning={"code": "api_usage_warning"})), Code.POLICY_UNAVAILABLE),
    "empty": (http(200, b""), Code.POLICY_UNAVAILABLE),
    "garbage": (http(200, b"\xff\x00{"), Code.POLICY_UNAVAILABLE),
    "text after it": (http(200, RIGHT + b"{}"), Code.POLICY_UNAVAILABLE),
    "another type": (http(200, [1]), Code.POLICY_UNAVAILABLE),
    "very deep": (http(200, b"[" * 100_000), Code.POLICY_UNAVAILABLE),
    "packed": (http(200, b"\x1f\x8b\x08", "Content-Encoding: gzip"), Code.POLICY_UNAVAILABLE),
    "too long": (http(200, b" " * (1 << 20) + RIGHT), Code.POLICY_UNAVAILABLE),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Code.POLICY_UNAVAILABLE),
    "head too long": (http(200, RIGHT, "X: " + "x" * 100_000), Code.POLICY_UNAVAILABLE),
}


@pytest.mark.parametrize(("answer", "code"), ANSWERS.values(), ids=ANSWERS)
async def test_a_wrong_answer_is_a_denial(answer: bytes, code: Code, fake: FakeOpa, opa: Opa) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    fake.decision = say
    for _ in range(2):
        got = await opa.judge(submission())
        assert_denied(got, code)
        assert got.request_digest
        assert got.revision == "r1"
    fake.decision = None
    await expect_allow(opa)


async def drop(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def half(writer: asyncio.StreamWriter) -> None:
    writer.write(http(200, RIGHT, length=len(RIGHT) + 9))
    writer.write_eof()


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter) -> None:
    for byte in http(200, RIGHT):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def flood(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + bytes(65_536) + b"\r\n")
        await writer.drain()


BEHAVIOURS = {
    drop: Code.POLICY_UNAVAILABLE,
    half: Code.POLICY_UNAVAILABLE,
    flood: Code.POLICY_UNAVAILABLE,
    hang: Code.POLICY_TIMEOUT,
    drip: Code.POLICY_TIMEOUT,
}


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda one: one.__name__)
async def test_a_server_that_misbehaves_is_a_denial_in_time(behaviour, fake: FakeOpa, opa: Opa) -> None:  # type: ignore[no-untyped-def]
    fake.decision = behaviour
    before = len(fake.asked)
    async with asyncio.timeout(20):
        assert_denied(await opa.judge(submission()), BEHAVIOURS[behaviour])
    assert fake.asked[before:] == [DECISION], "asked once: what failed is not asked again"
    fake.decision = None
    await expect_allow(opa)


async def test_redirects_lead_nowhere(fake: FakeOpa, opa: Opa) -> None:
    async with fake_opa() as other:

        async def lead(writer: asyncio.StreamWriter) -> None:
            writer.write(http(307, b"", f"Location: {other.url}{DECISION}"))

        fake.decision = lead
        assert_denied(await opa.judge(submission()), Code.POLICY_UNAVAILABLE)
        assert other.asked == []


async def test_proxies_of_the_environment_are_not_used(fake: FakeOpa, monkeypatch: pytest.MonkeyPatch) -> None:
    async with fake_opa() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        asked = await Opa.remote(Place(url=fake.url), workers=1, deadline_ms=DEADLINE_MS)
        await expect_allow(asked)
        await asked.close()
        assert proxy.asked == []


async def test_each_question_is_strict_and_carries_the_token(fake: FakeOpa) -> None:
    asked = await Opa.remote(Place(url=fake.url, token=Secret(b"t0ken")), workers=1, deadline_ms=DEADLINE_MS)
    await expect_allow(asked)
    await asked.close()
    assert fake.asked == [DECISION, CANARY, DECISION]
    for head in fake.heads:
        assert head.split()[1].partition("?")[2] == "strict-builtin-errors=true&provenance=true"
        assert "Authorization: Bearer t0ken\r\n" in head


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"strict": False}, "the canary rule is silent"),
        ({"version": "1.20.0"}, "too old"),
        ({"revision": ""}, "believed"),
    ],
)
async def test_a_server_that_does_not_prove_itself_is_not_used(
    fake: FakeOpa, wrong: dict[str, object], message: str
) -> None:
    for name, value in wrong.items():
        setattr(fake, name, value)
    with pytest.raises(Unavailable, match=message) as caught:
        await Opa.remote(Place(url=fake.url), workers=1, deadline_ms=DEADLINE_MS)
    assert caught.value.code is Code.POLICY_UNAVAILABLE


async def test_a_server_that_is_not_there_is_not_used(tmp_path: Path) -> None:
    for place in (Place(socket=str(tmp_path / "none")), Place(url="http://127.0.0.1:1")):
        with pytest.raises(Unavailable, match="the policy engine cannot be asked"):
            await Opa.remote(place, workers=1, deadline_ms=DEADLINE_MS)


async def test_another_bundle_must_prove_itself_again(fake: FakeOpa, opa: Opa) -> None:
    fake.revision = "r2"
    got = await opa.judge(submission())
    assert (got.code, got.revision, opa.revision) == ("remote.good", "r2", "r2")
    assert fake.asked == [DECISION, CANARY, DECISION, CANARY]
    fake.revision, fake.strict = "r3", False
    for _ in range(2):
        assert_denied(await opa.judge(submission()), Code.POLICY_UNAVAILABLE)
    assert opa.revision == "r2"


async def test_bundles_of_several_revisions_are_named_each(fake: FakeOpa, opa: Opa) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(http(200, RIGHT.replace(b'"r1"', b'"r0"', 1)))

    fake.decision = say
    assert (await opa.judge(submission())).revision == "library=r0,site=r1"


async def test_a_server_that_fails_again_and_again_is_left_alone(fake: FakeOpa) -> None:
    clock = ManualClock()
    asked = await Opa.remote(Place(url=fake.url), workers=1, deadline_ms=PATIENT_MS, clock=clock)
    fake.decision = drop
    for _ in range(breaker.FAILURES):
        assert_denied(await asked.judge(submission()), Code.POLICY_UNAVAILABLE)
    before = len(fake.asked)
    got = await asked.judge(submission())
    assert_denied(got, Code.POLICY_UNAVAILABLE)
    assert "left alone" in got.message
    assert len(fake.asked) == before, "nobody asked"
    fake.decision = None
    clock.advance(breaker.PAUSE_S)
    await expect_allow(asked)
    await expect_allow(asked)
    await asked.close()


async def test_late_answers_alone_close_nothing(fake: FakeOpa, opa: Opa) -> None:
    fake.decision = hang
    async with asyncio.TaskGroup() as group:
        late = [group.create_task(opa.judge(submission())) for _ in range(engine.SILENT)]
    assert {task.result().code for task in late} == {Code.POLICY_TIMEOUT}
    fake.decision = None
    await expect_allow(opa)
    assert fake.asked.count(HEALTH) == 1


async def test_a_server_that_does_not_answer_at_all_is_found_out(fake: FakeOpa, opa: Opa) -> None:
    fake.decision, fake.well = hang, False
    async with asyncio.TaskGroup() as group:
        for _ in range(engine.SILENT):
            group.create_task(opa.judge(submission()))
    for _ in range(breaker.FAILURES):
        got = await opa.judge(submission())
        assert_denied(got, Code.POLICY_UNAVAILABLE)
        assert "does not answer at all" in got.message
    assert "left alone" in (await opa.judge(submission())).message


def certified(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for this machine, signed by itself, and what serves it."""
    public, private = certificate(folder, name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(public, private)
    return public, context


async def test_only_the_server_of_our_ca_is_believed(tmp_path: Path) -> None:
    ours, context = certified(tmp_path, "ours")
    other, _ = certified(tmp_path, "other")
    async with fake_opa(context) as server:
        url = server.url.replace("http:", "https:")
        asked = await Opa.remote(Place(url=url, ca=str(ours)), workers=1, deadline_ms=DEADLINE_MS)
        await expect_allow(asked)
        await asked.close()
        for ca in (str(other), ""):
            with pytest.raises(Unavailable, match="cannot be asked") as caught:
                await Opa.remote(Place(url=url, ca=ca), workers=1, deadline_ms=DEADLINE_MS)
            assert "CERTIFICATE_VERIFY_FAILED" in caught.value.detail
        with pytest.raises(Unavailable, match="CA file"):
            await Opa.remote(Place(url=url, ca=str(tmp_path / "none")), workers=1, deadline_ms=DEADLINE_MS)


@pytest.fixture
async def managed(tmp_path: Path) -> AsyncIterator[Opa]:
    """An engine with an opa of its own, and little memory; the purpose ``memory`` makes a rule grow."""
    made = alone(answers({"memory": "value := count(numbers.range(1, 400000000))"}))
    asked = await Opa.managed(made, opa_command(), tmp_path, workers=1, deadline_ms=PATIENT_MS, memory=256 << 20)
    yield asked
    await asked.close()
    assert list(tmp_path.iterdir()) == []


async def until_allowed(asked: Opa) -> int:
    """How often it denied, for want of a server, before it allowed again."""
    async with asyncio.timeout(20):
        for denials in range(10_000):
            got = await asked.judge(submission())
            if got.verdict.effect == "allow":
                return denials
            assert_denied(got, Code.POLICY_UNAVAILABLE)
            await asyncio.sleep(0.02)
    raise AssertionError("unreachable")


@needs_opa
async def test_an_opa_that_is_killed_denies_and_comes_back(managed: Opa) -> None:
    before = managed.pid
    os.kill(before, signal.SIGKILL)
    assert await until_allowed(managed) > 0
    assert managed.pid != before


@needs_opa
async def test_an_opa_that_grows_dies_and_comes_back(managed: Opa) -> None:
    got = await managed.judge(submission(purpose="memory"))
    assert got.verdict.effect == "deny"
    assert got.code in (Code.POLICY_UNAVAILABLE, Code.POLICY_TIMEOUT)
    await until_allowed(managed)


@needs_opa
async def test_an_opa_that_is_stuck_is_replaced(tmp_path: Path) -> None:
    asked = await Opa.managed(alone(f"decision := {GOOD}"), opa_command(), tmp_path, workers=1, deadline_ms=DEADLINE_MS)
    os.kill(stuck := asked.pid, signal.SIGSTOP)
    async with asyncio.TaskGroup() as group:
        late = [group.create_task(asked.judge(submission())) for _ in range(engine.SILENT)]
    assert {task.result().code for task in late} == {Code.POLICY_TIMEOUT}
    await until_allowed(asked)
    assert asked.pid != stuck
    await asked.close()


@needs_opa
async def test_a_managed_opa_answers_nothing_else(managed: Opa) -> None:
    strict = "?strict-builtin-errors=true&provenance=true"
    lenient = [
        "",
        "?strict-builtin-errors=1&provenance=true",
        "?strict-builtin-errors&provenance=true",
        "?strict-builtin-errors=true&strict-builtin-errors=false&provenance=true",
        "?Strict-builtin-errors=true&provenance=true",
        f"{strict}&explain=full",
    ]
    refused = [("POST", f"{DECISION}{options}") for options in lenient]
    refused += [("GET", f"{DECISION}{strict}"), ("POST", f"/v1/data{strict}"), ("POST", f"/v1/data/jumphost{strict}")]
    refused += [("GET", "/v1/policies"), ("PUT", "/v1/policies/x"), ("GET", "/v1/data"), ("PUT", "/v1/data/x")]
    refused += [
        ("GET", "/v1/config"),
        ("GET", "/metrics"),
        ("POST", "/v1/query"),
        ("POST", "/"),
        ("POST", "/v1/compile"),
    ]
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(managed.place.socket)) as session:
        for method, path in refused:
            async with session.request(method, f"http://x{path}", data=b'{"input": {}}') as answer:
                assert answer.status == 401, (method, path, answer.status)


@needs_opa
async def test_a_bundle_without_the_canary_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="the canary rule is silent"):
        await Opa.managed(main_only(f"decision := {GOOD}"), opa_command(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@needs_opa
async def test_another_revision_than_the_one_in_force_is_a_denial(managed: Opa) -> None:
    stranger = Opa(managed.place, workers=1, deadline_ms=PATIENT_MS, revision="another")
    with pytest.raises(Unavailable, match="by another bundle") as caught:
        await stranger._begun()
    assert caught.value.detail == f"got revision {managed.revision}, expected another"


ORPHAN = """
import asyncio, sys
from pathlib import Path
from jumphost.policy.opa.engine import Opa
from jumphost.testing.engines import GOOD, alone
async def main():
    asked = await Opa.managed(alone(f"decision := {GOOD}"), sys.argv[1], Path(sys.argv[2]))
    print(asked.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@needs_opa
def test_an_opa_ends_with_its_gateway_and_its_files_with_the_next(tmp_path: Path) -> None:
    words = [sys.executable, "-c", ORPHAN, opa_command(), str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as gateway:
        assert gateway.stdout is not None
        while not (line := gateway.stdout.readline()).strip().isdigit():
            assert line, "it ended before it was ready"
        gateway.kill()
    descriptor = Path(f"/proc/{int(line)}")
    while descriptor.exists() and "State:\tZ" not in (descriptor / "status").read_text():
        pass
    (left,) = tmp_path.iterdir()
    Folder(tmp_path).remove()
    assert not left.exists()
