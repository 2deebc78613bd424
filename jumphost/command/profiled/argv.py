"""An argv split by the grammar of its program: which words are flags, values, verbs and operands; nothing is checked.

Exact where the real parsers are lenient: no abbreviations, no second reading. The first word that is not understood
ends what is certain; behind it only the names of unknown flags are gathered.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from jumphost.command.profiled.grammar import NUMBER, Flag, Level, bare_name
from jumphost.command.profiled.profile import Style

_NUMBER = re.compile(r"-([0-9]+)")
_KEYWORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*=")


class Split(Struct):
    """What was read; ``fault`` says what was not understood, "" if all was."""

    level: Level
    flags: list[tuple[Flag, str | None]] = []  # None: without a value
    operands: list[str] = []
    verb: list[str] = []
    unknown: list[str] = []  # flags
    fault: str = ""

    def wrong(self, fault: str) -> None:
        """Keeps the first fault."""
        self.fault = self.fault or fault

    def unknown_flag(self, name: str) -> None:
        """Notes a flag that the profile does not have here."""
        self.unknown.append(name)
        self.wrong(f"{name}: unknown flag")


def split(words: Sequence[str], top: Level, style: Style, *, hasty: bool = False) -> Split:
    """Reads the words behind the program; ``hasty`` up to the first fault only."""
    found = Split(top)
    read, ended = _READERS.get(style, _gnu), style not in _READERS
    dashed = style in _ENDED_BY_DASHES  # what does not begin with a dash is no flag
    at = 0
    while at < len(words) and not (hasty and found.fault):
        word = words[at]
        if not (ended or (dashed and word[:1] != "-")):
            if dashed and word == "--":
                ended = True
                at += 1
                continue
            if taken := read(words, at, found):
                at += taken
                continue
        if not ended and not found.operands and (below := found.level.verbs.get(word)):
            found.verb.append(word)
            found.level = below
        else:
            found.operands.append(word)
            ended = ended or style in _ENDED_BY_OPERAND
        at += 1
    if not found.level.bare:
        found.wrong(f"{found.operands[0]}: unknown verb" if found.operands else "no verb")
    return found


_Reader = Callable[[Sequence[str], int, Split], int]
"""Reads the flag at a place, if one is there; gives the number of words that it took."""


def _gnu(words: Sequence[str], at: int, found: Split) -> int:
    word = words[at]
    if len(word) < 2 or word[0] != "-":
        return 0
    if word[1] == "-":
        name, equals, value = word.partition("=")
        return _named(name, value if equals else None, words, at, found)
    if (number := _NUMBER.fullmatch(word)) and (flag := found.level.flags.get(NUMBER)):
        found.flags.append((flag, number[1]))
        return 1
    return _cluster(word, words, at, found)


def _cluster(word: str, words: Sequence[str], at: int, found: Split) -> int:
    for place, letter in enumerate(word[1:], 2):
        flag = found.level.flags.get(f"-{letter}")
        if flag is None:
            found.unknown_flag(f"-{letter}")
            return 1
        if flag.take is None:
            found.flags.append((flag, None))
        elif glued := word[place:]:
            if glued[0] == "=" and not flag.equals:
                found.wrong(f"{flag.name}: programs differ in how they read {glued!r}")
            found.flags.append((flag, glued))
            return 1
        elif flag.optional:
            found.flags.append((flag, None))
        else:
            return _value(flag, words, at, found)
    return 1


def _single(words: Sequence[str], at: int, found: Split) -> int:
    word = words[at]
    if (flag := found.level.flags.get(word)) is None:
        if len(word) < 2 or word[0] != "-":
            return 0
        found.unknown_flag(word)
        return 1
    if flag.take is None or flag.optional:
        found.flags.append((flag, None))
        return 1
    return _value(flag, words, at, found)


def _go(words: Sequence[str], at: int, found: Split) -> int:
    word = words[at]
    if len(word) < 2 or word[0] != "-":
        return 0
    name, equals, value = word.partition("=")
    return _named(name, value if equals else None, words, at, found, key=bare_name(name))


def _keyword(words: Sequence[str], at: int, found: Split) -> int:
    word = words[at]
    name, equals, value = word.partition("=")
    flag = found.level.flags.get(name + equals)
    if flag is not None and (flag.take is None) != bool(equals):
        found.flags.append((flag, value if equals else None))
        return 1
    if word[:1] == "-" or _KEYWORD.match(word):
        found.unknown_flag(name + equals)
        return 1
    return 0


def _named(name: str, value: str | None, words: Sequence[str], at: int, found: Split, *, key: str = "") -> int:
    """A flag by its whole name, with what stands behind its ``=``."""
    flag = found.level.flags.get(key or name)
    if flag is None:
        found.unknown_flag(name)
    elif flag.take is None or value is not None or flag.optional:
        if flag.take is None and value is not None:
            found.wrong(f"{name}: takes no value")
        found.flags.append((flag, value))
    else:
        return _value(flag, words, at, found)
    return 1


def _value(flag: Flag, words: Sequence[str], at: int, found: Split) -> int:
    """A flag whose value is the next word."""
    if at + 1 == len(words):
        found.wrong(f"{flag.name}: no value")
        return 1
    found.flags.append((flag, words[at + 1]))
    return 2


_ENDED_BY_DASHES: Final = frozenset({"gnu", "posix", "go"})
_ENDED_BY_OPERAND: Final = frozenset({"posix", "go"})
_READERS: Final[dict[Style, _Reader]] = {
    "gnu": _gnu,
    "posix": _gnu,
    "single": _single,
    "go": _go,
    "keyword": _keyword,
}
