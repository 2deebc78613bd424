"""A word of the syntax tree → its exact value, or why it has none; never half of one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from jumphost.command import tree
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.model.request import Word

LOCAL_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")  # a variable that no shell and hardly a program reads

_OPENS = {"*": Opaque.GLOB, "?": Opaque.GLOB, "[": Opaque.GLOB, "{": Opaque.BRACE, "}": Opaque.BRACE}
_MEANT_LITERALLY = frozenset({"[", "{}"})  # a program, and what `find` replaces
_NEVER_BARE = frozenset("()<>|&;\"' \t\n")  # a parser of another dialect left it in a word
_ESCAPED = re.compile(r'\\([$`"\\])')
_ANY_ESCAPED = re.compile(r"\\.", re.DOTALL)
_HIDDEN = re.compile(r"`|\$[\[({]")  # an expansion of another dialect
_NUMBERS_ONLY = re.compile(r"\$\(\([0-9+\-*/%() ]*\)\)")  # a name in it may hold what bash evaluates again
_ASSIGNS = frozenset({"=", ":="})
_EXPANSIONS = _ASSIGNS | {"-", ":-", "+", ":+", "?", ":?", "#", "##", "%", "%%", "^", "^^", ",", ",,"}
_REPLACED = frozenset({"*", "@"})  # parameters of many fields


@dataclass(slots=True)
class Reading:
    """What a word says. ``nested`` are the commands in it, each list with the form that holds it."""

    source: str
    value: str = ""
    why: dict[str, None] = field(default_factory=dict)
    opaque: list[str] = field(default_factory=list)
    nested: list[tuple[str, tuple[tree.Stmt, ...]]] = field(default_factory=list)
    one: bool = True  # exactly one field, whatever the values of variables and the names of files

    @property
    def literal(self) -> bool:
        """Whether ``value`` is exact."""
        return not self.why

    @property
    def word(self) -> Word:
        """As the document has it."""
        if self.literal:
            return Word(v=self.value)
        return Word(v="", k="dynamic", src=self.source, why=tuple(self.why))


def read(word: tree.Word, text: bytes) -> Reading:
    """What a word of a command or of a redirection says; ``text`` is the whole; NotLiteral if it is not understood."""
    found = _reading(word, text)
    if found.source in _MEANT_LITERALLY:
        found.value = found.source
        return found
    for part, last in _marked(word.parts):
        if isinstance(part, tree.Lit):
            _bare(part.value, found, first=part is word.parts[0], last=last)
        else:
            _part(part, found, text, quoted=False)
    return found


def read_text(word: tree.Word, text: bytes) -> Reading:
    """What a here-document holds, or a word within an expansion: of its value only what is expanded counts."""
    found = _reading(word, text)
    _within_quotes(word.parts, found, text)
    return found


def _reading(word: tree.Word, text: bytes) -> Reading:
    return Reading(text[word.pos.offset : word.end.offset].decode())


def _marked(parts: tuple[tree.Part, ...]) -> Iterator[tuple[tree.Part, bool]]:
    """Each with whether it is the last: a dollar before another part may mean something in another dialect."""
    return ((part, number == len(parts)) for number, part in enumerate(parts, 1))


def _within_quotes(parts: tuple[tree.Part, ...], found: Reading, text: bytes) -> None:
    for part, last in _marked(parts):
        if isinstance(part, tree.Lit):
            found.value += _quoted(part.value, last=last)
        else:
            _part(part, found, text, quoted=True)


def _part(part: tree.Part, found: Reading, text: bytes, *, quoted: bool) -> None:
    match part:
        case tree.SglQuoted(dollar=False):
            found.value += part.value
        case tree.DblQuoted(dollar=False):
            _within_quotes(part.parts, found, text)
        case tree.SglQuoted() | tree.DblQuoted():
            raise NotLiteral(Opaque.DOLLAR_QUOTE, part.pos.offset)
        case tree.CmdSubst():
            _substitution(part, found, text, quoted=quoted)
        case tree.ProcSubst():
            found.why[Opaque.PROCSUBST] = None
            found.nested.append(("procsubst", part.stmts))
        case tree.ParamExp():
            _parameter(part, found, text, quoted=quoted)
        case tree.ArithmExp():
            if not _NUMBERS_ONLY.fullmatch(text[part.pos.offset : part.end.offset].decode()):
                raise NotLiteral(Opaque.ARITH_EVAL, part.pos.offset)
            found.why[Opaque.ARITH] = None
        case _:
            raise NotLiteral(Opaque.GLOB, part.pos.offset)  # of bash: @(a|b)


def _bare(value: str, found: Reading, *, first: bool, last: bool) -> None:
    """Text outside quotes."""
    at, before = 0, "=" if first else ""
    while at < len(value):
        char, following = value[at], value[at + 1 : at + 2]
        if char == "\\":
            if following in ("", "\n"):
                raise NotLiteral(Opaque.CONTINUATION)
            found.value += following
            at, before = at + 2, "x"
            continue
        if char in _NEVER_BARE:
            raise NotLiteral(Opaque.SYNTAX)
        if char == "`" or (char == "$" and (following in ("[", "(", "{") if following else not last)):
            raise NotLiteral(Opaque.PARAM if following else Opaque.DOLLAR_QUOTE)
        if char in _OPENS:
            found.why[_OPENS[char]] = None
            found.one = False
        elif char == "~" and before in ("=", ":"):
            found.why[Opaque.TILDE] = None
        found.value += char
        at, before = at + 1, char


def _quoted(value: str, *, last: bool) -> str:
    """Text within double quotes, or in a here-document."""
    if "\\\n" in value:
        raise NotLiteral(Opaque.CONTINUATION)
    plain = _ANY_ESCAPED.sub("", value)
    if _HIDDEN.search(plain) or (plain.endswith("$") and not last):
        raise NotLiteral(Opaque.PARAM)
    return _ESCAPED.sub(r"\1", value)


def _substitution(part: tree.CmdSubst, found: Reading, text: bytes, *, quoted: bool) -> None:
    inside = text[part.left.offset : part.right.offset]
    if part.backquotes and (b"\\" in inside or (quoted and b'"' in inside)):
        raise NotLiteral(Opaque.CMDSUBST, part.pos.offset)  # what a backslash means there depends on what is around it
    found.why[Opaque.CMDSUBST] = None
    found.one &= quoted
    found.nested.append(("cmdsubst", part.stmts))


def _parameter(part: tree.ParamExp, found: Reading, text: bytes, *, quoted: bool) -> None:
    if part.excl or part.names:
        raise NotLiteral(Opaque.INDIRECT_EXPANSION, part.pos.offset)
    if part.index is not None or part.slice is not None:
        raise NotLiteral(Opaque.ARITH_EVAL, part.pos.offset)
    if part.repl is not None:
        raise NotLiteral(Opaque.PARAM, part.pos.offset)
    found.why[Opaque.PARAM] = None
    found.one &= quoted and part.param.value not in _REPLACED
    if part.exp is None:
        return
    if part.exp.op not in _EXPANSIONS:
        raise NotLiteral(Opaque.PARAM_TRANSFORM, part.pos.offset)
    if part.exp.op in _ASSIGNS and not LOCAL_NAME.fullmatch(part.param.value):
        found.opaque.append(Opaque.SHELL_VARIABLE)
    if part.exp.word is not None:
        inner = read_text(part.exp.word, text)
        found.opaque += inner.opaque
        found.nested += inner.nested
