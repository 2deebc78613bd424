"""Whether a text can hold anything of some kind: one pass over it, however many the texts are that would say so."""

from collections.abc import Callable, Iterable

import re2


def holder(hints: Iterable[str]) -> Callable[[str], bool]:
    """The function that says whether one of ``hints`` stands in a text."""
    options = re2.Options()
    options.literal = True
    found = re2.Set.SearchSet(options)
    for hint in hints:
        found.Add(hint)
    found.Compile()
    return lambda text: bool(found.Match(text))
