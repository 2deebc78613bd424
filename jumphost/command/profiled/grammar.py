"""A profile made ready to match: its names looked up and its checks made functions, once for all commands."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from jumphost.command.profiled import profile
from jumphost.command.profiled.checks import Taken, Taker, taker, takes_path
from jumphost.command.profiled.profile import Check, Derived, Form, Operand, Profile, Stdin, Style

NUMBER: Final = "-NUM"  # the name of a flag that is a number: head -20
_LIKE_FLAGS: Final = frozenset({"any", "date", "delimiter"})  # checks of words that may begin with -
_WITH_EQUALS: Final = frozenset({"delimiter", "regex"})
_NO_STDIN: Final = Stdin("", "never")


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag under any of its names; ``take`` is None if it is bare."""

    name: str
    take: Taker | None
    optional: bool
    many: bool
    equals: bool  # the value of a short one may begin with =, which getopt takes as it is and others drop
    instead: bool
    effects: tuple[str, ...]
    excludes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Operands:
    """The checks of operands in their order: ``first``, those of ``optional`` that are there, ``many``, ``last``."""

    first: tuple[Taker, ...] = ()
    optional: tuple[Taker, ...] = ()
    many: Taker | None = None
    least: int = 0  # of many
    last: tuple[Taker, ...] = ()
    files: bool = False  # whether one of them may be a file

    def takers(self, count: int, instead: int = 0) -> Sequence[Taker] | None:
        """One for each of ``count`` operands; None if there may not be so many or so few.

        ``instead``: how many of the first are not there because flags stand for them.
        """
        first = self.first[instead:] if instead else self.first
        if count == len(first) and not (self.least or self.last):
            return first
        room = count - len(first) - len(self.last)
        optional = self.optional[: max(room, 0)]
        room -= len(optional)
        if room < self.least or (room and self.many is None):
            return None
        return (*first, *optional, *((self.many,) * room if self.many else ()), *self.last)


@dataclass(frozen=True, slots=True)
class Level:
    """Where a reader of words stands: behind the program or a verb, with all that is known from there and above."""

    flags: Mapping[str, Flag]  # by every name
    names: Mapping[str, str]  # of all flags that may have been given, to the first of each
    verbs: Mapping[str, "Level"]
    bare: bool
    requires: frozenset[str]
    effects: tuple[str, ...]  # sorted
    effects_from: Derived
    unless_read: tuple[str, ...]
    stdin: Stdin
    operands: Operands


@dataclass(frozen=True, slots=True)
class Grammar:
    """A profile, ready."""

    program: str
    style: Style
    verified: bool
    forms: tuple[Level, ...]


class Grammars:
    """Grammars by program, each made when it is first asked for; as good as constant."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._profiles = dict(profiles)
        self._ready: dict[str, Grammar] = {}

    def get(self, program: str) -> Grammar | None:
        """The grammar of a program; None if it has no profile."""
        if (ready := self._ready.get(program)) is not None:
            return ready
        if (known := self._profiles.get(program)) is None:
            return None
        return self._ready.setdefault(program, grammar(known))


NONE: Final = Grammars({})


def grammar(known: Profile) -> Grammar:
    """Raises ValueError for checks that ``profile_reading`` would not take."""
    return Grammar(
        known.program, known.style, known.verified, tuple(_level(form, _TOP, known.style) for form in known.forms)
    )


def bare_name(name: str) -> str:
    """The name of a flag of style ``go`` without its dashes, of which one is as good as two."""
    return name.removeprefix("-").removeprefix("-")


_TOP: Final = Level(
    flags={},
    names={},
    verbs={},
    bare=True,
    requires=frozenset(),
    effects=(),
    effects_from="",
    unless_read=(),
    stdin=_NO_STDIN,
    operands=Operands(),
)


def _level(form: Form, above: Level, style: Style) -> Level:
    names = {**above.names, **{_key(name, style): spec.names[0] for spec in form.flags for name in spec.names}}

    def first(several: Iterable[str]) -> frozenset[str]:
        return frozenset(names[_key(name, style)] for name in several)

    own = {spec.names: _flag(spec, first(spec.excludes)) for spec in form.flags}
    here = Level(
        flags={**above.flags, **{_key(name, style): flag for several, flag in own.items() for name in several}},
        names=names,
        verbs={},
        bare=form.bare or not form.verbs,
        requires=above.requires | first(form.requires),
        effects=tuple(sorted({*above.effects, *form.effects})),
        effects_from=form.effects_from or above.effects_from,
        unless_read=form.unless_read or above.unless_read,
        stdin=replace(form.stdin, without=tuple(first(form.stdin.without))) if form.stdin else above.stdin,
        operands=_operands(form.operands, style),
    )
    below = dataclasses.replace(here, flags=above.flags) if form.only_before else here
    verbs = {verb: _level(under, below, style) for verb, under in form.verbs.items()}
    return dataclasses.replace(here, verbs=verbs) if verbs else here


def _key(name: str, style: Style) -> str:
    return bare_name(name) if style == "go" else name


def _flag(spec: profile.Flag, excludes: frozenset[str]) -> Flag:
    return Flag(
        name=spec.names[0],
        take=taker(spec.check) if spec.check else None,
        optional=spec.optional,
        many=spec.many,
        equals=spec.check is not None and spec.check.name in _WITH_EQUALS,
        instead=spec.instead,
        effects=spec.effects,
        excludes=excludes,
    )


def _operands(specs: Sequence[Operand], style: Style) -> Operands:
    """Those before the one of any number, and those behind it; without one all are before."""
    at = next((number for number, one in enumerate(specs) if one.many in ("*", "+")), len(specs))
    before, many, last = specs[:at], specs[at : at + 1], specs[at + 1 :]
    ready = {one: _of_operand(one.check, style) for one in specs}
    return Operands(
        first=tuple(ready[one] for one in before if not one.many),
        optional=tuple(ready[one] for one in before if one.many),
        many=ready[many[0]] if many else None,
        least=int(bool(many) and many[0].many == "+"),
        last=tuple(ready[one] for one in last),
        files=any(takes_path(one.check) for one in specs),
    )


def _of_operand(check: Check, style: Style) -> Taker:
    take = taker(check)
    if style == "words" or check.name not in _LIKE_FLAGS:
        return take

    def take_no_flag(word: str) -> Taken:
        return None if word.startswith("-") else take(word)

    return take_no_flag
