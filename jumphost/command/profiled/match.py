"""Whether a program is called in a form that its profile knows, and what it then reads, writes and asks."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from typing import Final

from msgspec import Struct

from jumphost.command.profiled.argv import Split, split
from jumphost.command.profiled.checks import STDIN, Role, Use, plain_path
from jumphost.command.profiled.derived import WRITES, derived
from jumphost.command.profiled.grammar import Grammar, Grammars
from jumphost.command.profiled.profile import Reads
from jumphost.model import request as model
from jumphost.model.request import Http, Invocation, Sql

_FILES: Final = frozenset({"read", "list", "database", "write", "delete"})
_READ: Final[frozenset[Role]] = frozenset({"read", "list", "database"})
_WRITE: Final[frozenset[Role]] = frozenset({"write"})
_WRITTEN: Final[frozenset[Role]] = frozenset({"write", "database"})  # where SQL writes
_DELETED: Final[frozenset[Role]] = frozenset({"delete"})
_PLACES: Final[Mapping[str, frozenset[Role]]] = {
    "fs_read": _READ,
    "fs_write": _WRITTEN,
    "fs_delete": _DELETED,
}
_CHANGES: Final[Mapping[Role, str]] = {"write": "fs_write", "delete": "fs_delete"}


class Matched(Struct, frozen=True):
    """What a profile says of one call; ``why`` it does not match is "" if it does.

    Paths are absolute and normal, /dev/null is left out; ``known`` is whether all are, so that no other is touched.
    """

    profile: model.Profile
    why: str = ""
    reads: tuple[str, ...] = ()  # lists of names too
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    known: bool = False


class _Named(Struct):
    """What the values of flags and the operands name."""

    by_flags: list[Use] = []
    by_operands: list[Use] = []


NO_PROFILE: Final = Matched(model.Profile(), "no profile")


def match(invocation: Invocation, grammars: Grammars, sql: Sequence[Sql] = (), http: Sequence[Http] = ()) -> Matched:
    """What the profile of its program says of a call; ``sql`` and ``http`` are the facts of the whole command."""
    grammar = grammars.get(invocation.program) if invocation.kind == "literal" else None
    if grammar is None:
        return NO_PROFILE
    if unknown := [word for word in invocation.argv if word.k != "literal"]:
        return _failed(grammar, f"{unknown[0].src or 'a word'}: not known before it runs")
    words = [word.v for word in invocation.argv[1:]]
    misfit = ""
    for form in grammar.forms:
        found = split(words, form, grammar.style, hasty=True)
        if found.fault:
            continue
        named = _Named()
        if why := _misfit(found, named):
            misfit = misfit or why
            continue
        return _matched(grammar, found, named, derived(found.level.effects_from, invocation.id, sql, http))
    return _unread(grammar, words, misfit)


def _failed(grammar: Grammar, why: str, unknown: Iterable[str] = ()) -> Matched:
    profile = model.Profile(name=grammar.program, verified=grammar.verified, unknown_flags=tuple(unknown))
    return Matched(profile, why)


def _unread(grammar: Grammar, words: Sequence[str], misfit: str) -> Matched:
    """Why no form fits: the first that at least has all flags, or else the first; flags that no form has."""
    splits = [split(words, form, grammar.style) for form in grammar.forms]
    unknown = dict.fromkeys(splits[0].unknown) if splits else {}
    everywhere = [flag for flag in unknown if all(flag in found.unknown for found in splits)]
    return _failed(grammar, misfit or (splits[0].fault if splits else "no form"), everywhere)


def _misfit(found: Split, named: _Named) -> str:
    """Why flags and operands do not fit, "" if they do; fills ``named``."""
    given: set[str] = set()
    instead = 0
    for flag, value in found.flags:
        if flag.name in given:
            if not flag.many:
                return f"{flag.name}: given again"
        else:
            instead += flag.instead
            given.add(flag.name)
        if value is not None and flag.take is not None:
            taken = flag.take(value)
            if taken is None:
                return f"{flag.name}: the value {value!r} is not one that it may have"
            named.by_flags += taken
    for flag, _ in found.flags:
        if flag.excludes and (both := flag.excludes & given):
            return f"{flag.name}: given with {min(both)}"
    if found.level.requires and (missing := found.level.requires - given):
        return f"{min(missing)}: required"
    return _operands_misfit(found, named, instead)


def _operands_misfit(found: Split, named: _Named, instead: int) -> str:
    takers = found.level.operands.takers(len(found.operands), instead)
    if takers is None:
        return f"got {len(found.operands)} operands, which are too many or too few"
    for take, word in zip(takers, found.operands, strict=True):
        taken = take(word)
        if taken is None:
            return f"the operand {word!r} is not one that may stand there"
        named.by_operands += taken
    return ""


def _matched(grammar: Grammar, found: Split, named: _Named, by_text: Sequence[str]) -> Matched:
    """``by_text`` are the effects of the SQL or the HTTP of the call."""
    uses = named.by_flags + named.by_operands
    effects = _effects(found, uses, by_text)
    flags: dict[str, tuple[str, ...]] = {}
    for flag, value in found.flags:
        flags[flag.name] = (*flags.get(flag.name, ()), value or "")
    stdin = _stdin(found, named, flags)
    profile = model.Profile(
        name=grammar.program,
        matched=True,
        effects=effects,
        flags=flags,
        operands=tuple(found.operands),
        verb=tuple(found.verb),
        verified=grammar.verified,
        stdin=stdin,
        hosts=tuple(dict.fromkeys([word for role, word in uses if role == "host"])) if uses else (),
    )
    known = _all_named(effects, {role for role, _ in uses}, stdin=bool(stdin))
    places = [(role, plain_path(word)) for role, word in uses if role in _FILES]
    if not places:
        return Matched(profile, known=known)
    writing = _WRITTEN if "db_write" in effects else _WRITE
    return Matched(
        profile,
        reads=_those(places, _READ),
        writes=_those(places, writing),
        deletes=_those(places, _DELETED),
        known=known and all(path for _, path in places),
    )


def _effects(found: Split, uses: Sequence[Use], by_text: Sequence[str]) -> tuple[str, ...]:
    level = found.level
    more = [effect for flag, _ in found.flags if flag.effects for effect in flag.effects]
    if by_text:
        more += by_text
        more += () if WRITES.isdisjoint(by_text) else level.unless_read
    more += [_CHANGES[role] for role, word in uses if role in _CHANGES and word != "/dev/null"]
    return tuple(sorted({*level.effects, *more})) if more else level.effects


def _all_named(effects: Collection[str], roles: Set[Role], *, stdin: bool) -> bool:
    """Whether each effect on files has a path that says where: without one it is the directory it runs in, or any."""
    for effect in effects:
        places = _PLACES.get(effect)
        if places and roles.isdisjoint(places) and not (stdin and effect == "fs_read"):
            return False
    return True


def _those(places: Sequence[Use], roles: Set[Role]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([path for role, path in places if role in roles and path not in ("", "/dev/null")]))


def _stdin(found: Split, named: _Named, flags: Collection[str]) -> Reads:
    stdin = found.level.stdin
    if STDIN in named.by_operands or STDIN in named.by_flags:
        return stdin.reads or "data"
    if stdin.when == "never" or any(name in flags for name in stdin.without):
        return ""
    if stdin.when == "no_operands":
        by_files = any(role in _READ for role, _ in named.by_operands)
        return "" if (by_files if found.level.operands.files else found.operands) else stdin.reads
    return stdin.reads
