"""Text → syntax tree, by ``shfmt`` in a child that holds nothing, writes nothing and has little time.

Measured (median on two cores): 4 ms, nearly all of it the start; 0.1 to 0.3 s of processor for the largest texts within
the limits below, which the deadline ends.
"""

import re
from functools import cache
from importlib.metadata import distribution
from typing import Final

import msgspec

from jumphost import child
from jumphost.command import tree
from jumphost.command.lexer import MAX_OPERATORS
from jumphost.command.opaque import NotLiteral, Opaque

MAX_BYTES: Final = 8192  # of a text for this tier: the JSON of 4 KiB of `a|a|…` has 437 MB
MAX_LINES: Final = 256
MAX_BRACKETS: Final = 96  # that open something, quoted or not
MAX_DEPTH: Final = 16  # of those
DEADLINE_S: Final = 0.15  # of wall time: policy.deadline_ms, which is 250, has to do for all that is done with a text
MAX_CLAUSES: Final = 64  # words that open or continue a compound command, wherever they stand

_MEMORY = 96 << 20  # bytes it may write to; the worst text within the limits above takes 60 MiB with the program
_CPU_S = 1
_OUTPUT_BYTES = 4 << 20  # 64 pipes make 0.5 MiB
_ENVIRONMENT = {"GOMAXPROCS": "1", "GOTRACEBACK": "none"}

_COMMENT_CONTINUATION = re.compile(  # shfmt reads `ls #\⏎rm` as one command, shells as two
    r"^[^#\n]*#[^\n]*\\\n", re.MULTILINE
)
_CONTINUATION = re.compile(r"(?<![ \t])\\\n")
_OPERATOR = re.compile(r"\|\||&&|[|&;]")
_BRACKET = re.compile(r"[({`]|[)}]")
_CLAUSE = re.compile(r"\b(?:if|elif|for|while|until|case|select|function|time|coproc)\b|!")
LANGUAGES: Final = {"sh": "posix", "bash": "bash"}


def parse(text: str, dialect: str) -> tree.File:
    """The tree of ``text`` in ``sh`` or ``bash``; NotLiteral with the reason why there is none."""
    _check(text)
    arguments = [_program(), f"--language-dialect={LANGUAGES[dialect]}", "--to-json"]
    try:
        printed = child.filtered(
            arguments,
            text.encode(),
            memory=_MEMORY,
            cpu_s=_CPU_S,
            deadline_s=DEADLINE_S,
            output_bytes=_OUTPUT_BYTES,
            environment=_ENVIRONMENT,
        )
        return msgspec.json.decode(printed, type=tree.File)
    except TimeoutError:
        raise NotLiteral(Opaque.PARSER_TIMEOUT) from None
    except ChildProcessError as error:
        raise NotLiteral(Opaque.SYNTAX if error.errno == 1 else Opaque.PARSER_FAILED) from None
    except RecursionError:
        raise NotLiteral(Opaque.TOO_DEEP) from None
    except (OSError, ValueError):  # msgspec's errors are ValueErrors
        raise NotLiteral(Opaque.PARSER_FAILED) from None


def _check(text: str) -> None:
    """What is refused before the parser sees it, in text of any meaning: quoted, a comment, a here-document."""
    if len(text.encode()) > MAX_BYTES:
        raise NotLiteral(Opaque.TOO_LONG)
    if found := _COMMENT_CONTINUATION.search(text):
        raise NotLiteral(Opaque.COMMENT_CONTINUATION, text.index("#", found.start()))
    if found := _CONTINUATION.search(text):
        raise NotLiteral(Opaque.CONTINUATION, found.start())
    depth = brackets = 0
    for found in _BRACKET.finditer(text):
        opens = found[0] not in ")}"
        depth = max(0, depth + (1 if opens else -1))
        brackets += opens
        if depth > MAX_DEPTH and "`" not in found[0]:
            raise NotLiteral(Opaque.TOO_DEEP, found.start())
    for count, most in (
        (brackets, MAX_BRACKETS),
        (text.count("\n"), MAX_LINES),
        (len(_OPERATOR.findall(text)), MAX_OPERATORS),
        (len(_CLAUSE.findall(text)), MAX_CLAUSES),
    ):
        if count > most:
            raise NotLiteral(Opaque.TOO_COMPLEX)


@cache
def _program() -> str:
    """Where the package has put it: not what some PATH holds."""
    found = next(file for file in distribution("shfmt-py").files or () if file.name == "shfmt")
    return str(found.locate())
