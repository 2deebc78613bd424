"""OpenSSH key revocation lists (PROTOCOL.krl, format 1), as ``ssh-keygen -k`` writes them. Pure.

Read strictly: what is not understood to its last byte revokes nothing, since a list that was taken in part would look
as if it had been taken whole. Signatures in a list are not looked at (OpenSSH makes none): who has the file, and may
tell the gateway, is trusted.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import NoReturn

from msgspec import Struct

from jumphost.errors import Code, Refused
from jumphost.identity.revocation import ANY_CA, Revocation, of_ca, serial_range
from jumphost.sshkey import fingerprint, spelled, take_string

MAGIC = b"SSHKRL\n\0"
VERSION = 1
MAX_BYTES = 4 << 20
MAX_ENTRIES = 100_000
MAX_TEXT = 1024  # bytes of a key id


class _Section(IntEnum):
    CERTIFICATES = 1
    KEYS = 2
    SHA1 = 3
    SIGNATURE = 4
    SHA256 = 5
    EXTENSION = 255


class _Part(IntEnum):
    """Of a section about certificates."""

    SERIAL_LIST = 0x20
    SERIAL_RANGE = 0x21
    SERIAL_BITMAP = 0x22
    KEY_ID = 0x23
    EXTENSION = 0x39


class Krl(Struct, frozen=True):
    """What a list says; ``generated`` is in seconds since the epoch."""

    version: int
    generated: int
    comment: str
    entries: tuple[Revocation, ...]


def parse(data: bytes) -> Krl:
    """A whole list; Refused (request.invalid) if it is none, or says what cannot be kept."""
    if len(data) > MAX_BYTES:
        _refuse(f"got {len(data)} bytes, expected at most {MAX_BYTES}")
    try:
        return _parse(data)
    except ValueError as error:
        _refuse(str(error))


def _parse(data: bytes) -> Krl:
    if data[:8] != MAGIC:
        _refuse("got no such list, expected what `ssh-keygen -k` writes")
    form, rest = _number(data[8:], 4)
    if form != VERSION:
        _refuse(f"got a list of format {form}, expected {VERSION}")
    version, rest = _number(rest, 8)
    generated, rest = _number(rest, 8)
    _flags, rest = _number(rest, 8)
    _reserved, rest = take_string(rest)
    comment, rest = take_string(rest)
    entries: dict[Revocation, None] = {}
    for kind, body in _sections(rest):
        for entry in _section(kind, body):
            entries[entry] = None
            if len(entries) > MAX_ENTRIES:
                _refuse(f"got more than {MAX_ENTRIES} entries, expected at most that")
    return Krl(version, generated, comment.decode("utf-8"), tuple(entries))


def _sections(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        kind = data[0]
        body, data = take_string(data[1:])
        yield kind, body


def _section(kind: int, body: bytes) -> Iterator[Revocation]:
    match kind:
        case _Section.CERTIFICATES:
            yield from _certificates(body)
        case _Section.KEYS:
            for blob in _strings(body):
                take_string(blob)  # every key begins with its kind
                yield Revocation("key", fingerprint(blob))
        case _Section.SHA256:
            for digest in _strings(body):
                yield Revocation("key", _sha256(digest))
        case _Section.SHA1:
            _refuse("got fingerprints by SHA-1, expected SHA-256, or keys: `sha256:` and `key:` for ssh-keygen")
        case _Section.SIGNATURE:
            return
        case _Section.EXTENSION:
            _extension(body)
        case _:
            _refuse(f"got a section of kind {kind}, expected one of PROTOCOL.krl")


def _certificates(body: bytes) -> Iterator[Revocation]:
    ca_key, rest = take_string(body)
    _reserved, rest = take_string(rest)
    ca = fingerprint(ca_key) if ca_key else ANY_CA
    for kind, part in _sections(rest):
        match kind:
            case _Part.SERIAL_LIST | _Part.SERIAL_RANGE | _Part.SERIAL_BITMAP:
                for low, high in _merged(_serials(kind, part)):
                    yield Revocation("serials", serial_range(ca, low, high))
            case _Part.KEY_ID:
                for name in _strings(part):
                    if len(name) > MAX_TEXT:
                        _refuse(f"got a key id of {len(name)} bytes, expected at most {MAX_TEXT}")
                    yield Revocation("ca_key_id", of_ca(ca, name.decode("utf-8")))
            case _Part.EXTENSION:
                _extension(part)
            case _:
                _refuse(f"got a section of kind {kind:#x} about certificates, expected one of PROTOCOL.krl")


def _serials(kind: int, body: bytes) -> Iterator[tuple[int, int]]:
    if kind == _Part.SERIAL_LIST:
        while body:
            serial, body = _number(body, 8)
            yield serial, serial
    elif kind == _Part.SERIAL_RANGE:
        low, rest = _number(body, 8)
        high, rest = _number(rest, 8)
        if rest or high < low:
            _refuse(f"got a range of serials from {low} to {high}, expected two numbers in order")
        yield low, high
    else:
        offset, rest = _number(body, 8)
        bits, rest = take_string(rest)
        if rest or bits[:1] >= b"\x80" or offset + int.from_bytes(bits, "big").bit_length() > 2**64:
            _refuse("got a bitmap of serials that is none")
        for at, byte in enumerate(reversed(bits)):
            for bit in range(8):
                if byte >> bit & 1:
                    yield offset + 8 * at + bit, offset + 8 * at + bit


def _merged(serials: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges that follow each other become one; those of one section come in order."""
    low, high = next(serials, (0, -1))
    for start, end in serials:
        if start == high + 1:
            high = end
        else:
            yield low, high
            low, high = start, end
    if low <= high:
        yield low, high


def _extension(body: bytes) -> None:
    name, rest = take_string(body)
    if len(rest) < 1 or rest[0] > 1:
        _refuse("got an extension that is cut short")
    _contents, after = take_string(rest[1:])
    if after or rest[0]:
        _refuse(f"got the critical extension {name[:64]!r}, expected none")


def _strings(body: bytes) -> Iterator[bytes]:
    while body:
        value, body = take_string(body)
        yield value


def _number(data: bytes, size: int) -> tuple[int, bytes]:
    if len(data) < size:
        _refuse(f"got {len(data)} bytes, expected a number of {size}")
    return int.from_bytes(data[:size], "big"), data[size:]


def _sha256(digest: bytes) -> str:
    if len(digest) != 32:
        _refuse(f"got a SHA-256 of {len(digest)} bytes, expected 32")
    return spelled(digest)


def _refuse(message: str) -> NoReturn:
    raise Refused(Code.REQUEST_INVALID, f"the revocation list cannot be used: {message}")
