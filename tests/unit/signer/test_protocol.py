"""Frames and what they may hold."""

import asyncio

import pytest
from msgspec.structs import replace

from jumphost.signer.protocol import (
    MAX_FRAME,
    Check,
    Failed,
    IssueCaller,
    Issued,
    answer,
    frame,
    question,
    read_frame,
)

CHECK = Check("db", "app", "127.0.0.1", "ssh-ed25519 AAAA")


async def read(data: bytes) -> bytes:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await read_frame(reader)


async def test_messages_survive_their_frames() -> None:
    for asked in (CHECK, IssueCaller("job", "key", 60, scope=("exec:a",))):
        assert question(await read(frame(asked))) == asked
    for given in (Issued("line", "7", 60), Failed("signer.refused", "no")):
        assert answer(await read(frame(given))) == given


async def test_a_frame_is_whole_and_bounded() -> None:
    assert await read(b"") == b""
    with pytest.raises(asyncio.IncompleteReadError):
        await read(b"\0\0")
    with pytest.raises(asyncio.IncompleteReadError):
        await read(frame(CHECK)[:-1])
    for head in (b"\0\0\0\0", (MAX_FRAME + 1).to_bytes(4, "big")):
        with pytest.raises(ValueError, match="expected 1 to"):
            await read(head + b"x")
    with pytest.raises(ValueError, match="expected at most"):
        frame(replace(CHECK, target="x" * MAX_FRAME))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b'{"type":"other"}',
        b'{"type":"check","target":"a","login":"b","address":"c","public_key":"d","more":1}',
        b'{"type":"caller","identity":"a","public_key":"b","ttl_s":0}',
        b'{"type":"target","decision":' + b"[" * 100_000,
        b'{"type":"target","decision":{"x":' + b"[" * 100_000,
        b'{"type":"issued","certificate":"a","serial":"b","valid_before":1}',
    ],
)
def test_what_is_no_question_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        question(body)
