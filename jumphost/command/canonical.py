"""The one spelling of a list of literal commands: what is judged, approved, signed and run.

Reading it again with ``lexer.parse`` gives the same commands, and so does every shell of the Bourne family.
"""

import re
from collections.abc import Sequence

from jumphost.command.lexer import Redirection, Simple

_BARE = re.compile(r"[A-Za-z0-9_./-]+")


def quote(word: str, *, program: bool = False) -> str:
    """``word`` in single quotes unless it needs none; a program always has them, so that no alias applies."""
    if not program and _BARE.fullmatch(word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


def canonical(commands: Sequence[Simple]) -> str:
    """The text of ``commands``, one line but for newlines within words; "" for none."""
    return " ".join(
        [f"{command.joint} {_simple(command)}" if command.joint else _simple(command) for command in commands]
    )


def _simple(command: Simple) -> str:
    program, *operands = command.words
    words = [f"{name}={quote(value, program=True)}" for name, value in command.env]
    words.append(quote(program, program=True))
    words += operands if _are_bare(operands) else map(quote, operands)
    words += map(_redirection, command.redirects)
    return " ".join(words)


def _are_bare(words: Sequence[str]) -> bool:
    return "" not in words and _BARE.fullmatch("".join(words)) is not None


def _redirection(redirection: Redirection) -> str:
    default = redirection.fd == int(redirection.op[0] == ">")
    operator = f"{'' if default else redirection.fd}{redirection.op}"
    if redirection.path:
        return f"{operator} {quote(redirection.path)}"
    return operator if redirection.to < 0 else f"{operator}{redirection.to}"
