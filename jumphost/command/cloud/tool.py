"""What is known of a program that speaks to an orchestrator, and what its flags say in the document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, NamedTuple

from msgspec.structs import replace

from jumphost.command.flags import Table, names
from jumphost.model.request import Cloud

UNKNOWN: Final = "?"
_FIELDS: Final = ("namespace", "context", "account", "region")
_KEPT_BACK: Final = frozenset({"token", "password"})  # that there is one is all that is said of it

Fields = Mapping[str, tuple[str, str]]  # a flag → the field of the document, and what its value is called there


class Flags(NamedTuple):
    """As ``flags.names`` has them."""

    bare: str = ""
    valued: str = ""


_NO_FLAGS: Final = Flags()


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """One program."""

    fields: Fields
    before: Flags  # those that may stand before the verb
    common: Flags = _NO_FLAGS  # those that mean the same behind every verb
    by_verb: Mapping[str, Flags] = field(default_factory=dict)  # a verb joined by blanks, or the last word of one
    optional: str = ""  # flags whose value, if any, is glued: --wait and --wait=false
    groups: frozenset[str] = frozenset()  # verbs that a second word completes
    perhaps: Mapping[str, frozenset[str]] = field(default_factory=dict)  # verbs that one of these words may complete
    everywhere: frozenset[str] = frozenset()  # bare flags that mean all namespaces
    files: frozenset[str] = frozenset()  # flags that name a file of resources
    ends: frozenset[str] = frozenset()  # verbs behind whose first operand another command begins
    unsaid: frozenset[str] = frozenset()  # flags behind which the words no longer say what is done
    apart: bool = False  # those before the verb may not stand behind it
    single_dash: bool = False  # -flag is --flag


def table(tool: Tool, verb: tuple[str, ...]) -> Table:
    """The flags that may stand behind ``verb``; before one, if there is none."""
    if not verb:
        return _before(tool)
    known = [key for key in dict.fromkeys((verb[-1], " ".join(verb))) if key in tool.by_verb]
    return _behind(tool, tuple(known))


@cache
def _before(tool: Tool) -> Table:
    return _table(tool, *map(names, tool.before))


@cache
def _behind(tool: Tool, known: tuple[str, ...]) -> Table:
    """Behind a verb, of which these are in the table of the tool."""
    bare, valued = map(names, _NO_FLAGS if tool.apart else tool.before)
    bare, valued = bare | names(tool.common.bare), valued | names(tool.common.valued)
    for key in known:
        more_bare, more_valued = map(names, tool.by_verb[key])
        bare = {flag: name for flag, name in bare.items() if flag not in more_valued} | more_bare
        valued = {flag: name for flag, name in valued.items() if flag not in more_bare} | more_valued
    return _table(tool, bare, valued)


def _table(tool: Tool, bare: Mapping[str, str], valued: Mapping[str, str]) -> Table:
    return Table(bare=bare, valued=valued, optional=names(tool.optional), short_equals=True, truth=True)


def fields_of(fields: Fields, given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The fields of the document that the ``given`` flags with their values say; of a flag the last counts."""
    said: dict[str, tuple[str, str]] = {}
    for name, value in given:
        if name in fields:
            where, kind = fields[name]
            said[name] = (where, kind if kind in _KEPT_BACK else kind + value)
    return {where: " ".join(text for to, text in said.values() if to == where) for where in _FIELDS}


def unread(found: Cloud) -> Cloud:
    """With what the words that are not known may change marked as such."""
    unsure = dict.fromkeys(_FIELDS, UNKNOWN)
    return replace(found, resources=(*found.resources, UNKNOWN), **unsure)
