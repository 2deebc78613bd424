"""The facts of a command: what its text says would run, never whether it may."""

from msgspec.structs import replace

from jumphost.command.cloud import calls as cloud
from jumphost.command.profiled.facts import profiled
from jumphost.command.profiled.grammar import NONE, Grammars
from jumphost.command.reading import read
from jumphost.command.secrets import found as secrets
from jumphost.command.sql import facts as sql
from jumphost.command.web import http
from jumphost.command.wrapped.unwrap import unwrapped
from jumphost.model.request import Command


def analyse(raw: bytes, *, dialect: str = "sh", profiles: Grammars = NONE) -> Command:
    """The facts of ``raw``, whatever bytes it holds, of what its wrappers run, and what ``profiles`` say; never raises.

    ``tier`` is literal, or else structured where shfmt reads it, or else unparsed with the reason in ``opaque`` and no
    commands. Beside a text that was read ``opaque`` names what may run or change unseen. ``canonical`` is of the
    literal tier alone: of a structured text the raw one runs. What is no text stands in ``raw`` as U+FFFD.
    """
    found = unwrapped(read(raw, dialect), read)
    return profiled(_described(sql.described(found)), profiles)


def _described(found: Command) -> Command:
    """With what the words say to the programs that they are given to."""
    requests, calls = http.of_command(found), cloud.of_command(found)
    return secrets.described(replace(found, http=requests, cloud=calls) if requests or calls else found)
