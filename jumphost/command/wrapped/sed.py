"""Which sed scripts only read their input and print: addresses, ``s`` without ``e`` and ``w``, and some letters."""

import re
from typing import Final

MAX_DEPTH: Final = 16  # of braces

_PATTERN: Final = r"/(?:[^/\\\[\n]|\\[^\n]|\[\^?(?:\[:[a-z]+:\]|[^][/\\\n])+\])+/I?"
_ADDRESS = re.compile(rf"(?:[0-9]+(?:~[0-9]+)?|\$|{_PATTERN})(?:[ \t]*,[ \t]*(?:[0-9]+|[+~][0-9]+|\$|{_PATTERN}))?")
_BLANKS = re.compile(r"[ \t]*")
_SPACE = re.compile(r"[ \t\n;]*")
_END = re.compile(r"[ \t]*(?=[;\n}]|\Z)")
_LETTERS: Final = frozenset("pPdDnNgGhHx=")
_QUIT = re.compile(r"[qQ](?:[ \t]*[0-9]{1,3})?")
_DELIMITERS: Final = frozenset("/|,:#@%!+=_~")
_FLAGS = re.compile(r"[gpI0-9]*")


def sed_is_plain(text: str) -> bool:
    """Whether ``text`` is a sed script that can do no more than read its input and print."""
    at, depth = _match(_SPACE, text, 0), 0
    while at < len(text):
        if text[at] == "}":
            depth, at = depth - 1, _ending(text, at + 1)
        else:
            at = _bang(text, _match(_ADDRESS, text, at))
            if text.startswith("{", at):
                depth, at = depth + 1, at + 1
            else:
                at = _ending(text, _command(text, at))
        if at < 0 or not 0 <= depth <= MAX_DEPTH:
            return False
        at = _match(_SPACE, text, at)
    return depth == 0


def _match(form: re.Pattern[str], text: str, at: int) -> int:
    found = form.match(text, at)
    return found.end() if found else at


def _bang(text: str, at: int) -> int:
    at = _match(_BLANKS, text, at)
    return _match(_BLANKS, text, at + 1) if text.startswith("!", at) else at


def _ending(text: str, at: int) -> int:
    """Where a command ends that was read up to ``at``; -1 if something else follows."""
    found = _END.match(text, at) if at >= 0 else None
    return found.end() if found else -1


def _command(text: str, at: int) -> int:
    """The index behind one command without its address; -1 if it is none of the plain ones."""
    if text[at : at + 1] in _LETTERS:
        return at + 1
    if text.startswith("s", at):
        return _substitution(text, at + 1)
    found = _QUIT.match(text, at)
    return found.end() if found else -1


def _substitution(text: str, at: int) -> int:
    """``/pattern/replacement/flags``: where a bracket holds the delimiter, seds differ: refused."""
    mark = text[at : at + 1]
    if mark not in _DELIMITERS:
        return -1
    stop = re.escape(mark)
    body = re.compile(
        rf"{stop}(?:[^\\\[\n{stop}]|\\[^\n]|\[\^?(?:\[:[a-z]+:\]|[^][\\\n{stop}])+\])*"
        rf"{stop}(?:[^\\\n{stop}]|\\[^\n])*{stop}"
    )
    found = body.match(text, at)
    return _match(_FLAGS, text, found.end()) if found else -1
