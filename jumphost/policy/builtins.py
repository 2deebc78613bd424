"""Builtins of the embedded engine that answer as OPA's do, and those that no policy may call.

``regex.*`` follow Go's regexp (https://pkg.go.dev/regexp), which is RE2's language; ``net.cidr_*`` follow Go's net.
Each raises on what OPA calls a builtin error, so that the evaluation ends there.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import re2

from jumphost.policy import texts

_Network = IPv4Network | IPv6Network

FORBIDDEN: dict[str, int] = {
    "http.send": 1,
    "net.lookup_ip_addr": 1,
    "net.cidr_expand": 1,  # 1 GB and 9 s for a /8
    "opa.runtime": 0,
    "rand.intn": 2,
    "rego.metadata.chain": 0,
    "rego.metadata.rule": 0,
    "rego.parse_module": 2,
    "time.now_ns": 0,
    "trace": 1,
    "uuid.rfc4122": 1,
}
"""Name → number of arguments: the network, the environment, chance and clocks have no place in a decision."""

_VARIABLE = re.compile(r"\$(?:\$|\{(?P<braced>\w+)\}|(?P<plain>\w+))")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20  # bytes a pattern, its program and caches


def forbidden(name: str) -> Callable[..., Any]:
    """A builtin that ends the evaluation."""

    def refuse(*_: Any) -> Any:
        raise PermissionError(f"{name} is not available to policies")

    return refuse


def regex_match(pattern: str, value: str) -> bool:
    """Whether the pattern is found anywhere in the value."""
    return _compiled(pattern).search(_text(value)) is not None


def regex_is_valid(pattern: Any) -> bool:
    """Whether the pattern is one; false for what is not text."""
    try:
        _compiled(pattern)
    except (re2.error, TypeError):
        return False
    return True


def regex_find_n(pattern: str, value: str, number: int) -> list[str]:
    """The first ``number`` matches, or all if it is negative."""
    return [match.group() for match in _matches(pattern, value, number)]


def regex_find_all_string_submatch_n(pattern: str, value: str, number: int) -> list[list[str]]:
    """As :func:`regex_find_n`, each match with its groups; a group that took no part is ""."""
    return [[match.group(), *match.groups(default="")] for match in _matches(pattern, value, number)]


def regex_split(pattern: str, value: str) -> list[str]:
    """The pieces of the value between the matches, as Go's ``Split(value, -1)``."""
    if pattern and not _text(value):
        return [""]
    pieces, start, end = [], 0, 0
    for match in _matches(pattern, value, -1):
        if match.end() == 0:
            continue
        end = match.start()
        pieces.append(value[start:end])
        start = match.end()
    if end != len(value):
        pieces.append(value[start:])
    return pieces


def regex_replace(value: str, pattern: str, template: str) -> str:
    """All matches replaced by the template, in which ``$1``, ``$name``, ``${name}`` and ``$$`` have Go's meaning."""
    _text(template)
    pieces, start = [], 0
    for match in _matches(pattern, value, -1):
        pieces += [value[start : match.start()], _VARIABLE.sub(partial(_variable, match), template)]
        start = match.end()
    return "".join([*pieces, value[start:]])


def cidr_contains(cidr: str, inner: str) -> bool:
    """Whether the network holds all of an address or network; IPv4-mapped ones are IPv4."""
    outer, network = _cidr(cidr), _network(inner)
    return outer.version == network.version and network.subnet_of(outer)  # type: ignore[arg-type]  # same version


def cidr_intersects(one: str, other: str) -> bool:
    """Whether two networks have an address in common."""
    return _cidr(one).overlaps(_cidr(other))


def cidr_is_valid(cidr: Any) -> bool:
    """Whether the text is a network with its prefix length."""
    try:
        _cidr(cidr)
    except (TypeError, ValueError):
        return False
    return True


OVERRIDES: dict[str, tuple[int, Callable[..., Any]]] = {
    **texts.OVERRIDES,
    "net.cidr_contains": (2, cidr_contains),
    "net.cidr_intersects": (2, cidr_intersects),
    "net.cidr_is_valid": (1, cidr_is_valid),
    "regex.find_all_string_submatch_n": (3, regex_find_all_string_submatch_n),
    "regex.find_n": (3, regex_find_n),
    "regex.is_valid": (1, regex_is_valid),
    "regex.match": (2, regex_match),
    "regex.replace": (3, regex_replace),
    "regex.split": (2, regex_split),
}
"""Name → number of arguments and implementation."""


def _compiled(pattern: str) -> Any:
    return re2.compile(_text(pattern), _OPTIONS)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"got {type(value).__name__}, expected text")
    return value


def _matches(pattern: str, value: str, number: int) -> Iterator[Any]:
    """Matches as Go finds them: an empty one that touches the match before it does not count."""
    end, count = -1, 0
    for match in _compiled(pattern).finditer(_text(value)):
        if count == number:
            return
        if match.start() != match.end() or match.start() != end:
            count += 1
            yield match
        end = match.end()


def _variable(match: Any, variable: re.Match[str]) -> str:
    name = variable["braced"] or variable["plain"]
    if name is None:
        return "$"
    try:
        return match.group(int(name) if name.isdecimal() else name) or ""
    except (IndexError, KeyError):
        return ""


def _cidr(text: Any) -> _Network:
    if "/" not in _text(text):
        raise ValueError(f"got {text!r}, expected ADDRESS/BITS")
    return _network(text)


def _network(text: Any) -> _Network:
    address, slash, prefix = _text(text).partition("/")
    if slash and not (prefix.isascii() and prefix.isdigit() and str(int(prefix)) == prefix):
        raise ValueError(f"got {text!r}, expected ADDRESS/BITS")
    parsed = ip_address(address)
    bits = int(prefix) if slash else parsed.max_prefixlen
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id:
            raise ValueError(f"got {text!r}, expected an address without a zone")
        if parsed.ipv4_mapped and bits >= 96:
            parsed, bits = parsed.ipv4_mapped, bits - 96
    return ip_network((parsed, bits), strict=False)
