"""The SQL of a command: what its clients would send, and what each statement touches."""

from collections.abc import Iterator
from typing import Final, get_args

from msgspec.structs import replace

from jumphost.command.opaque import Opaque
from jumphost.command.sql.client import CLIENTS, read
from jumphost.command.sql.plain import STARTS
from jumphost.command.sql.words import Dialect, NotPlain, Piece, Reason, pieces
from jumphost.model.request import Command, Sql, Statement

_DIALECTS: Final[dict[str, Dialect]] = {dialect: dialect for dialect in get_args(Dialect)}


def load() -> None:
    """Imports the parser now (0.2 s) and not at the first statement: for a process that is about to be confined."""
    for dialect in _DIALECTS:
        of_text("select 1", dialect, "", -1)


def described(command: Command) -> Command:
    """``command`` with its SQL; ``sql_opaque`` is among its opaque reasons if any of that is not wholly known."""
    found = of_command(command)
    if not found:
        return command
    if not any(one.opaque for one in found):
        return replace(command, sql=found)
    return replace(command, sql=found, opaque=tuple(dict.fromkeys((*command.opaque, Opaque.SQL_OPAQUE.value))))


def of_command(command: Command) -> tuple[Sql, ...]:
    """Every text that a client of a database would run, in order; one without text where that is not in the command."""
    return tuple(_found(command))


def of_text(text: str, dialect: str, source: str, cmd: int, reasons: tuple[str, ...] = ()) -> Sql:
    """The facts of ``text``, sent by invocation ``cmd`` (-1: none) that had it from ``source``; never raises.

    ``opaque`` begins with ``reasons``. A text over MAX_BYTES is not kept. Of a dialect that is not known none is read.
    """
    found: list[Statement] = []
    faults: dict[str, None] = {}
    try:
        known = _DIALECTS.get(dialect)
        if known is None:
            raise NotPlain(Reason.CLIENT)
        found += [_statement(piece, known, faults) for piece in pieces(text, known)]
    except NotPlain as fault:
        faults[fault.reason.value] = None
    return Sql(
        cmd=cmd,
        dialect=dialect,
        source=source,
        text=text if Reason.TOO_LONG not in faults else "",
        parse_ok=not faults,
        opaque=tuple(dict.fromkeys((*reasons, *faults))),
        statements=tuple(found),
    )


def _statement(piece: Piece, dialect: Dialect, faults: dict[str, None]) -> Statement:
    from jumphost.command.sql.tree import statement

    try:
        return statement(piece, dialect)
    except NotPlain as fault:
        faults[fault.reason.value] = None
        first = piece.tokens[0]
        return Statement(kind=first.text.lower() if first.is_word(*STARTS) else "", read_only=False)


def _found(command: Command) -> Iterator[Sql]:
    for invocation in command.commands:
        if (client := CLIENTS.get(invocation.program.rpartition("/")[2])) is None:
            continue
        call = read(client, invocation)
        for source, text in call.texts:
            yield of_text(text, call.dialect, source, invocation.id, call.reasons)
        for source, reason in call.elsewhere:
            reasons = tuple(dict.fromkeys((*call.reasons, reason.value)))
            yield Sql(invocation.id, call.dialect, source, "", parse_ok=False, opaque=reasons)
