"""SQL text → its statements as words, read so strictly that every server and client would see the same ones.

What follows a comment, ends a string or names a variable differs between PostgreSQL, MariaDB, SQLite, their clients and
our parser. Such forms are not read at all: :class:`NotPlain`. Comments are gone from what is handed on.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final, Literal

MAX_BYTES: Final = 32 * 1024  # the parser takes up to half a second for it
MAX_DEPTH: Final = 24  # brackets and CASE; the parser overflows at 50
MAX_WORDS: Final = 8192
MAX_STATEMENTS: Final = 128

Dialect = Literal["postgres", "mysql", "sqlite"]
Kind = Literal["word", "name", "string", "number", "variable", "sign"]


class Reason(StrEnum):
    """Why SQL is not wholly known: what ``Sql.opaque`` holds. Append-only."""

    # the text
    TOO_LONG = "too_long"
    TOO_COMPLEX = "too_complex"
    TOO_DEEP = "too_deep"
    EMPTY = "empty"
    CHARACTER = "character"  # not ASCII, or a control character, outside of quotes
    BACKSLASH = "backslash"  # an escape to one server and none to another, or a command of psql
    COMMENT = "comment"  # run by some servers, nested to others, or never closed
    QUOTE = "quote"  # $$…$$, U&'…', E'…', _utf8'…', t.'…'
    VARIABLE = "variable"  # the client would put a value in: :x, ?, {x}
    CLIENT_COMMAND = "client_command"
    SYNTAX = "syntax"
    STATEMENT = "statement"  # one whose effects are not known

    # the call of the client
    FILE = "file"
    STDIN = "stdin"
    DYNAMIC = "dynamic"
    OPTION = "option"
    ABBREVIATION = "abbreviation"
    CONNECTION = "connection"  # a connection string that may hold options
    RCFILE = "rcfile"  # a file of the home folder is read first
    ENVIRONMENT = "environment"
    CLIENT = "client"  # a client that is not known


def words(text: str) -> frozenset[str]:
    """The words of a list that is written with blanks between them."""
    return frozenset(text.split())


class NotPlain(ValueError):
    """The text is not read, for ``reason``."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Token:
    """One word of SQL, as written but for the quotes of a name; ``at`` is its place in the statement's text."""

    kind: Kind
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of ``words`` (lower-case) and not in quotes."""
        return self.kind == "word" and self.text.lower() in words

    def is_sign(self, sign: str) -> bool:
        """Whether it is ``sign``."""
        return self.kind == "sign" and self.text == sign


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement: its text without comments and without ``;``, and its words (at least one)."""

    text: str
    tokens: tuple[Token, ...]


_STRING = r"(?<![A-Za-z0-9_$&@])'(?:[^'\\]|'')*'(?!')|(?<![A-Za-z0-9_$&@])(?:[xX]'[0-9A-Fa-f]*'|[bB]'[01]*')"
_DOUBLE = r'(?<![A-Za-z0-9_$&@])"(?:[^"\\]|"")+"'
_BACKTICK = r"(?<![A-Za-z0-9_$&@])`[^`\\]+`"
_SPACE = r"""(?P<space>[ \t\n]+|--(?=[ \t\n]|\Z)[^\n]*|/\*(?![!+]|[Mm]!)(?:[^*/]|\*(?!/)|/(?!\*))*\*/)"""
_NUMBER = r"(?P<number>(?:0[xX][0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_]))"
_WORD = r"(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
_SIGNS = r"(?!--|/\*)[(),.;+\-*/%<>=!|&~^"
_TOKENS: Final[dict[Dialect, re.Pattern[str]]] = {
    "postgres": re.compile(
        rf"{_SPACE}|(?P<string>{_STRING})|(?P<name>{_DOUBLE})|{_NUMBER}|{_WORD}|(?P<sign>::|{_SIGNS}\[\]#@])"
    ),
    "mysql": re.compile(
        rf"{_SPACE}|(?P<string>{_STRING}|{_DOUBLE})|(?P<name>{_BACKTICK})|{_NUMBER}|{_WORD}"
        rf"|(?P<variable>@@?[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>{_SIGNS}])"
    ),
    "sqlite": re.compile(
        rf"{_SPACE}|(?P<string>{_STRING})|(?P<name>{_DOUBLE}|{_BACKTICK})|{_NUMBER}|{_WORD}|(?P<sign>{_SIGNS}])"
    ),
}
_KINDS: Final[dict[str, Kind]] = {kind: kind for kind in ("word", "name", "string", "number", "variable", "sign")}
_OPENING: Final = frozenset("([")
_CLOSING: Final = {")": "(", "]": "["}
_UNREAD: Final = (  # what no pattern fits, by how it begins
    (re.compile(r"[^\x20-\x7e\t\n]"), Reason.CHARACTER),
    (re.compile(r"--|/\*|#"), Reason.COMMENT),
    (re.compile(r"['\"`$]"), Reason.QUOTE),
    (re.compile(r"[:?{}@]"), Reason.VARIABLE),
)
_VERTICAL = re.compile(r"\\[gG]\s*\Z")  # the end of a statement, to the client of MariaDB
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")  # in a string too: clients split lines at some
_CLIENT_LINE: Final[dict[Dialect, re.Pattern[str]]] = {  # what a client takes for itself within a statement
    "postgres": re.compile(r"(?!)"),
    "mysql": re.compile(r"\bdelimiter\b", re.IGNORECASE),
    "sqlite": re.compile(r"^[ \t]*(?:[.#]|(?:/|go)[ \t]*;?[ \t]*$)", re.IGNORECASE | re.MULTILINE),
}


def pieces(text: str, dialect: Dialect) -> list[Piece]:
    """The statements of ``text``; NotPlain with the first reason why not all of them are known."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise NotPlain(Reason.TOO_LONG)
    text = text.replace("\r\n", "\n")
    if dialect == "mysql":
        text = _VERTICAL.sub(";", text)
    if "\\" in text:
        raise NotPlain(Reason.BACKSLASH)
    if _HIDDEN.search(text):
        raise NotPlain(Reason.CHARACTER)
    if _CLIENT_LINE[dialect].search(text):
        raise NotPlain(Reason.CLIENT_COMMAND)
    found = list(islice(_statements(text, dialect), MAX_STATEMENTS + 1))
    if not found:
        raise NotPlain(Reason.EMPTY)
    if len(found) > MAX_STATEMENTS:
        raise NotPlain(Reason.TOO_COMPLEX)
    return found


def _statements(text: str, dialect: Dialect) -> Iterator[Piece]:
    tokens: list[Token] = []
    written: list[str] = []
    size = count = 0
    open_ones: list[str] = []
    for kind, part in _parts(text, dialect):
        if kind == "sign" and part == ";":
            if open_ones:
                raise NotPlain(Reason.SYNTAX)
            if tokens:
                yield Piece("".join(written), tuple(tokens))
            tokens, written, size = [], [], 0
            continue
        shown = " " if kind == "space" else part
        if kind != "space":
            count += 1
            _nest(kind, part, open_ones)
            if tokens and _is_odd(tokens[-1], kind, part):
                raise NotPlain(Reason.QUOTE)
            plain = part[1:-1].replace(part[0] * 2, part[0]) if kind == "name" else part
            tokens.append(Token(_KINDS[kind], plain, size))
            if count > MAX_WORDS:
                raise NotPlain(Reason.TOO_COMPLEX)
        written.append(shown)
        size += len(shown)
    if open_ones:
        raise NotPlain(Reason.SYNTAX)
    if tokens:
        yield Piece("".join(written), tuple(tokens))


def _parts(text: str, dialect: Dialect) -> Iterator[tuple[str, str]]:
    at, pattern = 0, _TOKENS[dialect]
    while at < len(text):
        found = pattern.match(text, at)
        if found is None or found.lastgroup is None:
            raise NotPlain(next((reason for form, reason in _UNREAD if form.match(text, at)), Reason.SYNTAX))
        yield found.lastgroup, found.group()
        at = found.end()


def _is_odd(before: Token, kind: str, part: str) -> bool:
    """Whether a string stands where only a name can: SQLite takes ``t.'x'`` for a column."""
    return (before.is_sign(".") and kind == "string") or (before.kind == "string" and part in (".", "("))


def _nest(kind: str, part: str, open_ones: list[str]) -> None:
    """Keeps the list of what is open: brackets must fit, CASE has its END."""
    if kind == "sign" and part in _CLOSING:
        if not open_ones or open_ones.pop() != _CLOSING[part]:
            raise NotPlain(Reason.SYNTAX)
    elif kind == "sign" and part in _OPENING:
        open_ones.append(part)
    elif kind == "word" and part.lower() == "case":
        open_ones.append("case")
    elif kind == "word" and part.lower() == "end" and open_ones and open_ones[-1] == "case":
        open_ones.pop()
    if len(open_ones) > MAX_DEPTH:
        raise NotPlain(Reason.TOO_DEEP)
