"""The two paths of the exchange: what they take, what they answer, and that every refusal has one shape."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jumphost import metrics, webclient
from jumphost.clock import parse_rfc3339
from jumphost.errors import Code, Unavailable
from jumphost.identity.exchange import Exchange
from jumphost.testing.market import CLAIMS, NAME, Market, counter
from jumphost.web import exchange
from jumphost.web.exchange import MAX_BODY

PER_MINUTE = 5


@dataclass
class Client:
    """What asks a counter."""

    market: Market
    url: str

    async def ask(self, path: str, body: bytes | None = None) -> tuple[int, Any]:
        status, said = await webclient.ask(self.url + path, body=body)
        return status, msgspec.json.decode(said) if said else None

    async def body(self, **changes: Any) -> dict[str, Any]:
        _, said = await self.ask("/v1/nonce")
        token = self.market.issuer.token(**CLAIMS)
        order = self.market.order(token, nonce=said["nonce"])
        fields = {name: getattr(order, name) for name in ("public_key", "nonce", "signature")}
        made = {**fields, "token": token, **changes}
        return {name: value for name, value in made.items() if value is not None}

    async def post(self, body: Any) -> tuple[int, Any]:
        return await self.ask("/v1/certificate", body if isinstance(body, bytes) else msgspec.json.encode(body))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Client]:
    async with counter(tmp_path, PER_MINUTE) as made:
        yield Client(made.market, made.url)


async def events(here: Client) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in await here.market.events()]


def timed() -> float:
    """How many sales were timed."""
    (family,) = metrics.EXCHANGE_SECONDS.collect()
    return next(one.value for one in family.samples if one.name.endswith("_count"))


async def test_only_what_is_bought_is_timed(here: Client) -> None:
    before = timed()
    await here.post(await here.body(token="nonsense"))
    assert timed() == before
    await here.post(await here.body())
    assert timed() == before + 1


async def test_a_certificate(here: Client) -> None:
    status, said = await here.post(await here.body(scope=["exec:payments-db"], ttl_s=60))
    assert (status, said["identity"], said["host_ca"]) == (200, NAME, "ssh-ed25519 A")
    assert said["certificate"] == here.market.sold[0].certificate
    assert parse_rfc3339(said["expires"]) == here.market.bench.clock.now_ns() + 60 * 10**9
    assert [event["kind"] for event in await events(here)] == ["cert.issue"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"token": "nonsense"}, 400, "token.malformed"),
        ({"token": ""}, 400, "request.invalid"),
        ({"token": 7}, 400, "request.invalid"),
        ({"public_key": "ssh-dss AAAA"}, 400, "request.invalid"),
        ({"public_key": None}, 400, "request.invalid"),
        ({"nonce": "x"}, 401, "proof.invalid"),
        ({"nonce": None}, 400, "request.invalid"),
        ({"signature": "x"}, 401, "proof.invalid"),
        ({"scope": "exec:a"}, 400, "request.invalid"),
        ({"scope": ["exec"]}, 403, "signer.refused"),
        ({"ttl_s": 0}, 400, "request.invalid"),
        ({"ttl_s": True}, 400, "request.invalid"),
        ({"ttl_s": 301}, 403, "signer.refused"),
        ({"identity": "deploy-bot"}, 400, "request.invalid"),
    ],
)
async def test_what_is_refused(here: Client, changes: dict[str, Any], status: int, code: str) -> None:
    before = metrics.EXCHANGES.labels(code)._value.get()
    got, said = await here.post(await here.body(**changes))
    assert (got, said["error"], sorted(said)) == (status, code, ["decision", "error", "message"])
    (event,) = await events(here)
    assert (event["kind"], event["code"], event["decision"]) == ("cert.refused", code, said["decision"])
    assert event["source"] == "127.0.0.1"
    assert metrics.EXCHANGES.labels(code)._value.get() == before + 1
    assert here.market.sold == []


@pytest.mark.parametrize(
    ("claims", "status", "code"),
    [
        ({"aud": "other"}, 401, "token.audience"),
        ({"exp": 1}, 401, "token.expired"),
        ({"iss": "https://other.example"}, 401, "token.issuer"),
        ({"repository": "acme/other"}, 403, "token.no_match"),
    ],
)
async def test_tokens_that_are_refused(here: Client, claims: dict[str, Any], status: int, code: str) -> None:
    token = here.market.issuer.token(**{**CLAIMS, **claims})
    got, said = await here.post(await here.body(token=token))
    assert (got, said["error"]) == (status, code)
    assert token.encode() not in b"".join(await here.market.events())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"token":"\\ud800","public_key":"","nonce":"","signature":""}',
        b"[" * 50_000,
        b'{"token":"' + b"x" * MAX_BODY + b'"}',
    ],
)
async def test_what_is_no_request(here: Client, body: bytes) -> None:
    status, said = await here.post(body)
    assert (status, said["error"]) == (400, "request.invalid")


async def test_other_paths_and_methods_are_not_served(here: Client) -> None:
    for path, body in (("/", None), ("/v1/nonce/", None), ("/v1/certificate", None), ("/v1/nonce", b"{}")):
        status, said = await here.ask(path, body)
        assert (status in (404, 405), said["error"], said["decision"]) == (True, "request.invalid", "")


async def test_the_keys_of_tokens_are_for_everybody(here: Client) -> None:
    assert await here.ask("/v1/jwks") == (200, {"keys": []})
    assert (await here.ask("/v1/jwks", b"{}"))[0] == 405


async def test_who_buys_nothing_waits(here: Client) -> None:
    for _ in range(2 * PER_MINUTE):
        assert (await here.post(await here.body()))[0] == 200, "what is bought costs nothing"
    codes = [(await here.post(b"{}"))[1]["error"] for _ in range(PER_MINUTE + 2)]
    assert codes == ["request.invalid"] * PER_MINUTE + ["limit.requests"] * 2
    assert (await here.post(await here.body()))[0] == 429
    here.market.bench.clock.advance(60)
    assert (await here.post(await here.body()))[0] == 200


async def test_who_only_takes_nonces_waits(here: Client) -> None:
    for _ in range(2 * PER_MINUTE):
        assert (await here.post(await here.body()))[0] == 200, "a nonce that buys costs nothing"
    got = [await here.ask("/v1/nonce") for _ in range(PER_MINUTE + 2)]
    assert [status for status, _ in got] == [200] * PER_MINUTE + [429] * 2
    assert (got[-1][1]["error"], (await events(here))[-1]["code"]) == ("limit.requests",) * 2
    here.market.bench.clock.advance(60)
    assert (await here.ask("/v1/nonce"))[0] == 200


async def test_a_locked_identity_is_told_and_journalled(here: Client) -> None:
    here.market.standing.lock(NAME)
    status, said = await here.post(await here.body())
    assert (status, said["error"]) == (403, "identity.locked")
    (event,) = await events(here)
    assert (event["kind"], event["code"], event["decision"]) == ("cert.refused", "identity.locked", said["decision"])


@pytest.mark.parametrize(
    ("fault", "code"),
    [(Unavailable(Code.SIGNER_UNAVAILABLE, "it is down"), "signer.unavailable"), (RuntimeError("bug"), "internal")],
)
async def test_faults_are_503(here: Client, monkeypatch: pytest.MonkeyPatch, fault: Exception, code: str) -> None:
    async def failing(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(Exchange, "buy", failing)
    status, said = await here.post(await here.body())
    assert (status, said["error"], "bug" in said["message"]) == (503, code, False)


async def test_a_body_that_does_not_come(here: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "BODY_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(here.url.rpartition(":")[2]))
    writer.write(b"POST /v1/certificate HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{")
    said = await reader.read()
    writer.close()
    assert b" 400 " in said.splitlines()[0]
    assert b"got no whole request" in said


async def test_answers_are_for_nobody_else_to_keep_or_run(here: Client) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(here.url.rpartition(":")[2]))
    writer.write(b"GET /v1/nonce HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n")
    head = (await reader.read()).partition(b"\r\n\r\n")[0].decode().lower()
    writer.close()
    names = {line.partition(":")[0] for line in head.splitlines()[1:]}
    assert names == {"content-length", "content-type", "cache-control", "x-content-type-options", "connection"}
    assert "no-store" in head
