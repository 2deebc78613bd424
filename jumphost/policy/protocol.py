"""What the pool and its workers say to each other: MessagePack in frames of ``jumphost.child``.

The parent starts a worker with a :class:`Load` in sealed memory; the worker answers :class:`Ready`, then one
:class:`Reply` to each :class:`Call`. Both sides are of one version: nothing here is stored.
"""

from typing import Literal

import msgspec
from msgspec import Struct

from jumphost.errors import Code, Problem
from jumphost.policy.base import Submission

CALL_BYTES = 2 << 20  # a megabyte of judged standard input, a command and an identity
REPLY_BYTES = 4 << 20  # a document and an answer


class Module(Struct, frozen=True):
    """One Rego file: ``path`` names it in messages, ``package`` is what its header says (``a.b.c``)."""

    path: str
    package: str
    text: str
    test: bool = False  # never loaded to judge


class Bundle(Struct, frozen=True):
    """The library and a site's policies, read once: everything that decides. ``data`` is one JSON object."""

    modules: tuple[Module, ...]
    data: bytes = b"{}"
    revision: str = ""  # SHA-256, lower-case hex
    profiles: bytes = b""  # of programs, as ``command.profile.encode`` writes them
    detectors: bytes = b""  # of the site's own, as ``masking.custom.encode`` writes them


class Load(Struct, frozen=True):
    """What a worker starts with; one that is to ``review`` says what it finds in the text too, and ends."""

    modules: tuple[Module, ...]
    data: bytes
    cpu_s: int  # processor time for loading, and for each call
    memory: int  # bytes of address space
    review: Literal["", "part", "whole"] = ""  # of a bundle
    profiles: bytes = b""


class Ready(Struct, frozen=True):
    """The bundle was read; it may be evaluated only if there are no problems."""

    problems: tuple[Problem, ...] = ()


class Call(Struct, frozen=True, array_like=True):
    """Judge a submission, or a whole document where there is none; or only make the document."""

    number: int
    submission: Submission | None
    document: bytes = b""
    judge: bool = True


class Reply(Struct, frozen=True, array_like=True):
    """The engine's answer (JSON text), or the code of what stood against one."""

    number: int
    answer: bytes = b""
    code: Code | None = None
    message: str = ""
    detail: str = ""
    document: bytes = b""
    request_digest: str = ""
    input_digest: str = ""
    last: bool = False  # the worker ends after it


def fault(code: Code, message: str, detail: str = "") -> Reply:
    """The reply where no worker gave one."""
    return Reply(0, code=code, message=message, detail=detail)


encode = msgspec.msgpack.Encoder().encode
