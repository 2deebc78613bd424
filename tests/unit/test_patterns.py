"""No pattern of ours has a possessive or an atomic group.

CPython before 3.11.5 may match one wrongly where something in it goes back (https://github.com/python/cpython/issues/106052).
A repeat of one byte, ``[a-z]*+``, is compiled to an instruction of its own, which holds nothing that could.
"""

import re
from pathlib import Path

import pytest

import jumphost

PACKAGE = Path(jumphost.__file__).parent
NO_GROUP = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\\n])*\]|\(\*")  # escaped, within a class, or a sign of Python
GROUP = re.compile(r"(?<!\()\)(?:[?*+]|\{[0-9]*,?[0-9]*\})\+|\(\?>")


def groups(text: str) -> list[str]:
    return [line for line in text.splitlines() if GROUP.search(NO_GROUP.sub("_", line))]


def test_there_are_none() -> None:
    sources = [path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".yaml"}]
    assert len(sources) > 200
    assert {path.name: found for path in sources if (found := groups(path.read_text()))} == {}


@pytest.mark.parametrize(
    "text", ["(?:ab?)*+", "x(a|b)?+", "(?P<n>a){2,}+", "(?:a){3}+", "(a)++", "(?>ab)", r"[)]*+(?:a)*+"]
)
def test_one_would_be_seen(text: str) -> None:
    assert groups(text) == [text]


@pytest.mark.parametrize("text", ["[a-z]*+", r"\)*+", "[()*+,;]", "(?:ab)*", "a++", "[^])?+]", "b{1,3}+"])
def test_a_repeat_of_one_byte_is_none(text: str) -> None:
    assert groups(text) == []
