"""What is asked of the signer and what it answers: frames of 4 bytes of length and JSON.

Append-only: fields are only added, with defaults; a new question is a new tag.
"""

import asyncio
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from jumphost.model.approval import Approval
from jumphost.model.decision import Decision
from jumphost.model.target import Mode

MAX_FRAME = 2 << 20  # bytes: a document of 256 KiB, base64, and its decision and approvals, several times over

T = TypeVar("T")
Text = Annotated[str, Meta(max_length=8192)]
PublicKeyLine = Annotated[str, Meta(max_length=16_384)]
Short = Annotated[str, Meta(max_length=256)]


class IssueCaller(Struct, frozen=True, forbid_unknown_fields=True, tag="caller"):
    """A certificate for an identity to log in with; ``scope`` narrows it, without ``ttl_s`` it lives as is usual."""

    identity: Text
    public_key: PublicKeyLine
    ttl_s: Annotated[int, Meta(ge=1, lt=2**31)] | None = None
    scope: Annotated[tuple[Short, ...], Meta(max_length=64)] | None = None
    source_address: Annotated[tuple[Short, ...], Meta(max_length=64)] = ()
    force_command: Text = ""


class RenewCaller(Struct, frozen=True, forbid_unknown_fields=True, tag="renew"):
    """The next certificate of a caller, over ``public_key``, for one that is alive and that the signer made itself."""

    identity: Text
    certificate: Annotated[str, Meta(max_length=131_072)]  # one line
    public_key: PublicKeyLine


class ExchangeCaller(Struct, frozen=True, forbid_unknown_fields=True, tag="exchange"):
    """A certificate for the identity that verified claims of an issuer name; ``claims`` are those its entry looks at.

    Without ``ttl_s`` it lives as long as is usual.
    """

    issuer: Short
    subject: Text
    claims: Annotated[dict[Text, tuple[Text, ...]], Meta(max_length=64)]
    identity: Text
    public_key: PublicKeyLine
    scope: Annotated[tuple[Short, ...], Meta(max_length=64)] | None = None
    ttl_s: Annotated[int, Meta(ge=1, lt=2**31)] | None = None


class IssueHost(Struct, frozen=True, forbid_unknown_fields=True, tag="host"):
    """A host certificate for the key that the gateway proves itself with."""

    public_key: PublicKeyLine


class SignTarget(Struct, frozen=True, forbid_unknown_fields=True, tag="target"):
    """A certificate for one login that serves the decided request; the document is the decision's own exact bytes.

    ``purpose`` is ``run``, ``stop`` or the name of a signal; ``address`` is what the target will see us come from. A
    run of mode ``connection`` has no forced command, where the signer's own ``targets.yaml`` says that mode too.
    """

    decision: Decision
    approvals: Annotated[tuple[Approval, ...], Meta(max_length=64)]
    purpose: Text
    address: Short
    public_key: PublicKeyLine
    mode: Mode = "command"


class UseTarget(Struct, frozen=True, forbid_unknown_fields=True, tag="use"):
    """The decided request runs on a login that is open: the one that the run of request ``login`` had without a forced
    command. Without a ``login`` it runs on the gateway's own host, on a target of kind process. It is noted in place of
    a run certificate.
    """

    decision: Decision
    approvals: Annotated[tuple[Approval, ...], Meta(max_length=64)]
    login: Short


class Check(Struct, frozen=True, forbid_unknown_fields=True, tag="check"):
    """A certificate that runs nothing but the fixed script of ``target check``."""

    target: Text
    login: Text
    address: Short
    public_key: PublicKeyLine


class Issued(Struct, frozen=True, forbid_unknown_fields=True, tag="issued"):
    """A certificate as one line, its serial in decimal, and when it ends, in seconds since the epoch."""

    certificate: str
    serial: str
    valid_before: int


class Noted(Struct, frozen=True, forbid_unknown_fields=True, tag="noted"):
    """It may run, and the log has it."""


class Failed(Struct, frozen=True, forbid_unknown_fields=True, tag="failed"):
    """No certificate, and why: a code of ``errors.Code``, a line for the caller, and what only the trail may say."""

    code: str
    message: str
    detail: str = ""


ForCertificate = IssueCaller | RenewCaller | ExchangeCaller | IssueHost | SignTarget | Check
Question = ForCertificate | UseTarget
Answer = Issued | Noted | Failed

_questions: msgspec.json.Decoder[Question] = msgspec.json.Decoder(Question)
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def frame(message: Question | Answer) -> bytes:
    """One message as it goes over the socket; ValueError if it is over MAX_FRAME."""
    body = msgspec.json.encode(message)
    if len(body) > MAX_FRAME:
        raise ValueError(f"got a message of {len(body)} bytes, expected at most {MAX_FRAME}")
    return len(body).to_bytes(4, "big") + body


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """The body of the next frame; b"" at the end of the stream between two frames.

    ValueError if its length is none or over MAX_FRAME, asyncio.IncompleteReadError if the stream ends within it.
    """
    try:
        head = await reader.readexactly(4)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return b""
    length = int.from_bytes(head, "big")
    if not 0 < length <= MAX_FRAME:
        raise ValueError(f"got a frame of {length} bytes, expected 1 to {MAX_FRAME}")
    return await reader.readexactly(length)


def question(body: bytes) -> Question:
    """Strict reading of a question; ValueError."""
    return _read(_questions, body)


def answer(body: bytes) -> Answer:
    """Strict reading of an answer; ValueError."""
    return _read(_answers, body)


def _read(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except RecursionError:
        raise ValueError("got a message nested too deeply") from None
