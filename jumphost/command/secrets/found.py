"""Secrets that a command speaks of: files that hold them, and those that stand in its own text."""

import posixpath
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from jumphost.command.secrets import flags as secretflags
from jumphost.command.secrets import paths as secretpaths
from jumphost.command.secrets import shapes as secretshapes
from jumphost.command.secrets.hints import holder
from jumphost.model.request import Command, Invocation, Word

_CHANGING: Final = frozenset({"cd", "chdir", "pushd"})
_MAX_FOLDER: Final = 4096  # characters; PATH_MAX of Linux
_hinted: Final = holder((*secretpaths.HINTS, *secretshapes.HINTS))


def described(command: Command) -> Command:
    """With what :func:`paths` and :func:`in_argv` find, in ``facts``."""
    text = _text(command)
    files = _files(command, text)
    if _hinted(files.lower()):
        named, held = _paths(files), _in_argv(text, command)
    else:
        named, held = (), tuple(secretflags.in_calls(command.commands, text.lower()))
    if not named and not held:
        return command
    return replace(command, facts=replace(command.facts, secret_paths=named, secret_argv=held))


def paths(command: Command) -> tuple[str, ...]:
    """The names of files that hold secrets, in normal form, wherever the text has them; never raises.

    A name is all that is seen, below the folder too that a ``cd`` before it names. Links and globs are not followed.
    """
    return _paths(_files(command, _text(command)))


def in_argv(command: Command) -> tuple[str, ...]:
    """The detectors that find a secret in the text, sorted, never what they find; never raises.

    Looked at are words, environment prefixes, here-documents and code within words. A variable (``$PGPASSWORD``), a
    placeholder (``<password>``) and the name of a file (``--password-file``) are none.
    """
    return _in_argv(_text(command), command)


def _paths(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(secretpaths.in_text(text)))


def _in_argv(text: str, command: Command) -> tuple[str, ...]:
    return tuple(sorted({*secretshapes.in_text(text), *secretflags.in_calls(command.commands, text.lower())}))


def _text(command: Command) -> str:
    """All words, one a line, as the programs get them; of what is not literal also the raw text."""
    words = [] if command.tier == "literal" else [command.raw]
    for one in command.commands:
        words += [f"{given.name}={_written(given.value)}" for given in one.env]
        words += [word.v if word.k == "literal" else word.src for word in one.argv]
        words += [redirect.path for redirect in one.redirects if redirect.path]
    return "\n".join(words)


def _files(command: Command, text: str) -> str:
    """``text``, and what its words are as files of the folder to which the shell would have gone."""
    if any(one.program in _CHANGING for one in command.commands):
        return "\n".join((text, *_below(command.commands)))
    return text


def _below(commands: Sequence[Invocation]) -> Iterator[str]:
    """Whether it gets there or not, and in whatever shell: one name too many does no harm."""
    folder = ""
    for one in commands:
        words = [word.v for word in one.argv[1:] if word.k == "literal"]
        if folder:
            words += [redirect.path for redirect in one.redirects if redirect.path]
            yield from (posixpath.join(folder, word) for word in words)
        if one.program in _CHANGING and words:
            folder = posixpath.normpath(posixpath.join(folder, words[-1]))[:_MAX_FOLDER]


def _written(word: Word) -> str:
    return word.v if word.k == "literal" else word.src
