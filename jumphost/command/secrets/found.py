"""Secrets that a command speaks of: files that hold them, and those that stand in its own text."""

from typing import Final

from msgspec.structs import replace

from jumphost.command.secrets import flags as secretflags
from jumphost.command.secrets import paths as secretpaths
from jumphost.command.secrets import shapes as secretshapes
from jumphost.command.secrets.hints import holder
from jumphost.model.request import Command, Word

_hinted: Final = holder((*secretpaths.HINTS, *secretshapes.HINTS))


def described(command: Command) -> Command:
    """With what :func:`paths` and :func:`in_argv` find, in ``facts``."""
    text = _text(command)
    small = text.lower()
    if _hinted(small):
        named, held = _paths(text), _in_argv(text, command)
    else:
        named, held = (), tuple(secretflags.in_calls(command.commands, small))
    if not named and not held:
        return command
    return replace(command, facts=replace(command.facts, secret_paths=named, secret_argv=held))


def paths(command: Command) -> tuple[str, ...]:
    """The names of files that hold secrets, in normal form, wherever the text has them; never raises.

    A name is all that is looked at: links, globs and directories above are not followed.
    """
    return _paths(_text(command))


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


def _written(word: Word) -> str:
    return word.v if word.k == "literal" else word.src
