"""The standard input that a caller sends: the facts of its bytes."""

import hashlib
import posixpath
from collections.abc import Sequence
from typing import Final, Protocol

from msgspec.structs import replace

from jumphost.command.facts import analyse
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.command.readers import CLIENTS, SHELLS, takes
from jumphost.command.received import kind, reach
from jumphost.command.secrets import found as secrets
from jumphost.command.sql import facts as sql
from jumphost.command.sql.words import Reason
from jumphost.command.text import decode, printable
from jumphost.model.request import Command, Invocation, Sql, Stdin, StdinMode

_DIALECTS: Final = {"sh": "sh", "dash": "sh", "bash": "bash"}  # of shells; for others no text is structured
_QUIET: Final = frozenset({":", "[", "cd", "echo", "export", "printf", "pwd", "test", "true", "umask"})
_ALTERED: Final = {
    "code": Opaque.SHELL_STDIN.value,
    "sql": Opaque.SQL_OPAQUE.value,
}  # why it is opaque where others read or change it first


_HIDING: Final = frozenset({Opaque.SHELL_STDIN.value, Opaque.SQL_OPAQUE.value})


class Reading(Protocol):
    """Facts of a text, as ``facts.analyse`` has them."""

    def __call__(self, raw: bytes, *, dialect: str) -> Command:
        """Never raises."""


def facts(data: bytes, command: Command, *, mode: StdinMode, read: Reading = analyse) -> Stdin:
    """What is known of the bytes that the command would read, whole; ``read`` is for code. Never raises.

    Code of a shell has the facts of a command line; what other interpreters would do with it is not known. Both code
    and SQL are opaque where another part of the command may read some of it first, hand on something else, or run what
    is left of it.
    """
    what, digest = kind(command), hashlib.sha256(data).hexdigest()
    known = Stdin(mode=mode, kind=what, bytes=len(data), sha256=digest)
    if what == "data":
        return known
    takers = [one for one in reach(command) if takes(one) != "data"]
    readers = [one for one in takers if takes(one) == what]
    opaque = [] if len(takers) == 1 and _reads_all(takers[0], command) else [_ALTERED[what]]
    text = Command(raw=printable(data), sha256=digest, bytes=len(data), dialect=what)
    if what == "sql":
        found = tuple(_sql(data, one, command) for one in readers)
        text = secrets.described(replace(text, sql=found))
        opaque += [reason for one in found for reason in one.opaque]
    elif strange := [one.program for one in readers if one.program not in SHELLS]:
        text = secrets.described(text)
        opaque += [f"{Opaque.INTERPRETER.value}:{program}" for program in strange]
    else:
        text = read(data, dialect=_dialect(readers))
        opaque += text.opaque
        if kind(text) != "data":  # a part of the script would run, as another language, what stands after it
            opaque.append(_ALTERED[what])
    return replace(known, command=replace(text, opaque=tuple(dict.fromkeys(opaque))))


def seen(command: Command, given: Stdin) -> Command:
    """The command without the reasons that its standard input is not known, where that is what the caller sends.

    No code and no SQL of a caller runs unseen: its input is closed, or judged, and has facts and reasons of its own.
    SQL that was judged stands among that of the command too: what a rule says of all its SQL, it says of this.
    """
    if not (command.sql or given.command.sql) and _HIDING.isdisjoint(command.opaque):
        return command
    own = {one.id for one in command.commands if _reads_all(one, command)}
    code = {one.id for one in command.commands if takes(one) == "code"}
    rest = tuple(found for one in command.sql if (found := _without_input(one) if one.cmd in own else one))
    gone = {
        Opaque.SHELL_STDIN.value: bool(code) and code <= own,
        Opaque.SQL_OPAQUE.value: rest != command.sql and not any(one.opaque for one in rest),
    }
    sent = tuple(one for one in given.command.sql if one.cmd in own)
    return replace(
        command, sql=(*rest, *sent), opaque=tuple(reason for reason in command.opaque if not gone.get(reason))
    )


def _reads_all(reader: Invocation, command: Command) -> bool:
    """Whether it gets the bytes as they came: from no pipe, and with nothing before it that may read some of them."""
    parents = {one.id: one.parent for one in command.commands}
    above: set[int] = set()
    at = reader.parent
    while at in parents and at not in above:
        above.add(at)
        at = parents[at]
    return reader.stdin == "inherit" and not any(
        one.id < reader.id and one.id not in above and not _reads_nothing(one) for one in reach(command)
    )


def _reads_nothing(one: Invocation) -> bool:
    """Neither it nor what it runs."""
    return one.program in _QUIET or (one.profile.matched and one.profile.stdin == "" and not one.wrapper)


def _dialect(shells: Sequence[Invocation]) -> str:
    dialects = {_DIALECTS.get(one.program, one.program) for one in shells}
    return dialects.pop() if len(dialects) == 1 else "sh or bash"


def _sql(data: bytes, reader: Invocation, command: Command) -> Sql:
    """``command.sql`` may have more to say of how the reader is called, beside that its SQL is not there."""
    called = next((one for one in command.sql if one.cmd == reader.id and one.source == "stdin"), None)
    reasons = tuple(reason for reason in called.opaque if reason != Reason.STDIN.value) if called else ()
    dialect = CLIENTS.get(posixpath.basename(reader.program))
    try:
        text = decode(data)
        if dialect is not None:
            return sql.of_text(text, dialect, "stdin", reader.id, reasons)
        fault = Reason.CLIENT.value
    except NotLiteral as error:
        fault = error.reason.value
    return Sql(reader.id, dialect or "", "stdin", "", parse_ok=False, opaque=(*reasons, fault))


def _without_input(call: Sql) -> Sql | None:
    """What else is to be said of a call whose SQL is what the caller sends; None if nothing is."""
    if call.source != "stdin":
        return call
    others = tuple(reason for reason in call.opaque if reason != Reason.STDIN.value)
    return replace(call, opaque=others) if others else None
