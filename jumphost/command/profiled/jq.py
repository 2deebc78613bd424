"""Filters of jq that compute from their input alone."""

import re
from typing import Final

# Of jq 1.6 to 1.8 (https://jqlang.org/manual/): what reads the environment, files or modules, names them, or writes
# beside the output.
_NAMES: Final = frozenset(
    {
        *("ENV", "__prog_args", "debug", "env", "get_search_list", "halt_error", "import", "include"),
        *("input_filename", "modulemeta", "stderr"),
    }
)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_plain(text: str) -> bool:
    r"""Whether no forbidden name stands in the filter but as a field (``.env``); in doubt not.

    Strings are looked into too: they may hold code, ``"\(env)"``.
    """
    if text.startswith("-"):
        return False
    return all(word[0] not in _NAMES or _is_field(text, word.start()) for word in _WORD.finditer(text))


def _is_field(text: str, start: int) -> bool:
    return text[start - 1 : start] == "." and text[max(start - 2, 0) : start - 1] != "."
