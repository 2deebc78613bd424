"""``find -exec`` and ``xargs``: programs that run another one with words which are not in the text."""

import re
from collections.abc import Sequence
from typing import Final

from jumphost.command.wrapped.handed import FIND, NOTHING, PLACEHOLDER, XARGS, Child, Handed, Readers, hidden, reason
from jumphost.command.wrapped.options import ANY, COUNT, Options, split
from jumphost.model.request import Invocation, Word

_EXECUTES: Final = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_BARE: Final = frozenset(
    {
        *("!", "(", ")", ",", "-a", "-and", "-daystart", "-depth", "-empty", "-executable", "-false", "-follow"),
        *("-mount", "-not", "-o", "-or", "-print", "-print0", "-prune", "-quit", "-readable", "-true", "-writable"),
        *("-xdev", "-H", "-L", "-P"),
    }
)
_VALUED: Final = frozenset(
    {
        *("-amin", "-atime", "-cmin", "-ctime", "-gid", "-group", "-ilname", "-iname", "-inum", "-ipath", "-iregex"),
        *("-links", "-lname", "-maxdepth", "-mindepth", "-mmin", "-mtime", "-name", "-newer", "-path", "-perm"),
        *("-printf", "-regex", "-regextype", "-size", "-type", "-uid", "-used", "-user", "-wholename", "-xtype"),
    }
)


def _find(invocation: Invocation, _dialect: str) -> Handed:
    """The programs of ``-exec`` and its like; ``whole`` if the rest of the expression only looks."""
    words = invocation.argv[1:]
    if not any(word.k == "literal" and word.v in _EXECUTES for word in words):
        return NOTHING
    if any(word.k == "dynamic" and FIND not in word.why for word in words):
        return hidden(reason("find"))  # it may be what ends the operands of -exec
    children, at, whole = [], 0, True
    while at < len(words):
        word = words[at].v
        if word in _EXECUTES:
            end = _end(words, at + 1)
            if end is None:
                return hidden(reason("find"))
            children.append(Child(words=_replaced(words[at + 1 : end], PLACEHOLDER, FIND), repeated=True))
            at = end
        elif word in _VALUED:
            at += 1
        elif word not in _BARE and word.startswith("-"):
            whole = False
        at += 1
    if not all(child.words for child in children):
        return hidden(reason("find"))
    return Handed(children=tuple(children), whole=whole)


def _end(words: Sequence[Word], start: int) -> int | None:
    """Where the operands of an ``-exec`` end: ``;``, or ``+`` behind ``{}``; None for another ``+`` or neither."""
    for at in range(start, len(words)):
        if words[at].v == ";":
            return at
        if words[at].v == "+":
            return at if at > start and words[at - 1].v == PLACEHOLDER else None
    return None


def _xargs(invocation: Invocation, _dialect: str) -> Handed:
    """The words of its input, or of a file, come last, or wherever the text of ``-I`` stands."""
    found = split(invocation.argv[1:], _XARGS)
    words = tuple(found.operands) or (Word(v="echo"),)
    if mark := found.last("-I"):
        if found.has("-n", "--max-args", "-L", "--max-lines"):
            return hidden(reason("xargs"))  # the last of them counts, or not, by version
        words = _replaced(words, mark, XARGS)
    else:
        words = (*words, Word(v="", k="dynamic", why=(XARGS,)))
    files = found.values("-a", "--arg-file")
    return Handed(children=(Child(words=words, closed=not files, repeated=True),), reads=tuple(files))


def _replaced(words: Sequence[Word], mark: str, why: str) -> tuple[Word, ...]:
    return tuple(
        Word(v="", k="dynamic", src=word.v, why=(why,)) if word.k == "literal" and mark in word.v else word
        for word in words
    )


_XARGS: Final = Options.of(
    "-0 -r -t -x --null --no-run-if-empty --verbose --exit",
    {
        "-n --max-args": COUNT,
        "-P --max-procs": COUNT,
        "-L --max-lines": COUNT,
        "-s --max-chars": COUNT,
        "-d --delimiter": re.compile(r"\\?.|\\[0x][0-9a-fA-F]{1,3}", re.DOTALL),
        "-I": ANY,
        "-E": ANY,
        "-a --arg-file": ANY,
    },
)

READERS: Final[Readers] = {"find": _find, "xargs": _xargs}
"""Read beside the help of findutils 4.9.0 and busybox 1.35."""
