"""Options of a program, read as getopt_long does, but every one of them must be known and spelled whole.

Long options have no abbreviations here, so GNU's ``--ad=5`` is unknown.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from jumphost.command.wrapped.handed import FIND, PLACEHOLDER
from jumphost.model.request import Word

ANY: Final = re.compile(r".+", re.DOTALL)
COUNT: Final = re.compile(r"[0-9]{1,9}")
SIGNED: Final = re.compile(r"-?[0-9]{1,9}")
SECONDS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
USER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ASSIGNED: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


class UnknownOptionError(ValueError):
    """An option that is not in the table, or has a wrong value; ``word`` where it is not known what the word says."""

    def __init__(self, word: Word | None = None) -> None:
        super().__init__("an option is not known")
        self.word = word


@dataclass(frozen=True, slots=True)
class Options:
    """The options known of one program: ``bare`` alone, ``valued`` with what the value must be, each with dashes."""

    bare: frozenset[str] = frozenset()
    valued: Mapping[str, re.Pattern[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, bare: str = "", valued: Mapping[str, re.Pattern[str]] | None = None) -> "Options":
        """From lists with blanks: ``of("-n --quiet", {"-u --user": USER})``."""
        spelled = {name: check for names, check in (valued or {}).items() for name in names.split()}
        return cls(frozenset(bare.split()), spelled)


@dataclass(slots=True)
class Split:
    """The options of a call in order, a bare one with "", and the operands."""

    found: list[tuple[str, str]] = field(default_factory=list)
    operands: list[Word] = field(default_factory=list)
    ended: bool = False  # by --

    def has(self, *names: str) -> bool:
        """Whether one of the options is there."""
        return any(name in names for name, _ in self.found)

    def values(self, *names: str) -> list[str]:
        """The values of these options in order."""
        return [value for name, value in self.found if name in names]

    def last(self, *names: str) -> str:
        """The value of the last of these, which is the one that counts; "" for none."""
        return next(reversed(self.values(*names)), "")


def split(words: Sequence[Word], options: Options, *, permute: bool = False) -> Split:
    """Options and operands of ``words`` (without the program); UnknownOptionError if one is not in the table.

    The first operand ends the options, unless ``permute``: GNU getopt then looks for them to the end, or to ``--``.
    """
    result, at = Split(), 0
    while at < len(words):
        word = words[at]
        if _is_path_of_find(word) or (word.k == "literal" and (word.v == "-" or not word.v.startswith("-"))):
            if not permute:
                break
            result.operands.append(word)
            at += 1
        elif word.k == "dynamic":
            raise UnknownOptionError(word)
        elif word.v == "--":
            at, result.ended = at + 1, True
            break
        else:
            at = _option(words, at, options, result)
    result.operands += words[at:]
    return result


def _is_path_of_find(word: Word) -> bool:
    """A path that begins as an operand of ``find`` does, so never with a dash."""
    return word.k == "dynamic" and word.why == (FIND,) and word.src == PLACEHOLDER


def _option(words: Sequence[Word], at: int, options: Options, result: Split) -> int:
    """Reads the option, or the cluster of them, at ``at``; the index after it and its value."""
    text = words[at].v
    if text.startswith("--"):
        name, equals, value = text.partition("=")
        if not equals and name in options.bare:
            result.found.append((name, ""))
            return at + 1
        return _valued(words, at, name, value if equals else None, options, result)
    for number, letter in enumerate(text[1:], 2):
        name = f"-{letter}"
        if name not in options.bare:
            return _valued(words, at, name, text[number:] or None, options, result)
        result.found.append((name, ""))
    return at + 1


def _valued(words: Sequence[Word], at: int, name: str, glued: str | None, options: Options, result: Split) -> int:
    check = options.valued.get(name)
    if check is None:
        raise UnknownOptionError
    if glued is None:
        at += 1
        if at == len(words):
            raise UnknownOptionError
        if words[at].k == "dynamic":
            raise UnknownOptionError(words[at])
    value = words[at].v if glued is None else glued
    if not check.fullmatch(value):
        raise UnknownOptionError
    result.found.append((name, value))
    return at + 1
