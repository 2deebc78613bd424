"""The checks of profiles: what a literal word may be as the value of a flag or as an operand, and what it names.

A check takes a word or refuses it; it never repairs one. What it says of a path or a host is the word itself.
"""

import ipaddress
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Final, Literal

import re2

from jumphost.command.profiled.jq import is_plain as jq_is_plain
from jumphost.command.profiled.profile import Check
from jumphost.command.wrapped.awk import awk_is_plain
from jumphost.command.wrapped.sed import sed_is_plain

Role = Literal["read", "write", "delete", "list", "database", "stdin", "host"]
Use = tuple[Role, str]
Taken = tuple[Use, ...] | None
"""What a word that was taken names: files, hosts, the standard input; None if it was refused."""
Taker = Callable[[str], Taken]

STDIN: Final[Use] = ("stdin", "-")
_STDIN_PATHS: Final = frozenset({"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DNS = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")  # a last label of this form makes it an address to inet_aton
_URL = re.compile(
    r"https?://(?P<host>[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?:[/?][!-~]*)?", re.IGNORECASE | re.ASCII
)
_NOT_IN_URL = frozenset('{}[]<>"\\^`|#')  # globs of curl, and what clients do not read alike
_PLAIN = re.compile(r"/|(?:/(?!\.(?:/|\Z)|\.\.(?:/|\Z))[^/]+)+/?")  # no empty part, no . and no ..
_REMOTE = re.compile(r"[^/]*:")  # host:path to tar, scp and rsync; a URI to sqlite
_PLACE = re.compile(r"([^/:@]+):(/[A-Za-z0-9._/@+=,-]*)")  # no character that a shell at the other end would read
_SECRETS = re.compile(r"secrets?(?![A-Za-z0-9_-])", re.IGNORECASE)

_COUNT = r"[0-9]+(?:\.[0-9]+)?"
_UNIT = r"(?:ns|us|ms|s|m|h|d|w)"
_SIZE = rf"{_COUNT}(?:b|B|[kKMGTPEZY](?:iB|B)?)?"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_ACCOUNT = r"[A-Za-z_][A-Za-z0-9_.-]{0,63}\$?|[0-9]{1,10}"
_PATTERNS: Final = {
    "text": r"(?!-)(?s:.*)",
    "any": r"(?s:.*)",
    "regex": r"(?!-)(?s:.*)",
    "format": r"(?!-)[^\x00-\x1f\x7f-\x9f]*",
    "date": r"(?!/)[^\x00-\x1f\x7f-\x9f]+",
    "delimiter": r"(?s:.){1,16}",
    "sql": r"(?!-)(?s:.+)",
    "number": r"[0-9]+",
    "number_signed": r"[+-]?[0-9]+",
    "size": _SIZE,
    "size_signed": rf"[+-]?{_SIZE}",
    "duration": rf"{_COUNT}|(?:{_COUNT}{_UNIT})+",
    "identifier": _NAME,
    "database": rf"(?!(?i:mysql|sys|performance_schema)$){_NAME}",  # no table of theirs is named without it
    "name_glob": r"(?!-)[A-Za-z0-9._*?\[\]@:-]+",
    "unit": r"(?!-)[A-Za-z0-9._*?\[\]@:\\-]+",
    "resource": rf"{_NAME}(?:/[A-Za-z0-9][A-Za-z0-9.:_-]*)?",
    "user": _ACCOUNT,
    "group": _ACCOUNT,
    "signal": r"(?:SIG)?[A-Z][A-Z0-9]*(?:[+-][0-9]+)?|[0-9]{1,2}",
    "pid": r"[1-9][0-9]*",  # 0 and negative ones are groups of processes
    "mode": r"[0-7]{1,5}|(?:[ugoa]*[+=][rwxXstugo]*|[ugoa]+-[rwxXstugo]*)(?:,[ugoa]*[+=-][rwxXstugo]*)*",
    "path_null": "/dev/null",
    "dash": "-",
}


def takes_path(check: Check) -> bool:
    """Whether a word that the check takes may be a file that is read."""
    return check.name in _READING or any(map(takes_path, check.inner))


def plain_path(word: str) -> str:
    """The absolute path in normal form that ``word`` is, but for a slash at its end; "" if it is none."""
    return (word.rstrip("/") or "/") if _PLAIN.fullmatch(word) else ""


def taker(check: Check) -> Taker:
    """The function of a check; ValueError (got …, expected …) if its name or its arguments are none."""
    if check.name in _SIMPLE:
        if check.words or check.inner:
            raise ValueError(f"got arguments for {check.name}, expected none")
        return _SIMPLE[check.name]
    if check.name in _OF_WORDS:
        if not check.words:
            raise ValueError(f"got no list for {check.name}, expected one of texts")
        return _OF_WORDS[check.name](check.words)
    if check.name in _OF_CHECKS:
        if not check.inner or (len(check.inner) > 1 and check.name != "any_of"):
            raise ValueError(f"got {len(check.inner)} checks for {check.name}, expected one")
        return _OF_CHECKS[check.name](tuple(map(taker, check.inner)))
    raise ValueError(f"got the check {check.name!r}, expected one of {', '.join(sorted(NAMES))}")


def _fits(pattern: str) -> Taker:
    fits = re.compile(pattern).fullmatch
    return lambda word: () if fits(word) else None


def _path(role: Role) -> Taker:
    def take(word: str) -> Taken:
        return ((role, word),) if _is_path(word) else None

    return take


def _is_path(word: str) -> bool:
    if word[:1] == "/" and word.isascii() and word.isprintable():
        return True
    return bool(word) and word[0] != "-" and not _REMOTE.match(word) and not _CONTROL.search(word)


def _read(word: str) -> Taken:
    if word == "-":
        return (STDIN,)
    if word in _STDIN_PATHS:
        return (STDIN, ("read", word))
    return (("read", word),) if _is_path(word) else None


def _host(word: str) -> Taken:
    return (("host", word.lower()),) if is_host(word) else None


def is_host(word: str) -> bool:
    """Whether it is a DNS name or an IP address in the one form that every resolver reads alike."""
    try:
        return bool(ipaddress.ip_address(word)) and "%" not in word
    except ValueError:
        return len(word) <= 253 and bool(_DNS.fullmatch(word)) and not _NUMERIC.fullmatch(word.rpartition(".")[2])


def _host_port(word: str) -> Taken:
    host, colon, port = word.rpartition(":")
    return _host(host) if colon and ":" not in host and _is_port(port) else None


def _remote_path(word: str) -> Taken:
    """HOST:/PATH, as rsync and scp write it; no account: the login's own, or what its ssh is set to."""
    found = _PLACE.fullmatch(word)
    return _host(found[1]) if found and plain_path(found[2]) else None


def _is_port(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 5 and 0 < int(word) < 65_536


def _url(word: str) -> Taken:
    found = _URL.fullmatch(word)
    if found is None or not _NOT_IN_URL.isdisjoint(word) or (found["port"] and not _is_port(found["port"])):
        return None
    return _host(found["host"])


def _resource(word: str) -> Taken:
    """A resource of Kubernetes; never a secret: no word says that only its name is printed."""
    return None if _SECRETS.match(word) else _RESOURCE(word)


def _plain(is_plain: Callable[[str], bool]) -> Taker:
    return lambda word: () if is_plain(word) else None


def _one_of(words: tuple[str, ...]) -> Taker:
    known = frozenset(words)
    return lambda word: () if word in known else None


def _matches(words: tuple[str, ...]) -> Taker:
    if len(words) != 1:
        raise ValueError(f"got {len(words)} patterns for matches, expected one")
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(words[0], options)
    except re2.error as error:
        raise ValueError(f"got the pattern {words[0]!r}, expected one of RE2: {error}") from None
    only = re2.Set.FullMatchSet(options)  # a set of one: its answer comes without the wrapper's Python code
    only.Add(words[0])
    only.Compile()
    return lambda word: () if only.Match(word) else None


def _under(role: Role) -> Callable[[tuple[str, ...]], Taker]:
    def make(words: tuple[str, ...]) -> Taker:
        if wrong := [word for word in words if plain_path(word) in ("", "/")]:
            raise ValueError(f"got the prefix {wrong[0]!r}, expected an absolute path in normal form")
        places = tuple(plain_path(word) + "/" for word in words)

        def take(word: str) -> Taken:
            path = plain_path(word)
            return ((role, word),) if path and f"{path}/".startswith(places) and _is_path(word) else None

        return take

    return make


def _host_in(words: tuple[str, ...]) -> Taker:
    globs = tuple(word.lower() for word in words)

    def take(word: str) -> Taken:
        return _host(word) if any(fnmatchcase(word.lower(), glob) for glob in globs) else None

    return take


def _list_of(inner: tuple[Taker, ...]) -> Taker:
    (take,) = inner

    def take_all(word: str) -> Taken:
        taken: list[Use] = []
        for part in word.split(","):
            uses = take(part) if part else None
            if uses is None:
                return None
            taken += uses
        return tuple(taken)

    return take_all


def _any_of(inner: tuple[Taker, ...]) -> Taker:
    def take_first(word: str) -> Taken:
        return next((taken for take in inner if (taken := take(word)) is not None), None)

    return take_first


def _key_value(inner: tuple[Taker, ...]) -> Taker:
    (take,) = inner
    key_fits = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*").fullmatch

    def take_pair(word: str) -> Taken:
        key, equals, value = word.partition("=")
        return take(value) if equals and key_fits(key) else None

    return take_pair


_RESOURCE: Final = _fits(_PATTERNS["resource"])
_READING: Final = frozenset({"path_read", "path_list", "sqlite_file", "absolute_path_under"})
_SIMPLE: Final[dict[str, Taker]] = {
    **{name: _fits(pattern) for name, pattern in _PATTERNS.items()},
    "resource": _resource,
    "path_read": _read,
    "path_write": _path("write"),
    "path_delete": _path("delete"),
    "path_list": _path("list"),
    "sqlite_file": _path("database"),
    "host": _host,
    "host_port": _host_port,
    "port": lambda word: () if _is_port(word) else None,
    "url": _url,
    "remote_path": _remote_path,
    "jq": _plain(jq_is_plain),
    "awk": _plain(awk_is_plain),
    "sed": _plain(sed_is_plain),
}
_OF_WORDS: Final[dict[str, Callable[[tuple[str, ...]], Taker]]] = {
    "one_of": _one_of,
    "matches": _matches,
    "absolute_path_under": _under("read"),
    "writes_under": _under("write"),
    "host_in": _host_in,
}
_OF_CHECKS: Final[dict[str, Callable[[tuple[Taker, ...]], Taker]]] = {
    "list_of": _list_of,
    "any_of": _any_of,
    "key_value": _key_value,
}
NAMES: Final = frozenset({*_SIMPLE, *_OF_WORDS, *_OF_CHECKS})
WITH_WORDS: Final = frozenset(_OF_WORDS)
WITH_CHECKS: Final = frozenset(_OF_CHECKS)
