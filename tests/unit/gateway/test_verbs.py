"""The gateway's own verbs."""

import base64
import json

import pytest

from jumphost.errors import Code, Refused
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.room import Room
from jumphost.gateway.verbs import INPUT_BYTES, answer
from jumphost.sshkey import read_line
from jumphost.testing.gatehouse import NAME, Gatehouse
from jumphost.testing.signing import new_public_line


class Clocked:
    """As much of an Admission as verbs ask."""

    def __init__(self, here: Gatehouse) -> None:
        self.now_ns = here.clock.now_ns


async def asked(here: Gatehouse, raw: bytes, stdin: bytes | None = b"") -> str:
    """What a verb prints; ``stdin`` None: it never ends."""
    channel = here.channel(raw=raw, username="jumphost")
    if stdin:
        channel.data_received(stdin, None)
    if stdin is not None:
        channel.eof_received()
    return (await answer(here.parts(room=Room(), admission=Clocked(here)), caller(channel), channel)).decode()


def caller(channel: CallerChannel):
    assert channel.connection.caller is not None
    return channel.connection.caller


async def refused(here: Gatehouse, raw: bytes, stdin: bytes = b"") -> Refused:
    with pytest.raises(Refused) as caught:
        await asked(here, raw, stdin)
    return caught.value


@pytest.mark.parametrize("raw", [b"whoami", b"  whoami\n"])
async def test_whoami(here: Gatehouse, raw: bytes) -> None:
    printed = await asked(here, raw)
    assert printed.endswith("}\n")
    said = json.loads(printed)
    assert (said["name"], said["owner"], said["groups"], said["certificate"]["serial"]) == (
        NAME, "payments-team", ["payments"], "7",
    )  # fmt: skip


@pytest.mark.parametrize("raw", [b"", b"whoareyou", b"whoami now", b"\xff", b"whoami;id", b"WHOAMI", b"renew twice"])
async def test_anything_else_is_refused(here: Gatehouse, raw: bytes) -> None:
    error = await refused(here, raw)
    assert error.code is Code.REQUEST_INVALID
    assert "expected whoami or renew" in error.message


async def test_renew_prints_the_next_certificate_for_the_key_on_standard_input(here: Gatehouse) -> None:
    key = new_public_line()
    printed = await asked(here, b"renew", f"{key} a comment\n".encode())
    after = here.standing.admit(base64.b64decode(printed.split(" ")[1]), source="192.0.2.7", now_ns=here.clock.now_ns())
    assert (after.identity.name, after.generation, after.key) == (NAME, 1, read_line(key).fingerprint)


@pytest.mark.parametrize("stdin", [b"", b"no key", b"\xff", b"ssh-ed25519 AAAA", b"two\nlines"])
async def test_renew_without_a_key(here: Gatehouse, stdin: bytes) -> None:
    error = await refused(here, b"renew", stdin)
    assert (error.code, error.message[:13]) == (Code.REQUEST_INVALID, "got no public")


async def test_standard_input_is_bounded(here: Gatehouse) -> None:
    error = await refused(here, b"renew", b"x" * (INPUT_BYTES + 1))
    assert error.code is Code.LIMIT_STDIN


async def test_nobody_renews_who_was_revoked_while_the_key_was_read(here: Gatehouse) -> None:
    channel = here.channel(raw=b"renew", username="jumphost")
    channel.data_received(new_public_line().encode(), None)
    channel.eof_received()
    here.standing.lock(NAME)
    with pytest.raises(Refused) as caught:
        await answer(here.parts(room=Room(), admission=Clocked(here)), caller(channel), channel)
    assert caught.value.code is Code.IDENTITY_LOCKED
