"""``GET /v1/nonce`` and ``POST /v1/certificate`` (CONTRACTS §7), ``GET /v1/jwks``: JSON in, JSON out, nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import msgspec
import structlog
from msgspec import Meta, Struct
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from jumphost import metrics
from jumphost.audit.rate import Rate
from jumphost.clock import NS_PER_S, Clock, new_id, rfc3339
from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.identity.base import UnverifiedToken
from jumphost.identity.exchange import Exchange, Order
from jumphost.model.request import plain_address
from jumphost.secret import Secret
from jumphost.web.refusals import Refusals

MAX_BODY = 1 << 17  # bytes: a SAML response in base64, a key and a signature
BODY_S = 10.0  # for a client to send them

_STATUS: dict[Code, int] = {
    Code.REQUEST_INVALID: 400,
    Code.IDENTITY_WEAK_KEY: 400,
    Code.TOKEN_MALFORMED: 400,
    Code.PROOF_INVALID: 401,
    Code.TOKEN_ISSUER: 401,
    Code.TOKEN_ALGORITHM: 401,
    Code.TOKEN_SIGNATURE: 401,
    Code.TOKEN_AUDIENCE: 401,
    Code.TOKEN_EXPIRED: 401,
    Code.TOKEN_NOT_YET_VALID: 401,
    Code.TOKEN_CLAIMS: 401,
    Code.TOKEN_REPLAYED: 401,
    Code.TOKEN_ENROLMENT: 401,
    Code.LIMIT_REQUESTS: 429,
}

log = structlog.get_logger(__name__)


class _Body(Struct, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, Meta(min_length=1, max_length=MAX_BODY)]
    public_key: Annotated[str, Meta(max_length=16_384)]
    nonce: Annotated[str, Meta(max_length=128)]
    signature: Annotated[str, Meta(max_length=16_384)]
    scope: Annotated[tuple[Annotated[str, Meta(max_length=256)], ...], Meta(max_length=64)] | None = None
    ttl_s: Annotated[int, Meta(ge=1, lt=2**31)] | None = None


_bodies = msgspec.json.Decoder(_Body)


class Shop:
    """The paths; those of a purchase each so often ``per_minute`` for an address that buys nothing.

    ``host_ca`` is the line that clients know the gateway by, "" where it has none; ``keys`` reads the JWKS (RFC 7517)
    by which others verify the tokens that commands are given.
    """

    def __init__(
        self,
        exchange: Exchange,
        refusals: Refusals,
        per_minute: int,
        clock: Clock,
        host_ca: Callable[[], str],
        keys: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._exchange, self._refusals = exchange, refusals
        self._numbers, self._orders = Rate(clock, per_minute), Rate(clock, per_minute)
        self._clock, self._host_ca, self._keys = clock, host_ca, keys

    def app(self) -> Starlette:
        """What answers requests."""
        served = Starlette(
            routes=[
                Route("/v1/nonce", self._answering(self._nonce), methods=["GET"]),
                Route("/v1/certificate", self._answering(self._certificate), methods=["POST"]),
                Route("/v1/jwks", self._jwks, methods=["GET"]),
            ],
            exception_handlers={HTTPException: _not_served},
        )
        served.router.redirect_slashes = False  # to where the Host header says
        return served

    def _answering(
        self, answer: Callable[[Request, str, str], Awaitable[dict[str, Any]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint whose errors are of the one shape, each written down."""

        async def endpoint(request: Request) -> Response:
            decision, source = new_id(self._clock), str(plain_address(request.client.host)) if request.client else ""
            try:
                return _json(200, await answer(request, decision, source))
            except JumphostError as error:
                await self._refusals.note(error, decision=decision, source=source)
                status = 503 if isinstance(error, Unavailable) else _STATUS.get(error.code, 403)
                return _json(status, _error(error.code, error.message, decision))
            except Exception:
                log.exception("exchange.fault", decision=decision)
                return _json(503, _error(Code.INTERNAL, "an internal fault; nothing was issued", decision))

        return endpoint

    async def _nonce(self, request: Request, decision: str, source: str) -> dict[str, Any]:
        if not self._numbers.spend(source):
            raise Refused(Code.LIMIT_REQUESTS, "this address took too many nonces for nothing: wait a minute")
        return {"nonce": self._exchange.nonce()}

    async def _jwks(self, request: Request) -> Response:
        return _json(200, dict(await asyncio.to_thread(self._keys)))

    async def _certificate(self, request: Request, decision: str, source: str) -> dict[str, Any]:
        if not self._orders.spend(source):
            raise Refused(Code.LIMIT_REQUESTS, "too many attempts of this address bought nothing: wait a minute")
        began = self._clock.monotonic()
        sold = await self._exchange.buy(_order(await _body(request)), decision=decision, source=source)
        for rate in (self._numbers, self._orders):
            rate.give_back(source)
        metrics.EXCHANGES.labels("").inc()
        metrics.EXCHANGE_SECONDS.observe(self._clock.monotonic() - began)
        return {
            "certificate": sold.certificate,
            "expires": rfc3339(sold.valid_before * NS_PER_S),
            "identity": sold.identity,
            "host_ca": self._host_ca(),
        }


async def _body(request: Request) -> bytes:
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MAX_BODY:
                    raise Refused(Code.REQUEST_INVALID, f"got more than {MAX_BODY} bytes, expected at most that")
    except (TimeoutError, ClientDisconnect):
        raise Refused(Code.REQUEST_INVALID, f"got no whole request within {BODY_S:.0f} s") from None
    return bytes(data)


def _order(data: bytes) -> Order:
    try:
        body = _bodies.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refused(Code.REQUEST_INVALID, f"got a body that is no request for a certificate: {error}") from None
    return Order(
        token=UnverifiedToken(Secret(body.token.encode())),
        public_key=body.public_key,
        nonce=body.nonce,
        signature=body.signature,
        scope=body.scope,
        ttl_s=body.ttl_s,
    )


async def _not_served(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    message = "expected GET /v1/nonce, GET /v1/jwks or POST /v1/certificate"
    return _json(status, _error(Code.REQUEST_INVALID, message, ""))


def _error(code: Code, message: str, decision: str) -> dict[str, str]:
    return {"error": code.value, "message": message, "decision": decision}


def _json(status: int, value: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(msgspec.json.encode(value), status, headers, "application/json")
