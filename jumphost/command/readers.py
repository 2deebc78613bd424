"""What a program takes its standard input for, by its words: data, SQL or code; the worst where it is not certain."""

import posixpath
import re
from collections.abc import Sequence
from typing import Final, Literal

from jumphost.command.sql import client as sqlclient
from jumphost.command.sql.words import Dialect
from jumphost.model.request import Invocation

Kind = Literal["data", "sql", "code"]
KINDS: Final[tuple[Kind, ...]] = ("data", "sql", "code")  # the weakest first

SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
CLIENTS: Final[dict[str, Dialect]] = {name: client.dialect for name, client in sqlclient.CLIENTS.items()}
_OWN_CODE: Final = {  # interpreters, and the options that hand them code: then their input is data
    "python": frozenset({"-c"}),
    "perl": frozenset({"-e", "-E"}),
    "ruby": frozenset({"-e"}),
    "node": frozenset({"-e", "-p"}),
    "php": frozenset({"-r"}),
    "lua": frozenset({"-e"}),
    "tclsh": frozenset[str](),
}
_ALWAYS: Final = frozenset(  # code, whatever their words are
    {
        "R",
        "ash",
        "at",
        "batch",
        "bc",
        "csh",
        "dc",
        "ed",
        "ex",
        "expect",
        "fish",
        "gdb",
        "mksh",
        "parallel",
        "script",
        "tcsh",
    }
)
_SOURCING: Final = frozenset({".", "source"})
_MYSQL: Final = (("-e", "--execute"), re.compile(r"-[ABCEHLNUXbcfinqrstvw]+|-p.*|--[a-z-]+=.*|--batch|--skip-[a-z-]+"))
_OWN_SQL: Final = {  # clients: how a word begins that has SQL in it or before it, and the options that have no value
    "psql": (("-c", "--command"), re.compile(r"-[aAbeEHlnqsStwWxXz01]+|--[a-z-]+=.*|--no-[a-z]+|--csv|--quiet")),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
}
_ITSELF: Final = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})
_PLAIN_LONG: Final = frozenset({"--login", "--noprofile", "--norc", "--posix", "--restricted", "--verbose"})
_VERSION: Final = re.compile(r"[0-9.]*\Z")


def takes(one: Invocation) -> Kind:
    """What a program makes of its standard input: what its profile says, else what its name and words do."""
    if one.profile.matched and one.profile.stdin:
        return one.profile.stdin
    name = posixpath.basename(one.program)
    words = [word.v if word.k == "literal" else "" for word in one.argv[1:]]  # "" is one that is not known
    if name in SHELLS:
        return "code" if _is_script(words) else "data"
    if (own := _OWN_CODE.get(_VERSION.sub("", name))) is not None:
        first = words[0] if words else ""
        return "data" if first in own or (first not in _ITSELF and first[:1] not in ("-", "")) else "code"
    if name in _SOURCING:
        return "code" if not words or words[0] == "" or words[0] in _ITSELF else "data"
    if name in CLIENTS:
        return "data" if name in _OWN_SQL and _has_sql(name, words) else "sql"
    return "code" if name in _ALWAYS else "data"


def _is_script(words: Sequence[str]) -> bool:
    """Whether a shell of these words runs its standard input: unless it is certain that they name a script or hold one.

    Shells differ in which options have the next word for their value: to none of them may it be the operand.
    """
    at = values = 0
    while at < len(words) and (values or words[at][:1] in ("-", "+")):
        word, at = words[at], at + 1
        if word in ("-", "--") and not values:
            break
        values -= bool(values)
        if word == "" or word in _ITSELF:
            return True
        if word.startswith("--"):
            if word not in _PLAIN_LONG:
                return True
        elif word[0] in "-+":
            if "s" in word:
                return True
            values += sum(map(word.count, "oO"))
    script = words[at] if at < len(words) else ""
    return script == "" or script in _ITSELF


def _has_sql(name: str, words: Sequence[str]) -> bool:
    """Whether a client has its SQL among its words, and none of these is another option's value."""
    begins, plain = _OWN_SQL[name]
    for at, word in enumerate(words):
        if word in ("", "--"):
            return False
        before = words[at - 1] if at else ""
        if word.startswith(begins) and (before[:1] != "-" or plain.fullmatch(before)):
            return True
    return False
