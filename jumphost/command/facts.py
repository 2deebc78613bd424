"""The facts of a command: what its text says would run, never whether it may."""

import hashlib
import posixpath
from collections.abc import Sequence
from typing import Final, Literal

from msgspec.structs import replace

from jumphost.command.builtins import BUILTINS, declared, reasons
from jumphost.command.canonical import canonical
from jumphost.command.lexer import Redirection, Simple, parse
from jumphost.command.opaque import NotLiteral
from jumphost.command.text import decode, printable
from jumphost.model.request import Assignment, Command, Facts, Files, Invocation, Redirect, Shape, Word

SYSTEM_PATHS: Final = frozenset({"/usr/bin", "/bin", "/usr/local/bin"})  # the PATH of the pinned shell
SAFE_ENVIRONMENT: Final = frozenset(  # a list of the dangerous ones is hopeless: LD_*, *_PAGER, GIT_*, PGHOST …
    {
        *("COLUMNS", "LANG", "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME"),
        *("LINES", "NO_COLOR", "PGAPPNAME", "PGCONNECT_TIMEOUT", "TZ"),
    }
)

_Mode = Literal["truncate", "append", "read", "readwrite", "dup"]
_Kind = Literal["null", "file", "device", "net", "proc", "fd"]
_Stdin = Literal["closed", "inherit", "pipe", "file"]
_When = Literal["always", "and", "or"]

_MODES: Final[dict[str, _Mode]] = {
    ">": "truncate",
    ">|": "truncate",
    ">>": "append",
    "<": "read",
    "<>": "readwrite",
}
_READING: Final = frozenset({"read", "readwrite"})
_WRITING: Final = frozenset({"truncate", "append", "readwrite"})
_PLACES: Final[tuple[tuple[str, _Kind], ...]] = (  # the first that fits
    ("/dev/fd/", "fd"),
    ("/dev/stdin/", "fd"),
    ("/dev/stdout/", "fd"),
    ("/dev/stderr/", "fd"),
    ("/dev/tcp/", "net"),  # bash connects
    ("/dev/udp/", "net"),
    ("/dev/", "device"),
    ("/proc/", "proc"),
)
_VIA: Final = {"": "top", "|": "pipe", "&&": "and", "||": "or", ";": "list"}
_WHEN: Final[dict[str, _When]] = {"": "always", "&&": "and", "||": "or", ";": "always"}


def analyse(raw: bytes, *, dialect: str = "sh") -> Command:
    """The facts of ``raw``, whatever bytes it holds; never raises.

    ``tier`` is literal, or else unparsed with the reason in ``opaque`` and no commands. Beside a literal text
    ``opaque`` names what its builtins run or change unseen. What is no text stands in ``raw`` as U+FFFD.
    """
    found = Command(
        raw=printable(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        bytes=len(raw),
        dialect=dialect,
        files=Files(unknown=True),
        facts=Facts(non_ascii=not raw.isascii()),
    )
    try:
        commands = parse(decode(raw))
    except NotLiteral as error:
        return replace(found, opaque=(error.reason.value,))
    invocations = _invocations(commands)
    redirects = [redirect for invocation in invocations for redirect in invocation.redirects]
    return replace(
        found,
        tier="literal",
        opaque=tuple(dict.fromkeys(reason for command in commands for reason in reasons(command.words))),
        canonical=canonical(commands),
        shape=Shape(
            commands=len(commands),
            pipelines=invocations[-1].pipeline + 1,
            operators=tuple(command.joint for command in commands if command.joint),
            depth=1,
        ),
        commands=invocations,
        files=_files(redirects),
        facts=replace(
            found.facts,
            writes=any(_touches(redirect, _WRITING) for redirect in redirects),
            network=any(redirect.kind == "net" for redirect in redirects),
            env_danger=_dangerous(commands),
            unknown_programs=tuple(sorted({invocation.program for invocation in invocations})),
        ),
    )


def _invocations(commands: Sequence[Simple]) -> tuple[Invocation, ...]:
    found: list[Invocation] = []
    pipeline = stage = 0
    when: _When = "always"
    for number, command in enumerate(commands):
        if command.joint == "|":
            stage += 1
        else:
            pipeline, stage, when = pipeline + (number > 0), 0, _WHEN[command.joint]
        found.append(_invocation(number, command, pipeline=pipeline, stage=stage, when=when))
    return tuple(found)


def _invocation(number: int, command: Simple, *, pipeline: int, stage: int, when: _When) -> Invocation:
    written = command.words[0]
    folder, slash, name = written.rpartition("/")
    return Invocation(
        id=number,
        program=name if folder in SYSTEM_PATHS and name else written,
        argv=tuple(Word(v=word) for word in command.words),
        via=_VIA[command.joint],
        pipeline=pipeline,
        stage=stage,
        when=when,
        path=written if slash else "",
        builtin=written in BUILTINS,
        env=tuple(Assignment(name=name, value=Word(v=value)) for name, value in command.env),
        redirects=tuple(map(_redirect, command.redirects)),
        stdin=_stdin(command.redirects, piped=stage > 0),
    )


def _redirect(redirection: Redirection) -> Redirect:
    return Redirect(
        fd=redirection.fd,
        op=redirection.op,
        mode=_MODES.get(redirection.op, "dup"),
        path=redirection.path,
        to=redirection.to,
        kind=_kind(redirection.path),
    )


def _kind(path: str) -> _Kind:
    """What a redirection to ``path`` opens ("": a descriptor), as far as a name can tell: links are not seen."""
    if not path:
        return "fd"
    if path == "/dev/null":
        return "null"
    plain = posixpath.normpath(path).replace("//", "/") + "/"
    return next((kind for place, kind in _PLACES if plain.startswith(place)), "file")


def _stdin(redirections: Sequence[Redirection], *, piped: bool) -> _Stdin:
    last = next((redirection for redirection in reversed(redirections) if redirection.fd == 0), None)
    if last is None:
        return "pipe" if piped else "inherit"
    if last.path:
        return "file"
    return "inherit" if last.to >= 0 else "closed"


def _touches(redirect: Redirect, modes: frozenset[str]) -> bool:
    return redirect.mode in modes and redirect.kind in ("file", "device", "proc")


def _files(redirects: Sequence[Redirect]) -> Files:
    """Paths of redirections; what the programs themselves touch is unknown until a profile says it."""
    return Files(
        read=tuple(dict.fromkeys(redirect.path for redirect in redirects if _touches(redirect, _READING))),
        write=tuple(dict.fromkeys(redirect.path for redirect in redirects if _touches(redirect, _WRITING))),
        unknown=True,
    )


def _dangerous(commands: Sequence[Simple]) -> tuple[str, ...]:
    given = (pair for command in commands for pair in (*command.env, *declared(command.words)))
    return tuple(sorted({name for name, value in given if not _is_harmless(name, value)}))


def _is_harmless(name: str, value: str) -> bool:
    """Whether a variable only says how to print; one that names a file (TZ=:/etc/shadow) does more."""
    return name in SAFE_ENVIRONMENT and not value.startswith(("/", ":")) and ".." not in value
