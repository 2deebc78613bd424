"""The gateway's own verbs, asked over SSH as the login ``jumphost`` (CONTRACTS §2): ``ssh jumphost@GATEWAY whoami``.

They are for the caller itself and touch no target: a certificate with a forced command may ask them too.
"""

import json
from collections.abc import Awaitable, Callable

import msgspec
from msgspec.structs import replace

from jumphost.errors import Code, Refused
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.intake import Intake
from jumphost.gateway.parts import Parts
from jumphost.model.identity import Caller
from jumphost.sshkey import PublicKey, read_line

LOGIN = "jumphost"
INPUT_BYTES = 16_384  # of a verb that reads standard input

Verb = Callable[[Parts, Caller, CallerChannel], Awaitable[str]]


async def answer(parts: Parts, caller: Caller, channel: CallerChannel) -> bytes:
    """What a verb prints; Refused (request.invalid) for an unknown one or words it does not take."""
    words = channel.asked.decode("utf-8", "backslashreplace").split()
    verb = words[0] if words else ""
    if verb not in _VERBS or words[1:]:
        raise Refused(Code.REQUEST_INVALID, f"got {verb!r} with {len(words[1:])} words, expected {' or '.join(_VERBS)}")
    printed = await _VERBS[verb](parts, caller, channel)
    return printed.encode() + b"\n"


async def _whoami(_: Parts, caller: Caller, __: CallerChannel) -> str:
    return json.dumps(msgspec.to_builtins(caller.identity), indent=2)


async def _renew(parts: Parts, caller: Caller, channel: CallerChannel) -> str:
    """The next certificate, for the public key on standard input."""
    given = Intake(replace(parts.settings.limits, stdin_bytes=INPUT_BYTES), parts.room, caller.identity.name)
    try:
        await given.read(channel)
        key = _key(given.data or b"")
    finally:
        given.drop()
    parts.standing.check(caller, parts.admission.now_ns())
    return await parts.generations.renew(caller, key, channel.connection.source.address)


def _key(data: bytes) -> PublicKey:
    try:
        return read_line(data.decode())
    except ValueError as error:
        raise Refused(Code.REQUEST_INVALID, f"got no public key on standard input: {error}") from None


_VERBS: dict[str, Verb] = {"whoami": _whoami, "renew": _renew}
