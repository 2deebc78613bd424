"""Calls as profiles allow them: words for hypothesis to choose, of which nearly all match."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from jumphost.command.profiled.profile import Check, Flag, Form, Operand, Profile

Words = list[str]
Way = tuple[tuple[Flag, ...], frozenset[str], tuple[str, ...], tuple[Operand, ...]]
"""Flags that are known, names of those that are required, verbs, operands."""

_VALUES: Final = {
    "number": ("1", "2", "3"),
    "number_signed": ("+1", "-1", "2"),
    "size": ("1", "1K"),
    "size_signed": ("-1", "+2", "3"),
    "duration": ("1s",),
    "text": ("a", "*.log", ".", "a=b", "+x"),
    "any": ("a", "-e", ","),
    "regex": ("a", "alpha", ".*"),
    "format": ("%s", "%n %s"),
    "date": ("2020-01-01",),
    "delimiter": (",", ":", "-"),
    "identifier": ("x", "root", "10"),
    "name_glob": ("x*",),
    "user": ("root",),
    "group": ("root",),
    "pid": ("1",),
    "signal": ("HUP",),
    "port": ("53",),
    "unit": ("x.service",),
    "jq": (".", ".a", "keys"),
    "awk": ("{ print $1 }", "NR == 1"),
    "sed": ("p", "s/a/b/", "1d"),
    "host": ("localhost",),
    "path_null": ("/dev/null",),
    "dash": ("-",),
}


def calls(profile: Profile, read: Sequence[str], write: Sequence[str]) -> SearchStrategy[Words]:
    """The words behind a program; paths that it reads or deletes are of ``read``, those it writes of both."""
    ways = [way for form in profile.forms for way in _ways(form, (), frozenset(), ())]
    return st.sampled_from(ways).flatmap(lambda way: _call(way, profile.style, (tuple(read), tuple(write))))


def _ways(form: Form, flags: tuple[Flag, ...], requires: frozenset[str], verbs: tuple[str, ...]) -> Iterator[Way]:
    flags, requires = (*flags, *form.flags), requires | frozenset(form.requires)
    for verb, under in form.verbs.items():
        yield from _ways(under, flags, requires, (*verbs, verb))
    if form.bare or not form.verbs:
        yield flags, requires, verbs, form.operands


_Paths = tuple[tuple[str, ...], tuple[str, ...]]


@st.composite
def _call(draw: st.DrawFn, way: Way, style: str, paths: _Paths) -> Words:
    flags, requires, verbs, known = way
    needed = [flag for flag in flags if requires & set(flag.names)]
    more = [flag for flag in flags if flag not in needed]
    chosen = needed + (draw(st.lists(st.sampled_from(more), max_size=4, unique=True)) if more else [])
    parts = [draw(_written(flag, style, paths)) for flag in draw(st.permutations(chosen))]
    operands = [draw(_value(one.check, paths)) for one in known for _ in range(draw(_TIMES[one.many]))]
    if operands and any(flag.instead for flag in chosen):
        operands = operands[1:]
    if style in ("gnu", "posix"):
        parts = _clustered(parts) if draw(st.booleans()) else parts
    return [*(word for part in parts for word in part), *verbs, *operands]


_TIMES: Final = {
    "": st.just(1),
    "?": st.integers(0, 1),
    "*": st.integers(0, 2),
    "+": st.integers(1, 2),
}


@st.composite
def _written(draw: st.DrawFn, flag: Flag, style: str, paths: _Paths) -> Words:
    name = draw(st.sampled_from(flag.names))
    if flag.check is None:
        return [name]
    value = draw(_value(flag.check, paths))
    if name == "-NUM":
        return [f"-{value}"]
    glued = f"{name}={value}" if name.startswith("--") or style == "go" else name + value
    if style == "keyword":
        return [name + value]
    if flag.optional:
        return [draw(st.sampled_from([name, glued]))]
    return draw(st.sampled_from([[name, value], [glued]])) if style in ("gnu", "posix") else [name, value]


def _clustered(parts: Sequence[Words]) -> list[Words]:
    """Bare letters in one word, with the letter behind them that takes a value."""
    letters = [part[0][1] for part in parts if len(part) == 1 and re.fullmatch(r"-[A-Za-z]", part[0])]
    rest = [part for part in parts if not (len(part) == 1 and re.fullmatch(r"-[A-Za-z]", part[0]))]
    last = next((part for part in rest if re.match(r"-[A-Za-z]", part[0])), ["-"])
    others = [part for part in rest if part is not last]
    whole = "-" + "".join(letters) + last[0][1:]
    return [*others, [whole, *last[1:]]] if whole != "-" else others


def _value(check: Check, paths: _Paths) -> SearchStrategy[str]:
    read, write = paths
    match check.name:
        case "path_read" | "path_list" | "path_delete" | "absolute_path_under":
            return st.sampled_from(read)
        case "path_write":
            return st.sampled_from((*read, *write))
        case "one_of":
            return st.sampled_from(check.words)
        case "matches":
            return st.from_regex(re.compile(check.words[0], re.ASCII), fullmatch=True).filter(str.isprintable)
        case "list_of":
            return st.lists(_value(check.inner[0], paths), min_size=1, max_size=2).map(",".join)
        case "any_of":
            return st.one_of(*(_value(one, paths) for one in check.inner))
        case "key_value":
            return _value(check.inner[0], paths).map("k={}".format)
        case _:
            return st.sampled_from(_VALUES[check.name])
