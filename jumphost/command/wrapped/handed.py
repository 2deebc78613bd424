"""What one invocation hands on to be run: the shape that every reader of wrappers fills."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jumphost.command.opaque import Opaque
from jumphost.model.request import Assignment, InlineCode, Invocation, Word

XARGS: Final = "xargs_args"  # why a word is dynamic: xargs takes it from its input
FIND: Final = "find_arg"  # why a word is dynamic: find puts paths there
PLACEHOLDER: Final = "{}"  # what find replaces


@dataclass(frozen=True, slots=True)
class Child:
    """A program with its operands (``words``), or a text for a shell (``code``, read in ``dialect``).

    ``run_as`` and ``host`` are "" where they stay as they were. ``in_shell``: the shell that runs already looks the
    program up, so builtins count.
    """

    words: tuple[Word, ...] = ()
    code: str = ""
    dialect: str = ""
    run_as: str = ""
    host: str = ""
    env: tuple[Assignment, ...] = ()
    in_shell: bool = False
    closed: bool = False  # it has no standard input
    repeated: bool = False  # it runs for each of some things, or for none


@dataclass(frozen=True, slots=True)
class Handed:
    """What an invocation hands on. ``whole``: nothing else is in its words, so its children say all of it.

    ``given`` are variables it sets or takes away, ``reads`` and ``writes`` the files that it opens itself.
    """

    children: tuple[Child, ...] = ()
    opaque: tuple[str, ...] = ()
    whole: bool = True
    given: tuple[tuple[str, str | None], ...] = ()
    privilege: tuple[str, ...] = ()
    lateral: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    inline: tuple[InlineCode, ...] = ()


NOTHING: Final = Handed()
Reader = Callable[[Invocation, str], Handed]  # with the dialect of the shell that reads the words
Readers = Mapping[str, Reader]


def hidden(*reasons: str) -> Handed:
    """Something runs that is not known, for these reasons."""
    return Handed(opaque=reasons, whole=False)


def reason(name: str) -> str:
    """The opaque reason of a program that runs another in a way that is not known."""
    return f"{Opaque.EXEC_WRAPPER}:{name}"


def unknown_program(word: Word) -> str:
    """The reason why a word that would name a program, or decide which word does, is not known."""
    return Opaque.XARGS_PROGRAM if XARGS in word.why else Opaque.DYNAMIC_PROGRAM


def joined(words: Sequence[Word]) -> str | None:
    """The words with blanks between them, as ``eval`` and ``ssh`` make a text of them; None if one is not known."""
    return " ".join(word.v for word in words) if all(word.k == "literal" for word in words) else None
