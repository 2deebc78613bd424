"""Which columns are masked: their names against the globs of the plan."""

import re
from collections.abc import Iterable
from fnmatch import translate
from typing import Final, Self

PREFIX: Final = "column:"
WHOLE: Final = PREFIX + "line"  # the name of bytes of which it cannot be told whose cell they are

_MOST_KNOWN: Final = 256  # names whose answer is kept
_WILD: Final = re.compile(r"\[[^]]*\]|[*?]")
_LEAST_TOLD: Final = 3  # characters of a glob that are not wild
_QUOTES: Final = "\"'`[]"
_KEY: Final = re.compile(rb"""["']([^"'\\]{1,64})\\{0,3}["']{1,2}\s{0,8}:""")


class Names:
    """Globs, in order: the first that matches names the span. Case does not matter; ``table.column`` is ``column``."""

    __slots__ = ("_globs", "_known")

    def __init__(self, globs: Iterable[str]) -> None:
        self._globs = [(PREFIX + glob, re.compile(translate(glob.casefold()))) for glob in globs]
        self._known: dict[bytes, str | None] = {}

    def of(self, name: bytes) -> str | None:
        """The name of a span in the column, None if it is not masked."""
        if name not in self._known and len(self._known) < _MOST_KNOWN:
            self._known[name] = self._of(name)
        return self._known[name] if name in self._known else self._of(name)

    def _of(self, name: bytes) -> str | None:
        text = name.decode(errors="replace").strip().strip(_QUOTES).casefold()
        forms = {text, text.rpartition(".")[2].strip(_QUOTES)}
        return next((span for span, glob in self._globs if any(map(glob.match, forms))), None)

    def tells(self, name: bytes) -> bool:
        """Whether it is masked by a glob that says enough of it to tell a name from data."""
        span = self.of(name)
        return span is not None and len(_WILD.sub("", span.removeprefix(PREFIX))) >= _LEAST_TOLD

    def keyed(self, line: bytes) -> Self | None:
        """Itself if there is a masked key in the line."""
        return self if self.within(line) else None

    def within(self, cell: bytes) -> str | None:
        """The name of a masked key in a cell that is itself JSON, escaped or not."""
        if b":" not in cell:
            return None
        return next(filter(None, (self.of(key) for key in _KEY.findall(cell))), None)
