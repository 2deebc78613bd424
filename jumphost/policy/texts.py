"""Builtins on texts and numbers that the embedded engine answers otherwise than OPA 1.22.2, made to answer as it does.

Where OPA's own answer is odd (a text put between the bytes of a letter), or a letter has no single counterpart, they
raise: the evaluation ends, and that is a denial.
"""

import math
from collections.abc import Callable
from typing import Any


def floor(number: Any) -> int:
    """The largest whole number that is not greater; OPA's is wrong for a fraction below zero."""
    return _whole(number, math.floor)


def ceil(number: Any) -> int:
    """The smallest whole number that is not less; OPA's is wrong for a fraction below zero."""
    return _whole(number, math.ceil)


def indexof(text: str, search: str) -> int:
    """Where it is first found, in characters; -1 if nowhere."""
    return _text(text).find(_some(search))


def indexof_n(text: str, search: str) -> list[int]:
    """Where it is found, in characters, also where two overlap."""
    text, search = _text(text), _some(search)
    return [start for start in range(len(text)) if text.startswith(search, start)]


def replace(text: str, old: str, new: str) -> str:
    """All of ``old`` replaced by ``new``."""
    return _text(text).replace(_some(old), _text(new))


def lower(text: str) -> str:
    """Each letter small, as Go's ``unicode.ToLower`` has it."""
    return text.lower() if _text(text).isascii() else "".join(_mapped(one, one.lower()) for one in text)


def upper(text: str) -> str:
    """Each letter large, as Go's ``unicode.ToUpper`` has it."""
    return text.upper() if _text(text).isascii() else "".join(_mapped(one, one.upper()) for one in text)


def sprintf(format_: str, values: Any) -> str:
    """``%s`` of texts, ``%d`` of whole numbers, ``%v`` of either, of booleans and of null, and ``%%``; no widths."""
    if not isinstance(values, list | tuple):
        raise TypeError(f"got {type(values).__name__}, expected an array of values")
    pieces, rest = [], list(values)
    parts = _text(format_).split("%")
    pieces.append(parts.pop(0))
    while parts:
        part = parts.pop(0)
        if not part and parts:  # %%
            pieces.append("%" + parts.pop(0))
            continue
        if not rest:
            raise ValueError(f"got {len(values)} values, expected more for {format_!a}")
        pieces.append(_shown(part[:1], rest.pop(0)) + part[1:])
    if rest:
        raise ValueError(f"got {len(values)} values, expected {len(values) - len(rest)} for {format_!a}")
    return "".join(pieces)


def _shown(verb: str, value: Any) -> str:
    if isinstance(value, bool) and verb == "v":
        return "true" if value else "false"
    if value is None and verb == "v":
        return "null"
    if isinstance(value, str) and verb in ("s", "v"):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and verb in ("d", "v"):
        return str(value)
    raise ValueError(f"got {type(value).__name__} for %{verb}, expected text for %s, a whole number for %d")


def _whole(number: Any, rounded: Callable[[Any], int]) -> int:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise TypeError(f"got {type(number).__name__}, expected a number")
    if number < 0 and number != int(number):
        raise ValueError(f"got {number}, expected no fraction below zero")
    return rounded(number)


def _mapped(letter: str, changed: str) -> str:
    if len(changed) != 1:
        raise ValueError(f"got {letter!a}, expected a letter with one counterpart")
    return changed


def _some(value: Any) -> str:
    if not _text(value):
        raise ValueError("got an empty text to look for, expected some")
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"got {type(value).__name__}, expected text")
    return value


OVERRIDES: dict[str, tuple[int, Callable[..., Any]]] = {
    "ceil": (1, ceil),
    "floor": (1, floor),
    "indexof": (2, indexof),
    "indexof_n": (2, indexof_n),
    "lower": (1, lower),
    "replace": (3, replace),
    "sprintf": (2, sprintf),
    "upper": (1, upper),
}
"""Name → number of arguments and implementation."""
