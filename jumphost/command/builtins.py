"""Builtins of the shell: programs that are no file, and what some of them hide from whoever reads the text."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from jumphost.command.opaque import Opaque
from jumphost.command.words import LOCAL_NAME


class Reading(Protocol):
    """A word that was read; ``words.Reading`` is one."""

    source: str
    value: str
    one: bool

    @property
    def literal(self) -> bool:
        """Whether ``value`` is exact."""


BUILTINS: Final = frozenset(  # of POSIX, bash, dash and busybox
    {
        *(".", ":", "[", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "chdir", "command", "compgen"),
        *("complete", "compopt", "continue", "declare", "dirs", "disown", "echo", "enable", "eval", "exec", "exit"),
        *("export", "false", "fc", "fg", "getopts", "hash", "help", "history", "jobs", "kill", "let", "local"),
        *("logout", "mapfile", "popd", "printf", "pushd", "pwd", "read", "readarray", "readonly", "return", "set"),
        *("shift", "shopt", "source", "suspend", "test", "times", "trap", "true", "type", "typeset", "ulimit"),
        *("umask", "unalias", "unset", "wait"),
    }
)

_ALWAYS: Final = {
    ".": Opaque.SOURCE_FILE,
    "source": Opaque.SOURCE_FILE,
    "alias": Opaque.ALIAS,
    "unalias": Opaque.ALIAS,
    "hash": Opaque.HASH,
    "trap": Opaque.TRAP,
    "enable": Opaque.ENABLE,
    "bind": Opaque.BIND,
    "compgen": Opaque.COMPGEN,
    "complete": Opaque.COMPGEN,
    "compopt": Opaque.COMPGEN,
    "fc": Opaque.FC,
    "history": Opaque.FC,
    "set": Opaque.SHELL_OPTION,
    "shopt": Opaque.SHELL_OPTION,
    "let": Opaque.ARITH_EVAL,
    "getopts": Opaque.SHELL_VARIABLE,
    "mapfile": Opaque.SHELL_VARIABLE,
    "read": Opaque.SHELL_VARIABLE,
    "readarray": Opaque.SHELL_VARIABLE,
    "unset": Opaque.SHELL_VARIABLE,
}
_STRICTER: Final = re.compile(  # operands, each behind a NUL, that end a script sooner and do nothing else
    r"(?:\0-[eu]{1,2}|\0-[eu]{0,2}o\0(?:errexit|nounset|pipefail))+"
)
_WITH_OPTION: Final = {
    "mapfile": ("C", Opaque.MAPFILE_CALLBACK),
    "readarray": ("C", Opaque.MAPFILE_CALLBACK),
    "printf": ("v", Opaque.SHELL_VARIABLE),
    "wait": ("p", Opaque.SHELL_VARIABLE),
    "declare": ("in", Opaque.DECLARE_ATTR),
    "local": ("in", Opaque.DECLARE_ATTR),
    "typeset": ("in", Opaque.DECLARE_ATTR),
}
_DECLARING: Final = frozenset({"declare", "export", "local", "readonly", "typeset"})
_CAREFREE: Final = frozenset(  # no operand of theirs names a variable, code or a program
    {*(":", "break", "cd", "continue", "echo", "exit", "false", "kill", "pwd", "return", "shift", "true", "umask")}
)
_WRAPPERS: Final = frozenset({"builtin", "command", "eval", "exec"})  # their operands are read as what they run
_NAMED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_UNARY: Final = frozenset(f"-{letter}" for letter in "bcdefghknprstuwxzLOGNS")
_BINARY: Final = frozenset(
    {*("=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef")},
)
# An array element, or a subscript that would be expanded: bash runs `test -v 'a[$(id)]'`, and `a[x]` if x holds that.
_SUBSCRIPT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\[|.*\[.*[$`]", re.DOTALL)


def reasons(argv: Sequence[str]) -> Iterator[str]:
    """The opaque reasons of one literal command, whose program is ``argv[0]``."""
    program, *operands = argv
    if program not in BUILTINS:
        return
    if (reason := _ALWAYS.get(program)) and not _is_harmless(program, operands):
        yield reason
    if (option := _WITH_OPTION.get(program)) and _has_option(operands, option[0]):
        yield option[1]
    if program == "jobs" and _has_option(operands, "x"):
        yield f"{Opaque.EXEC_WRAPPER}:jobs"
    if program != "echo" and any(_SUBSCRIPT.match(operand) for operand in operands):
        yield Opaque.ARITH_EVAL


def _is_harmless(program: str, operands: Sequence[str]) -> bool:
    """Whether ``set`` only makes the shell stricter, or ``read`` fills only variables that no shell looks at."""
    match program:
        case "set":
            return bool(_STRICTER.fullmatch("".join(f"\0{operand}" for operand in operands)))
        case "read":
            names = operands[1:] if operands[:1] == ["-r"] else operands
            return bool(names) and all(map(LOCAL_NAME.fullmatch, names))
        case _:
            return False


def dynamic_reasons(words: Sequence["Reading"]) -> Iterator[str]:
    """The opaque reasons of what a builtin might do with operands that are not known; ``words[0]`` is literal."""
    program, *operands = (word.value for word in words)
    unknown = [word for word in words[1:] if not word.literal]
    if program not in BUILTINS or program in _CAREFREE | _WRAPPERS or not unknown:
        return
    match program:
        case "test" | "[":
            if not (all(word.one for word in unknown) and _only_compares(words[1:], program)):
                yield Opaque.ARITH_EVAL
        case "printf" if words[1].literal and (not operands[0].startswith("-") or operands[0] == "--"):
            return
        case _ if program in _DECLARING and all(_NAMED.match(word.source) for word in unknown):
            return
        case _:
            yield Opaque.SHELL_VARIABLE


def _only_compares(words: Sequence["Reading"], program: str) -> bool:
    """Whether a test is ``-x WORD`` or ``WORD = WORD``: in no other is an unknown word always a mere operand."""
    operands = [word.value if word.literal else None for word in (words[:-1] if program == "[" else words)]
    if operands[:1] == ["!"]:
        operands = operands[1:]
    match operands:
        case [str(operator), _]:
            return operator in _UNARY
        case [_, str(operator), _]:
            return operator in _BINARY
        case _:
            return False


def _has_option(operands: Sequence[str], letters: str) -> bool:
    return any(operand.startswith(("-", "+")) and not set(letters).isdisjoint(operand) for operand in operands)


def declared(argv: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The variables, with values, that a declaring builtin gives to every later command."""
    if argv[0] in _DECLARING:
        for operand in argv[1:]:
            name, _, value = operand.partition("=")
            if not name.startswith(("-", "+")):
                yield name, value
