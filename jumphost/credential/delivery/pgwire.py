"""What a proxy must read and write of PostgreSQL's protocol 3: the start of a connection, and the login. Pure.

Names and numbers are those of https://www.postgresql.org/docs/current/protocol-message-formats.html. What is malformed
is a ValueError that says got and expected.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

MAX_START: Final = 10_000  # bytes of the first packet: MAX_STARTUP_PACKET_LENGTH of the server
MAX_MESSAGE: Final = 65_536  # bytes of a message before the server is ready: it has a few short ones to say

READY, KEY, AUTHENTICATION, FAILED = b"Z", b"K", b"R", b"E"
LOGGED_IN, SASL, SASL_CONTINUE, SASL_FINAL = 0, 10, 11, 12
SCRAM: Final = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")

_MAJOR = 3
_VERSION = (_MAJOR << 16).to_bytes(4, "big")  # 3.0
_CANCEL, _TLS, _GSS = 80877102, 80877103, 80877104
_KEY_BYTES = 8  # of protocol 3.0, the only one that is spoken to either side
_EXTENSION = b"_pq_."  # begins the names of options of the protocol
_FORWARDED: Mapping[bytes, bytes] = MappingProxyType(
    {
        name.lower(): name
        for name in (
            b"application_name",
            b"client_encoding",
            b"DateStyle",
            b"TimeZone",
            b"IntervalStyle",
            b"extra_float_digits",
        )
    }
)


class Encryption(Struct, frozen=True):
    """The client asks whether it may speak TLS or GSSAPI."""


class Cancel(Struct, frozen=True):
    """The client asks that the session which was given ``key`` stops what it is doing."""

    key: bytes


class Start(Struct, frozen=True):
    """The client asks for a session."""

    minor: int  # of the protocol 3.N that it would like
    parameters: Mapping[bytes, bytes]

    @property
    def extensions(self) -> tuple[bytes, ...]:
        """Options of the protocol that it would like; we know none."""
        return tuple(name for name in self.parameters if name.startswith(_EXTENSION))


Opening = Encryption | Cancel | Start


def start_size(head: bytes) -> int:
    """How many bytes follow the first four of a client's packet."""
    size = int.from_bytes(head, "big")
    if not 8 <= size <= MAX_START:
        raise ValueError(f"got a first packet of {size} bytes, expected 8 to {MAX_START}")
    return size - 4


def opening(body: bytes) -> Opening:
    """What a client's packet before its session asks for; ``body`` is all of it but its length."""
    code, rest = int.from_bytes(body[:4], "big"), body[4:]
    if code in (_TLS, _GSS) and not rest:
        return Encryption()
    if code == _CANCEL and len(rest) == _KEY_BYTES:
        return Cancel(rest)
    major, minor = divmod(code, 1 << 16)
    if major != _MAJOR:
        raise ValueError(f"got a first packet of kind {code}, expected protocol 3, a cancel or a question for TLS")
    return Start(minor, _parameters(rest))


def _parameters(text: bytes) -> Mapping[bytes, bytes]:
    *words, last, rest = text.split(b"\0") if text.count(b"\0") else [b"", b"", b""]
    names, values = words[::2], words[1::2]
    if last or rest or len(names) != len(values) or not text:
        raise ValueError("got parameters that do not end, expected name and value by turns and one NUL more")
    if not all(names) or len({name.lower() for name in names}) != len(names):
        raise ValueError("got a parameter without a name or one twice")
    if b"user" not in names:
        raise ValueError("got no user among the parameters")
    return MappingProxyType(dict(zip(names, values, strict=True)))


def session(asked: Start, *, user: str, database: str) -> bytes:
    """The packet that opens the session at the server: its user and database are the lease's, whatever was asked.

    Of the rest only what changes how values are written goes on: ``options`` could set anything. ValueError if the
    client wants a session for replication: it would misread what an ordinary one says.
    """
    if asked.parameters.get(b"replication", b"false").lower() not in (b"false", b"off", b"no", b"0"):
        raise ValueError("got a wish for replication, expected an ordinary session")
    wanted = {b"user": user.encode(), b"database": database.encode()}
    for name, value in asked.parameters.items():
        if known := _FORWARDED.get(name.lower()):
            wanted[known] = value
    if any(b"\0" in value for value in wanted.values()):
        raise ValueError("got a NUL in the user or database of the lease")
    pairs = b"".join(name + b"\0" + value + b"\0" for name, value in wanted.items())
    return _start(_VERSION + pairs + b"\0")


def cancel(key: bytes) -> bytes:
    """The packet that cancels what the session with that key is doing."""
    return _start(_CANCEL.to_bytes(4, "big") + key)


def encryption() -> bytes:
    """The packet that asks the server to speak TLS."""
    return _start(_TLS.to_bytes(4, "big"))


def message_size(head: bytes) -> int:
    """How many bytes follow the first five of a server's message, while it is not ready."""
    size = int.from_bytes(head[1:], "big")
    if not 4 <= size <= MAX_MESSAGE:
        raise ValueError(f"got a message of {size} bytes before the server was ready, expected 4 to {MAX_MESSAGE}")
    return size - 4


def key(body: bytes) -> bytes:
    """The key in a message that hands one out."""
    if len(body) != _KEY_BYTES:
        raise ValueError(f"got a cancel key of {len(body)} bytes, expected {_KEY_BYTES}")
    return body


def authentication(body: bytes) -> tuple[int, bytes]:
    """What the server wants for a login, and the data that come with it."""
    if len(body) < 4:
        raise ValueError(f"got a question for a login of {len(body)} bytes, expected 4 and more")
    return int.from_bytes(body[:4], "big"), body[4:]


def mechanisms(data: bytes) -> tuple[str, ...]:
    """Those of the server's SASL mechanisms that we know."""
    offered = data.split(b"\0")
    return tuple(name for name in SCRAM if name.encode() in offered)


def sasl_initial(mechanism: str, text: str) -> bytes:
    """The message that chooses a mechanism, with its first text."""
    first = text.encode()
    return message(b"p", mechanism.encode() + b"\0" + len(first).to_bytes(4, "big") + first)


def sasl_response(text: str) -> bytes:
    """The message with a mechanism's next text."""
    return message(b"p", text.encode())


def logged_in() -> bytes:
    """The message that tells a client that it need not say who it is."""
    return message(AUTHENTICATION, LOGGED_IN.to_bytes(4, "big"))


def negotiated(asked: Start) -> bytes:
    """What a client is told whose wishes are beyond protocol 3.0; b"" if they are not."""
    if not asked.minor and not asked.extensions:
        return b""
    names = b"".join(name + b"\0" for name in asked.extensions)
    return message(b"v", _VERSION + len(asked.extensions).to_bytes(4, "big") + names)


def failure(sqlstate: str, text: str) -> bytes:
    """The message that refuses a session."""
    fields = {"S": "FATAL", "V": "FATAL", "C": sqlstate, "M": f"jumphost: {text}"}
    return message(FAILED, b"".join(f"{name}{value}\0".encode() for name, value in fields.items()) + b"\0")


def message(kind: bytes, body: bytes) -> bytes:
    """One message with its head."""
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def _start(body: bytes) -> bytes:
    return (len(body) + 4).to_bytes(4, "big") + body
