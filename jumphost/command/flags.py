"""Words of an argv → flags with their values and operands, in the order in which the program itself would read them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

OPERAND: Final = ""  # the name under which operands come


class Unread(ValueError):
    """A word that the table does not know, or a flag without its value: what follows may be anything."""


class Given(NamedTuple):
    """A flag by its first name, or OPERAND; ``value`` is "" of a bare flag."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Table:
    """How a program's flags are written; each spelling (``-X``, ``--request``) leads to the name of its flag."""

    bare: Mapping[str, str]
    valued: Mapping[str, str]
    optional: Mapping[str, str] = field(default_factory=dict)  # a value only where it is glued to the flag
    equals: bool = True  # --flag=value is a form
    dash: bool = True  # a lone - is an operand
    short_equals: bool = False  # -f=value is -f value, as Go programs have it
    truth: bool = False  # --bare=true is --bare


def names(text: str) -> dict[str, str]:
    """A table from ``s:silent X:request retry``: the letter, if any, before the long name, which is the flag's name."""
    found: dict[str, str] = {}
    for item in text.split():
        short, colon, long = item.rpartition(":")
        if colon:
            found[f"-{short}"] = long
        found[f"--{long}"] = long
    return found


def walk(words: Iterable[str], table: Table) -> Iterator[Given]:
    """What ``words`` (without the program) say; flags may stand after operands, ``--`` ends them. Raises Unread.

    Long flags must be written in full: that some programs take abbreviations only makes them unread.
    """
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield from (Given(OPERAND, operand) for operand in rest)
        elif not word.startswith("-") or (word == "-" and table.dash):
            yield Given(OPERAND, word)
        elif word.startswith("--"):
            yield _long(word, rest, table)
        else:
            yield from _cluster(word, rest, table)


def _long(word: str, rest: Iterator[str], table: Table) -> Given:
    flag, equals, value = word.partition("=")
    if equals and table.equals and (name := table.valued.get(flag) or table.optional.get(flag)):
        return Given(name, value)
    if equals and table.truth and value == "true" and flag in table.bare:
        return Given(table.bare[flag], "")
    if word in table.valued:
        return Given(table.valued[word], _next(word, rest))
    if name := table.bare.get(word) or table.optional.get(word):
        return Given(name, "")
    raise Unread(word)


def _cluster(word: str, rest: Iterator[str], table: Table) -> Iterator[Given]:
    for at in range(1, len(word)):
        flag, glued = f"-{word[at]}", word[at + 1 :]
        if name := table.valued.get(flag):
            if table.short_equals:
                glued = glued.removeprefix("=")
            yield Given(name, glued or _next(flag, rest))
            return
        if name := table.optional.get(flag):
            yield Given(name, glued)
            return
        if flag not in table.bare:
            raise Unread(word)
        yield Given(table.bare[flag], "")
    if word == "-":
        raise Unread(word)


def _next(flag: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise Unread(flag)
    return value
