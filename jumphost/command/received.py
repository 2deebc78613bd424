"""What follows for standard input from the facts of a request: by them alone, no text is read here.

Gateway and signer ask it of a document that a policy worker made.
"""

import hashlib

from jumphost.command.readers import KINDS, Kind, takes
from jumphost.model.request import Command, Invocation, Stdin


def kind(command: Command) -> Kind:
    """What the command takes its standard input for: the strongest word of all its parts that may get to read it.

    A part in a pipe counts: what stands before it may hand on what it reads.
    """
    return max((takes(one) for one in reach(command)), key=KINDS.index, default="data")


def starved(command: Command) -> bool:
    """Whether a part of the line, as its profile knows, reads a standard input that would be at its end."""
    return any(
        one.parent < 0 and one.stdin == "inherit" and one.profile.matched and one.profile.stdin != ""
        for one in command.commands
    )


def literal(command: Command) -> bool:
    """Whether every program and every word of it is known as written, as ``command.literal`` of the library has it."""
    return command.tier == "literal" and bool(command.commands) and not command.opaque and not command.dynamic


def understood(stdin: Stdin) -> bool:
    """Whether all of it is known as written: only then may a rule alone let it run. Data runs nothing."""
    text = stdin.command
    if stdin.kind == "code":
        return literal(text)
    if stdin.kind == "sql":
        return bool(text.sql) and all(one.parse_ok for one in text.sql) and not text.opaque
    return True


def shown(stdin: Stdin) -> bool:
    """Whether the document holds every byte that would be run: only then can people have read it. Data may be any."""
    whole = hashlib.sha256(stdin.command.raw.encode()).hexdigest() == stdin.sha256
    return whole or stdin.kind not in ("code", "sql")


def reach(command: Command) -> list[Invocation]:
    """The parts that may get to read it."""
    return [one for one in command.commands if one.stdin in ("inherit", "pipe")]
