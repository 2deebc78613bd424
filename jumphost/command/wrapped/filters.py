"""awk and sed: filters whose first operand is a program."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from jumphost.command.opaque import Opaque
from jumphost.command.wrapped.awk import awk_is_plain
from jumphost.command.wrapped.handed import NOTHING, Handed, Readers, hidden
from jumphost.command.wrapped.options import ANY, COUNT, Options, UnknownOptionError, split
from jumphost.command.wrapped.sed import sed_is_plain
from jumphost.model.request import InlineCode, Invocation, Word

_QUOTED_ASSIGNMENT = re.compile(r"\"([a-z_][a-z0-9_]*=)\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\})\"")
_IN_PLACE = re.compile(r"(-[nErsuz]*)i.*", re.DOTALL)


def _awk(invocation: Invocation, _dialect: str) -> Handed:
    """Nothing is hidden if the program is plain, stands in the text, and no other code is named."""
    try:
        found = split(list(map(_assigned, invocation.argv[1:])), _AWK)
    except UnknownOptionError:
        return hidden(Opaque.AWK_CODE)
    if found.has("--version"):
        return NOTHING
    if not found.operands or found.operands[0].k == "dynamic":
        return hidden(Opaque.AWK_CODE)
    program, *operands = found.operands
    if awk_is_plain(program.v) and not any(word.v.startswith(("-", "/inet")) and word.v != "-" for word in operands):
        return NOTHING
    return Handed(opaque=(Opaque.AWK_CODE,), whole=False, inline=(InlineCode(lang="awk", text=program.v),))


def _assigned(word: Word) -> Word:
    """``"name=$x"`` is one word that gives a variable, whatever the value: as good as one that is known."""
    found = _QUOTED_ASSIGNMENT.fullmatch(word.src) if word.k == "dynamic" else None
    return Word(v=found[1]) if found else word


def _sed(invocation: Invocation, _dialect: str) -> Handed:
    """Nothing is hidden if the scripts are plain and stand in the text; which files it changes is not said here."""
    try:
        found = split(list(_without_in_place(invocation.argv[1:])), _SED, permute=True)
    except UnknownOptionError:
        return hidden(Opaque.SED_CODE)
    if found.has("-f", "--file"):
        return hidden(Opaque.SED_FILE)
    if found.has("--version"):
        return NOTHING
    scripts: Sequence[str] = found.values("-e", "--expression")
    if not scripts:
        if not found.operands or found.operands[0].k == "dynamic":
            return hidden(Opaque.SED_CODE)
        scripts = [found.operands[0].v]
    if all(map(sed_is_plain, scripts)):
        return NOTHING
    inline = tuple(InlineCode(lang="sed", text=script) for script in scripts)
    return Handed(opaque=(Opaque.SED_CODE,), whole=False, inline=inline)


def _without_in_place(words: Sequence[Word]) -> Iterator[Word]:
    """``-i`` takes what is glued to it for a suffix."""
    for word in words:
        found = _IN_PLACE.fullmatch(word.v) if word.k == "literal" else None
        if found is None:
            yield word
        elif found[1] != "-":
            yield Word(v=found[1])


_AWK: Final = Options.of(
    "--version",
    {"-F": ANY, "-v": re.compile(r"(?:[a-z_][a-z0-9_]*|[A-Z]|OFS|ORS|FS|RS)=.*", re.DOTALL)},
)
_SED: Final = Options.of(
    "-n -E -r -s -u -z --quiet --silent --regexp-extended --separate --unbuffered --null-data --posix --sandbox "
    "--debug --in-place --version",
    {"-e --expression": ANY, "-f --file": ANY, "-l --line-length": COUNT, "--in-place": ANY},
)

READERS: Final[Readers] = {
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk", "original-awk", "bwk"), _awk),
    **dict.fromkeys(("sed", "gsed"), _sed),
}
"""Read beside the manuals of gawk 5.2.1, mawk 1.3.4, the one true awk (2012), GNU sed 4.9 and busybox 1.35."""
