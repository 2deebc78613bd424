"""What is left of a scope within another. Pure; ``identity.scope`` says what a scope means."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import zip_longest

ANY = "*"


def cut(asked: Sequence[str], bound: Sequence[str]) -> tuple[str, ...]:
    """Entries that admit only what both scopes admit.

    Where an entry of each is a glob, and neither lies within the other, no entry could say what both admit: it is left
    out, and less is granted than might be.
    """
    pairs = ((one, other) for one in asked for other in bound)
    return tuple(dict.fromkeys(entry for one, other in pairs for entry in _both(one, other)))


def _both(one: str, other: str) -> Iterator[str]:
    fields = zip_longest(one.split(":"), other.split(":"), fillvalue=ANY)  # without a login, any
    narrower = [_narrower(*pair) for pair in fields]
    if all(narrower):
        yield ":".join(filter(None, narrower))


def _narrower(one: str, other: str) -> str:
    """The glob that lies within the other; "" if neither does."""
    if one == other or _within(one, other):
        return one
    return other if _within(other, one) else ""


def _within(inner: str, outer: str) -> bool:
    """Whether all that ``inner`` fits, ``outer`` fits: certain only where it is plain text, or ``outer`` has only *."""
    if outer == ANY:
        return True
    plain = not set(inner) & set("*?[")
    simple = not set(outer) & set("?[") and "[" not in inner
    return (plain or simple) and fnmatchcase(inner, outer)
