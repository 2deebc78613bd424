"""Submission → request document: the one place where what Rego judges is made.

What leaves here is total and normalised (CONTRACTS §4), because two engines agree on nothing less: addresses that
differ in form only, names beyond ASCII and numbers beyond 2^53 were all but one of the differences that were measured.
"""

import re
from collections.abc import Iterable
from functools import lru_cache, partial
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from jumphost.clock import utc, written
from jumphost.command import stdin
from jumphost.command.facts import analyse
from jumphost.command.profiled.grammar import NONE, Grammars
from jumphost.errors import Code, Refused
from jumphost.model import request as model
from jumphost.model.identity import Identity
from jumphost.model.request import Command, FileOperation, Forward, Now, Request, Source, Stdin
from jumphost.policy.base import Submission

_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
_OPERATION = re.compile(r"[a-z]+(\.[a-z]+)*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TEXTUAL = frozenset({"exec", "line"})  # operations that are a text of commands
_NUL = b"\\u0000"  # in JSON; a backslash before it may make it another text
_ADDRESSES = 1024  # of connections, in their one form


class Document(Struct, frozen=True):
    """A request, the exact bytes that are judged, and their digests."""

    request: Request
    body: bytes
    request_digest: str
    input_digest: str

    @property
    def understood(self) -> bool:
        """Whether there is something to judge: no rule may see a text that nobody could read, or that says nothing."""
        command = self.request.command
        return self.request.operation not in _TEXTUAL or (command.tier != "unparsed" and bool(command.commands))


def build(submission: Submission, grammars: Grammars = NONE) -> Document:
    """The document of a submission under the profiles of a bundle.

    Refused (request.invalid) names what cannot be part of one.
    """
    try:
        raw = submission.raw.decode()
    except UnicodeDecodeError as error:
        raise _invalid("command", f"got byte 0x{submission.raw[error.start]:02x}, expected UTF-8") from None
    if "\0" in raw:
        raise _invalid("command", "got a NUL character, expected none")
    read = partial(analyse, profiles=grammars)
    textual = submission.operation in _TEXTUAL
    command = read(submission.raw, dialect=submission.dialect) if textual else Command(raw=raw)
    given = Stdin(mode=submission.stdin_mode)
    if submission.stdin is not None:
        given = stdin.facts(submission.stdin, command, mode=submission.stdin_mode, read=read)
    return _finish(
        Request(
            schema=model.SCHEMA,
            id=submission.id,
            connection=submission.connection,
            correlation=submission.correlation,
            purpose=submission.purpose,
            now=moment(submission.now_ns),
            identity=_identity(submission.identity),
            source=_source(submission.source),
            target=submission.target,
            operation=submission.operation,
            command=stdin.seen(command, given),
            file=FileOperation(),
            forward=Forward(),
            stdin=given,
            env=submission.env,
            pty=submission.pty,
            approvals=submission.approvals,
            mask=submission.mask,
        )
    )


def read(body: bytes) -> Document:
    """The document in JSON text that someone else wrote, held to the same rules; Refused (request.invalid)."""
    try:
        request = model.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid("document", str(error)) from None
    if request.now != moment(request.now.ns):
        raise _invalid("now", f"got times that are not those of ns, expected {moment(request.now.ns)}")
    _check_values(request)
    return _finish(replace(request, identity=_identity(request.identity), source=_source(request.source)))


def moment(ns: int) -> Now:
    """A time as policies see it, in UTC."""
    try:
        when = utc(ns)
    except (OverflowError, ValueError, OSError):
        raise _invalid("now.ns", f"got {ns}, expected nanoseconds since 1970") from None
    return Now(ns=ns, rfc3339=written(when), weekday=_WEEKDAYS[when.weekday()], hour=when.hour, minute=when.minute)


def _finish(request: Request) -> Document:
    _check_names(request)
    body = _encoded(request)
    if len(body) > model.MAX_BYTES:
        raise _invalid("document", f"got {len(body)} bytes, expected at most {model.MAX_BYTES}")
    return Document(request, body, model.request_digest(request), model.input_digest(body))


def _encoded(request: Request) -> bytes:
    """Looks at each value only where a text may be at fault: the shape is that of the types, the numbers are ours."""
    try:
        body = model.encode(request)
    except UnicodeEncodeError:  # a lone surrogate
        _check_values(request)
        raise
    if _NUL in body:
        _check_values(request)
    return body


def _check_names(request: Request) -> None:
    if request.schema != model.SCHEMA:
        raise _invalid("schema", f"got {request.schema}, expected {model.SCHEMA}")
    _matches("operation", _OPERATION, [request.operation])
    _matches("identity.name", _NAME, [request.identity.name])
    _matches("identity.groups", _NAME, request.identity.groups)
    _matches("identity.issuer", _NAME, [request.identity.issuer])
    _matches("target.name", _NAME, [request.target.name])
    _matches("target.login", _NAME, [request.target.login])
    _matches("env", _VARIABLE, request.env)
    for approval in request.approvals:
        _matches("approvals.approver", _NAME, [approval.approver])
        _matches("approvals.groups", _NAME, approval.groups)


def _matches(where: str, pattern: re.Pattern[str], values: Iterable[str]) -> None:
    for value in values:
        if not pattern.fullmatch(value):
            raise _invalid(where, f"got {ascii(value)[:80]}, expected {pattern.pattern}")


def _check_values(request: Request) -> None:
    # ns alone may be larger than 2^53, and Rego's own time functions count in it
    _check_value(msgspec.to_builtins(replace(request, now=replace(request.now, ns=0))), "input", 1)


def _check_value(value: Any, where: str, depth: int) -> None:
    """Refuses what two JSON readers may read differently, anywhere in the document."""
    if depth > model.MAX_DEPTH:
        raise _invalid(where, f"got more than {model.MAX_DEPTH} levels, expected fewer")
    if isinstance(value, str):
        if "\0" in value:
            raise _invalid(where, "got a NUL character, expected none")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _invalid(where, "got a lone surrogate, expected valid Unicode") from None
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_value(key, where, depth)
            _check_value(item, f"{where}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_value(item, where, depth + 1)
    elif isinstance(value, int) and abs(value) > model.MAX_INTEGER:
        raise _invalid(where, f"got {value}, expected an integer within 2^53")


def _identity(identity: Identity) -> Identity:
    networks = tuple(map(_network, identity.certificate.source_address))
    if networks == identity.certificate.source_address:
        return identity
    return replace(identity, certificate=replace(identity.certificate, source_address=networks))


def _source(source: Source) -> Source:
    _check_value(source.port, "input.source.port", 1)
    address = _address(source.address)
    return source if address == source.address else replace(source, address=address)


@lru_cache(_ADDRESSES)
def _address(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        raise _invalid("source.address", f"got {ascii(text)[:80]}, expected an IP address") from None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or IPv6Address(int(address))  # without its zone
    return str(address)


@lru_cache(_ADDRESSES)
def _network(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise _invalid("identity.certificate.source_address", f"got {ascii(text)[:80]}, expected a CIDR") from None
    mapped = network.network_address.ipv4_mapped if isinstance(network.network_address, IPv6Address) else None
    return f"{mapped}/{network.prefixlen - 96}" if mapped and network.prefixlen >= 96 else str(network)


def _invalid(where: str, message: str) -> Refused:
    return Refused(Code.REQUEST_INVALID, f"the request cannot be judged: {where}: {message}")
