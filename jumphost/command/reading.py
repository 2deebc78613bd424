"""A text as far as it stands there: the literal tier, or else the structured one. What runs behind is not looked at."""

import hashlib
from collections.abc import Sequence
from typing import Final, Literal

from msgspec.structs import replace

from jumphost.command import shfmt
from jumphost.command.builtins import BUILTINS, declared, reasons
from jumphost.command.canonical import canonical
from jumphost.command.lexer import Redirection, Simple, parse
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.command.parts import MODES, WRITING, dangerous, files, kind, program, stdin, touches
from jumphost.command.structured import Script, describe
from jumphost.command.text import decode, printable
from jumphost.model.request import Assignment, Command, Facts, Files, Invocation, Redirect, Shape, Word

_NOTHING_MORE: Final = frozenset({Opaque.EMPTY})  # no other reader would find more
_When = Literal["always", "and", "or"]
_VIA: Final = {"": "top", "|": "pipe", "&&": "and", "||": "or", ";": "list"}
_WHEN: Final[dict[str, _When]] = {"": "always", "&&": "and", "||": "or", ";": "always"}


def read(raw: bytes, dialect: str) -> Command:
    """The facts of ``raw`` as far as they stand in it; never raises."""
    try:
        text = decode(raw)
    except NotLiteral as error:
        return replace(_start(raw, printable(raw), dialect), opaque=(error.reason.value,))
    found = _start(raw, text, dialect)
    try:
        try:
            return _literal(found, parse(text))
        except NotLiteral as error:
            if error.reason in _NOTHING_MORE or dialect not in shfmt.LANGUAGES:
                raise
            return _structured(found, describe(shfmt.parse(text, dialect), text))
    except NotLiteral as error:
        return replace(found, opaque=(error.reason.value,))
    except RecursionError:
        return replace(found, opaque=(Opaque.TOO_DEEP.value,))


def _start(raw: bytes, shown: str, dialect: str) -> Command:
    return Command(
        raw=shown,
        sha256=hashlib.sha256(raw).hexdigest(),
        bytes=len(raw),
        dialect=dialect,
        files=Files(unknown=True),
        facts=Facts(non_ascii=not raw.isascii()),
    )


def _literal(found: Command, commands: Sequence[Simple]) -> Command:
    invocations = _invocations(commands)
    redirects = [redirect for invocation in invocations for redirect in invocation.redirects]
    builtins = [command.words for command in commands if command.words[0] in BUILTINS]
    given = [pair for command in commands for pair in command.env]
    given += (pair for words in builtins for pair in declared(words))
    return replace(
        found,
        tier="literal",
        opaque=tuple(dict.fromkeys(reason for words in builtins for reason in reasons(words))) if builtins else (),
        canonical=canonical(commands),
        shape=Shape(
            commands=len(commands),
            pipelines=invocations[-1].pipeline + 1,
            operators=tuple([command.joint for command in commands if command.joint]),
            depth=1,
        ),
        commands=invocations,
        files=files(redirects),
        facts=_facts(found.facts, redirects, given),
    )


def _structured(found: Command, script: Script) -> Command:
    redirects = [redirect for invocation in script.invocations for redirect in invocation.redirects]
    return replace(
        found,
        tier="structured",
        opaque=tuple(script.opaque),
        dynamic=tuple(script.dynamic),
        shape=Shape(
            commands=len(script.invocations),
            pipelines=script.pipelines,
            operators=tuple(script.operators),
            background=script.background,
            functions=script.functions,
            loops=script.loops,
            depth=script.depth,
        ),
        commands=tuple(script.invocations),
        files=files(redirects),
        facts=_facts(found.facts, redirects, script.given),
    )


def _facts(known: Facts, redirects: Sequence[Redirect], given: Sequence[tuple[str, str | None]]) -> Facts:
    if not redirects and not given:
        return known
    return replace(
        known,
        writes=any(touches(redirect, WRITING) for redirect in redirects),
        network=any(redirect.kind == "net" for redirect in redirects),
        env_danger=dangerous(given),
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
    redirects = tuple(map(_redirect, command.redirects))
    return Invocation(
        id=number,
        program=program(written),
        argv=tuple(map(Word, command.words)),
        via=_VIA[command.joint],
        pipeline=pipeline,
        stage=stage,
        when=when,
        path=written if "/" in written else "",
        builtin=written in BUILTINS,
        env=tuple([Assignment(name=name, value=Word(v=value)) for name, value in command.env]),
        redirects=redirects,
        stdin=stdin(redirects, piped=stage > 0),
    )


def _redirect(redirection: Redirection) -> Redirect:
    return Redirect(
        fd=redirection.fd,
        op=redirection.op,
        mode=MODES.get(redirection.op, "dup"),
        path=redirection.path,
        to=redirection.to,
        kind=kind(redirection.path),
    )
