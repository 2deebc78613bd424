"""Argv profiles: per program the flags, values, operands and verbs that are known, and what a call of that form does.

Data, as a file of profiles says it (``profile_reading``) and as a policy worker gets it. ``grammar`` makes of it what
is matched; whatever a profile does not name is no match.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct

Style = Literal["gnu", "posix", "single", "go", "keyword", "words"]
"""How flags are written.

gnu: ``-abc``, ``-n5``, ``-n 5``, ``--x=v``, ``--x v``, anywhere up to ``--``; posix: the same, up to the first operand;
single: each ``-word`` is one flag (find, java); go: ``-x v``, ``-x=v``, ``--x v``, ``--x=v`` up to the first operand;
keyword: ``key=value`` (dd); words: no word is a flag (echo).
"""
When = Literal["always", "no_operands", "never"]
Derived = Literal["", "sql", "http"]
Reads = Literal["", "data", "code", "sql"]
Many = Literal["", "?", "*", "+"]

EFFECTS: Final = frozenset(
    {
        *("cloud_read", "cloud_write", "cluster_read", "cluster_write", "container_exec", "db_read", "db_write"),
        *("exec_child", "fs_delete", "fs_read", "fs_write", "net_read", "net_write", "package_write", "privilege"),
        *("proc_read", "proc_state", "secret_read", "service_state", "stdin_filter", "system_read", "system_write"),
    }
)


class Check(Struct, frozen=True):
    """What a value may be: the name of one in ``checks``, with the words or the checks that it takes."""

    name: str
    words: tuple[str, ...] = ()
    inner: tuple["Check", ...] = ()


class Flag(Struct, frozen=True):
    """One flag; ``check`` is None for a bare one."""

    names: tuple[str, ...]  # the first is its name in the document
    check: Check | None = None
    optional: bool = False  # the value may be missing, and stands glued to the name where it does not
    many: bool = False  # may be given more than once
    instead: bool = False  # takes the place of the first operand: grep -e PATTERN
    effects: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()  # flags that may not be given with it


class Operand(Struct, frozen=True):
    """The check of one operand, of one that may be missing (?), or of any number of them (*, +)."""

    check: Check
    many: Many = ""


class Stdin(Struct, frozen=True):
    """What is read there, and when; ``without``: only if none of these flags is given."""

    reads: Reads
    when: When = "always"
    without: tuple[str, ...] = ()


class Form(Struct, frozen=True):
    """What may follow a program or a verb."""

    effects: tuple[str, ...] = ()
    effects_from: Derived = ""
    unless_read: tuple[str, ...] = ()  # effects as well, where the SQL or the HTTP is not known only to read
    stdin: Stdin | None = None
    flags: tuple[Flag, ...] = ()
    requires: tuple[str, ...] = ()  # flags that must be given
    operands: tuple[Operand, ...] = ()
    verbs: dict[str, "Form"] = {}
    bare: bool = False  # may be called without any of the verbs
    only_before: bool = False  # its flags stand before the verb alone


class Example(Struct, frozen=True):
    """A command line that matches, and what must be found in it where that is said."""

    run: str
    effects: tuple[str, ...] | None = None
    reads: tuple[str, ...] | None = None
    writes: tuple[str, ...] | None = None
    deletes: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None


class Profile(Struct, frozen=True):
    """All forms in which a program may be called; the first that fits is what is said of a call."""

    program: str
    summary: str
    forms: tuple[Form, ...]
    style: Style = "gnu"
    verified: bool = False  # each flag was looked up in the real program
    source: str = ""
    allow: tuple[Example, ...] = ()
    refuse: tuple[str, ...] = ()
    file: str = ""
    line: int = 0


def encode(profiles: Mapping[str, Profile]) -> bytes:
    """MessagePack of profiles, for :func:`decode` of the same version; examples are left out."""
    return msgspec.msgpack.encode([msgspec.structs.replace(one, allow=(), refuse=()) for one in profiles.values()])


def decode(data: bytes) -> dict[str, Profile]:
    """The profiles by program; b"" holds none."""
    if not data:
        return {}
    return {one.program: one for one in msgspec.msgpack.decode(data, type=tuple[Profile, ...])}
