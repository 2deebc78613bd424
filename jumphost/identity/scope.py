"""Scopes: ``OPERATION:TARGET[:LOGIN]`` with shell globs, looked at before Rego is asked (CONTRACTS §1).

Several scopes bind one caller (the entry's and the certificate's): each must admit what is asked, so one only narrows.
"""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from jumphost.model.identity import SCOPE

_ENTRY = re.compile(SCOPE)


def allows(scopes: Iterable[Sequence[str]], operation: str, target: str, login: str) -> bool:
    """Whether every scope has an entry for the operation on the target as the login; no scope at all limits nothing."""
    return all(any(_admits(entry, operation, target, login) for entry in scope) for scope in scopes)


def sees(scopes: Iterable[Sequence[str]], target: str) -> bool:
    """Whether every scope names the target for anything: if not, the caller is told no more than ``unavailable``."""
    return all(any(_admits(entry, None, target, None) for entry in scope) for scope in scopes)


def valid(entry: str) -> bool:
    """Whether the text is one entry of a scope."""
    return _ENTRY.match(entry) is not None


def _admits(entry: str, *asked: str | None) -> bool:
    """Whether each pattern fits what is asked (None: anything); an entry that is not valid admits nothing."""
    if not valid(entry):
        return False
    patterns = [*entry.split(":"), "*"]  # without a login, any
    return all(value is None or fnmatchcase(value, pattern) for value, pattern in zip(asked, patterns, strict=False))
