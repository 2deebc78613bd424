"""Asks an OPA server one question, strictly, and believes only an answer that proves where it comes from."""

import asyncio
import ssl
from typing import Any

import aiohttp
import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType
from opa_client.opa_async import AsyncOpaClient
from yarl import URL

from jumphost.errors import Code, Unavailable
from jumphost.policy.opa.binary import VERSION, new_enough
from jumphost.policy.opa.place import Place

DECISION, CANARY = "jumphost/main/decision", "jumphost/canary/raised"
ANSWER_BYTES = 1 << 20  # a decision and its provenance
AT_ONCE = 16  # questions; 50 at once were answered at the same rate as fewer, so each of them later

_CONNECTIONS = AT_ONCE + 2  # and what asks whether it is well
_STRICT = "?strict-builtin-errors=true&provenance=true"  # "true" only: OPA takes 1, t and yes for false, silently
_HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}


class Answer(Struct, frozen=True):
    """What the server said: ``result`` is JSON text, or empty if the question has no answer."""

    result: bytes
    revision: str
    version: str


class _Revision(Struct, frozen=True):
    revision: str = ""


class _Provenance(Struct, frozen=True):
    version: str = ""
    bundles: dict[str, _Revision] = {}


class _Body(Struct, frozen=True):
    result: Raw | UnsetType = UNSET
    warning: Raw | UnsetType = UNSET  # the server found no input
    provenance: _Provenance = _Provenance()


class _Location(Struct, frozen=True):
    file: str = ""
    row: int = 0


class _Error(Struct, frozen=True):
    code: str = ""
    message: str = ""
    location: _Location = _Location()


class _Failure(Struct, frozen=True):
    code: str = ""
    message: str = ""
    errors: tuple[_Error, ...] = ()


class Client(AsyncOpaClient):  # type: ignore[misc]  # it has no types
    """Of one server; the library's own client, made to reach a socket and to keep the bodies of errors.

    Every fault is an Unavailable: policy.error if a rule failed, else policy.unavailable. Time is the caller's.
    """

    def __init__(self, place: Place) -> None:
        host, port = place.address
        token = place.token.reveal().decode("latin-1") if place.token else None
        super().__init__(host=host, port=port, ssl=place.tls, token=token, retries=0)
        self._place = place
        self.room = asyncio.Semaphore(AT_ONCE)  # for who asks; waiting for it is no delay of the server's

    async def open(self) -> None:
        """Makes it ready to ask; Unavailable (policy.unavailable) if the CA file of its place cannot be read."""
        try:
            await self._init_session()
        except OSError as error:
            message = f"the CA file of the policy engine cannot be used: {self._place.ca}: {error.strerror or error}"
            raise Unavailable(Code.POLICY_UNAVAILABLE, message) from error

    async def _init_session(self) -> None:
        self._connector: aiohttp.BaseConnector
        if self._place.socket:
            self._connector = aiohttp.UnixConnector(self._place.socket, limit=_CONNECTIONS)
        else:
            context = ssl.create_default_context(cafile=self._place.ca or None) if self._place.tls else False
            self._connector = aiohttp.TCPConnector(ssl=context, limit=_CONNECTIONS)
        self._session = aiohttp.ClientSession(
            headers={**_HEADERS, **(self.headers or {})},
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),  # the caller's
            trust_env=False,
            auto_decompress=False,
        )

    async def decide(self, document: bytes) -> Answer:
        """The answer to a request document."""
        status, body = await self._ask(DECISION, b'{"input":%b}' % document, _STRICT)
        if status == 200:
            return _answer(body)
        raise _failure(status, body)

    async def prove(self) -> None:
        """Unavailable unless an error of a builtin is an error there, and not just undefined."""
        status, body = await self._ask(CANARY, b'{"input":{"pattern":"("}}', _STRICT)
        if status == 200:
            message = (
                "the policy engine is not strict, or has not the library of this version: the canary rule is silent"
            )
            raise Unavailable(Code.POLICY_UNAVAILABLE, message)
        failure = _failure(status, body)
        if failure.code is not Code.POLICY_ERROR:
            raise failure

    async def prove_guarded(self) -> None:
        """Unavailable unless the server refuses to be asked leniently."""
        status, _ = await self._ask(DECISION, b'{"input":{}}', "")
        if status != 401:
            message = f"the policy engine is not guarded: got {status} to a lenient question, expected 401"
            raise Unavailable(Code.POLICY_UNAVAILABLE, message)

    async def well(self, *, within_s: float) -> bool:
        """Whether the server says within some seconds that it is well."""
        try:
            async with asyncio.timeout(within_s):
                return (await self._send("GET", f"{self.schema}{self.host}:{self.port}/health"))[0] == 200
        except (TimeoutError, Unavailable):
            return False

    async def _ask(self, path: str, question: bytes, options: str) -> tuple[int, bytes]:
        return await self._send("POST", f"{self.root_url}/data/{path}{options}", data=question)

    async def _send(self, method: str, url: str, **more: Any) -> tuple[int, bytes]:
        """Status and body; Unavailable (policy.unavailable) for what is not a whole answer of bounded size."""
        try:
            async with self._request(method, URL(url, encoded=True), allow_redirects=False, **more) as response:
                body = bytearray()
                async for piece in response.content.iter_any():
                    body += piece
                    if len(body) > ANSWER_BYTES:
                        response.close()
                        message = f"the policy engine's answer is over {ANSWER_BYTES} bytes"
                        raise Unavailable(Code.POLICY_UNAVAILABLE, message)
                return response.status, bytes(body)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            detail = f"{type(error).__name__}: {error}"
            raise Unavailable(Code.POLICY_UNAVAILABLE, "the policy engine cannot be asked", detail=detail) from error


def _answer(body: bytes) -> Answer:
    try:
        read = msgspec.json.decode(body, type=_Body)
    except (ValueError, RecursionError) as error:
        raise _unreadable(str(error)) from None
    if read.warning is not UNSET:
        raise _unreadable(f"it did not see the question: {bytes(read.warning)[:200]!r}")
    revision = _revision(read.provenance)
    if not revision:
        raise _unreadable("it does not say which bundle decided")
    _check_version(read.provenance.version)
    return Answer(b"" if read.result is UNSET else bytes(read.result), revision, read.provenance.version)


def _revision(provenance: _Provenance) -> str:
    """One for all bundles if they have one, else each with its name; empty if any has none."""
    revisions = {name: bundle.revision for name, bundle in provenance.bundles.items()}
    if "" in revisions.values():
        return ""
    if len(set(revisions.values())) == 1:
        return next(iter(revisions.values()))
    return ",".join(f"{name}={revision}" for name, revision in sorted(revisions.items()))


def _check_version(version: str) -> None:
    if not new_enough(version):
        message = f"the policy engine is too old: got OPA {version[:40]!r}, expected {VERSION} or later"
        raise Unavailable(Code.POLICY_UNAVAILABLE, message)


def _failure(status: int, body: bytes) -> Unavailable:
    """What a status other than 200 means."""
    try:
        failure = msgspec.json.decode(body, type=_Failure)
    except (ValueError, RecursionError):
        failure = _Failure(message=ascii(body[:200]))
    first = next((error for error in failure.errors if error.code.startswith("eval_")), None)
    if first is not None and status == 500:
        where = f"{first.location.file}:{first.location.row}: " if first.location.file else ""
        message = "the policy could not be evaluated"
        return Unavailable(Code.POLICY_ERROR, message, detail=f"{where}{first.code}: {first.message}"[:1000])
    text = f"the policy engine refused to answer (status {status})"
    return Unavailable(Code.POLICY_UNAVAILABLE, text, detail=f"{failure.code}: {failure.message}"[:1000])


def _unreadable(detail: str) -> Unavailable:
    return Unavailable(Code.POLICY_UNAVAILABLE, "the policy engine's answer cannot be believed", detail=detail)
