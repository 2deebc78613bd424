"""The programs that wrappers run, behind the ones that stand in the text itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from msgspec.structs import replace

from jumphost.command.builtins import BUILTINS, declared, dynamic_reasons, reasons
from jumphost.command.lexer import MAX_WORDS, parse
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.command.parts import dangerous, program
from jumphost.command.words import Reading
from jumphost.command.wrapped import filters, remote, runs, shells, wrappers
from jumphost.command.wrapped.handed import NOTHING, XARGS, Child, Handed, Readers, reason, unknown_program
from jumphost.command.wrapped.interpreters import interpreted, language
from jumphost.command.wrapped.options import UnknownOptionError
from jumphost.model.request import Command, InlineCode, Invocation, Word

MAX_DEPTH: Final = 4  # of texts within texts
MAX_CHAIN: Final = 8  # of wrappers around a program
MAX_TEXTS: Final = 16  # in one command: each may need a parser of its own

Read = Callable[[bytes, str], Command]

_READERS: Final[Readers] = {
    **wrappers.READERS,
    **shells.READERS,
    **remote.READERS,
    **runs.READERS,
    **filters.READERS,
}
_UNKNOWN: Final = "?"  # a user or a host
_PRIVILEGED: Final = frozenset({"doas", "pkexec", "runuser", "su", "sudo"})
_REMOTE: Final = frozenset(remote.READERS)
_LOCAL_ENGINES: Final = ("docker:", "nerdctl:", "podman:")
_QUESTIONS: Final = frozenset({"--help", "--version"})
_OUTERMOST: Final = frozenset({"top", "pipe", "and", "or", "list"})


def unwrapped(command: Command, read: Read) -> Command:
    """``command`` with what its wrappers run appended to ``commands``; never raises.

    ``read`` gives the facts of a text in a dialect, as far as they stand in the text itself. A wrapper whose children
    say all that it runs has ``wrapper``; where that is not known, ``opaque`` says why. Where a text for a shell is not
    literal, ``dynamic`` has the reason: no rule alone can allow the whole.
    """
    if not any(_hands_on(one, command.dialect) for one in command.commands):
        return command
    walk = _Walk(command, read)
    walk.visit_all()
    return walk.result()


@dataclass(frozen=True, slots=True)
class _Origin:
    """How an invocation came here: the shell that reads its words, and how many texts and wrappers are around it."""

    dialect: str
    texts: int = 0
    chain: int = 0


class _Walk:
    def __init__(self, command: Command, read: Read) -> None:
        self.command = command
        self.read = read
        self.invocations = list(command.commands)
        self.origins = [_Origin(command.dialect)] * len(self.invocations)
        self.words = sum(map(_size, self.invocations))
        self.found = False
        self.texts = 0
        self.opaque = dict.fromkeys(command.opaque)
        self.dynamic = dict.fromkeys(command.dynamic)
        self.danger = set(command.facts.env_danger)
        self.reads = dict.fromkeys(command.files.read)
        self.writes = dict.fromkeys(command.files.write)
        self.privilege = dict.fromkeys(command.facts.privilege)
        self.lateral = dict.fromkeys(command.facts.lateral)
        self.inline: dict[InlineCode, None] = dict.fromkeys(command.facts.inline_code)
        self.network = command.facts.network
        self.writing = command.facts.writes

    def visit_all(self) -> None:
        """Children come to the end of the list and are visited in their turn."""
        at = 0
        while at < len(self.invocations):
            if self.invocations[at].kind == "literal":
                self._visit(at)
            at += 1

    def _visit(self, at: int) -> None:
        handed = _handed(self.invocations[at], self.origins[at].dialect)
        if handed is NOTHING:
            return
        self.found = True
        self._because(handed.opaque)
        self.danger.update(dangerous(handed.given))
        self.privilege.update(dict.fromkeys(handed.privilege))
        self.lateral.update(dict.fromkeys(handed.lateral))
        self.reads.update(dict.fromkeys(handed.reads))
        self.writes.update(dict.fromkeys(handed.writes))
        self.writing |= bool(handed.writes)
        self.inline.update(dict.fromkeys(handed.inline))
        listed = [self._add(at, child) for child in handed.children]
        if listed and all(listed) and handed.whole:
            self.invocations[at] = replace(self.invocations[at], wrapper=True)

    def _because(self, reasons: Iterable[str]) -> None:
        self.opaque.update(dict.fromkeys(map(str, reasons)))

    def _add(self, at: int, child: Child) -> bool:
        """Whether the child is listed now; else ``opaque`` says why not."""
        origin = self.origins[at]
        if origin.chain == MAX_CHAIN or (child.dialect and origin.texts == MAX_DEPTH):
            self._because([Opaque.TOO_DEEP])
            return False
        return self._add_text(at, child) if child.dialect else self._add_program(at, child)

    def _add_program(self, at: int, child: Child) -> bool:
        parent, origin, first = self.invocations[at], self.origins[at], child.words[0]
        if first.k == "literal" and (not first.v or first.v[0] in "-%"):
            self._because([reason(parent.program)])
            return False
        if first.k == "dynamic":
            self._because([unknown_program(first)])
        added = Invocation(
            id=len(self.invocations),
            program=program(first.v),
            argv=child.words,
            parent=at,
            via=f"wrapper:{parent.program}",
            pipeline=parent.pipeline,
            stage=parent.stage,
            when="loop" if child.repeated else parent.when,
            path=first.v if "/" in first.v else "",
            kind=first.k,
            builtin=child.in_shell and first.v in BUILTINS,
            run_as=_run_as(parent, child),
            host=child.host or parent.host,
            env=child.env,
            stdin="closed" if child.closed else parent.stdin,
        )
        self.dynamic.update(dict.fromkeys(why for word in child.words for why in word.why))
        if added.builtin:
            self._builtin(child.words)
        return self._append([added], _Origin(origin.dialect, origin.texts, origin.chain + 1))

    def _builtin(self, words: tuple[Word, ...]) -> None:
        readings = [Reading(word.src or word.v, word.v, dict.fromkeys(word.why), one=False) for word in words]
        self._because((*reasons([word.v for word in words]), *dynamic_reasons(readings)))
        self.danger.update(
            dangerous(
                (name, value if word.literal else None)
                for word in readings[1:]
                for name, value in declared([words[0].v, word.source])
            )
        )

    def _add_text(self, at: int, child: Child) -> bool:
        self.texts += 1
        if self.texts > MAX_TEXTS:
            self._because([Opaque.TOO_COMPLEX])
            return False
        parent, origin = self.invocations[at], self.origins[at]
        found = self.read(child.code.encode(), child.dialect)
        if found.tier == "structured":
            self.dynamic[_not_literal(child.code)] = None
        self._because(found.opaque)
        self.dynamic.update(dict.fromkeys(found.dynamic))
        self.danger.update(found.facts.env_danger)
        self.reads.update(dict.fromkeys(found.files.read))
        self.writes.update(dict.fromkeys(found.files.write))
        self.writing |= found.facts.writes
        self.network |= found.facts.network
        base, pipelines = len(self.invocations), 1 + max(one.pipeline for one in self.invocations)
        added = [
            replace(
                one,
                id=base + one.id,
                parent=at if one.parent < 0 else base + one.parent,
                via=f"wrapper:{parent.program}" if one.parent < 0 and one.via in _OUTERMOST else one.via,
                pipeline=pipelines + one.pipeline,
                when=_when(parent, child, one),
                run_as=_run_as(parent, child),
                host=child.host or parent.host,
                stdin=("closed" if child.closed else parent.stdin) if one.stdin == "inherit" else one.stdin,
            )
            for one in found.commands
        ]
        return bool(added) and self._append(added, _Origin(child.dialect, origin.texts + 1, origin.chain + 1))

    def _append(self, added: list[Invocation], origin: _Origin) -> bool:
        self.words += sum(map(_size, added))
        if self.words > MAX_WORDS:
            self._because([Opaque.TOO_COMPLEX])
            return False
        self.invocations += added
        self.origins += [origin] * len(added)
        return True

    def result(self) -> Command:
        if not self.found:
            return self.command
        facts = self.command.facts
        return replace(
            self.command,
            opaque=tuple(self.opaque),
            dynamic=tuple(self.dynamic),
            commands=tuple(self.invocations),
            files=replace(self.command.files, read=tuple(self.reads), write=tuple(self.writes)),
            facts=replace(
                facts,
                writes=self.writing,
                network=self.network or any(not one.startswith(_LOCAL_ENGINES) for one in self.lateral),
                privilege=tuple(self.privilege),
                lateral=tuple(self.lateral),
                inline_code=tuple(self.inline),
                env_danger=tuple(sorted(self.danger)),
                unknown_programs=tuple(sorted({one.program for one in self.invocations if one.program})),
            ),
        )


def _hands_on(invocation: Invocation, dialect: str) -> bool:
    """Whether it hands something on; most do not, and need no walk."""
    return invocation.kind == "literal" and _handed(invocation, dialect) is not NOTHING


def _handed(invocation: Invocation, dialect: str) -> Handed:
    """What the invocation hands on, by the name of its program: in any folder but the system's it is not that one."""
    name = invocation.program.rpartition("/")[2]
    reader = _READERS.get(name)
    if reader is not None:
        operands = [word.v for word in invocation.argv[1:]]
        if len(operands) == 1 and operands[0] in _QUESTIONS and name not in BUILTINS:
            return NOTHING
        try:
            return reader(invocation, dialect) if name == invocation.program else _unread(name)
        except UnknownOptionError as error:
            return _unread(name, error.word)
    if language(name):
        return interpreted(invocation, dialect)
    if wrappers.LOADER.fullmatch(name):
        return _unread("ld.so")
    return _unread(name) if name in wrappers.ALWAYS else NOTHING


def _unread(name: str, word: Word | None = None) -> Handed:
    by_input = word is not None and XARGS in word.why
    return Handed(
        opaque=(Opaque.XARGS_PROGRAM if by_input else reason(name),),
        whole=False,
        privilege=(f"{name}:{_UNKNOWN}",) if name in _PRIVILEGED else (),
        lateral=(f"{name}:{_UNKNOWN}",) if name in _REMOTE else (),
    )


def _not_literal(text: str) -> str:
    try:
        parse(text)
    except NotLiteral as error:
        return error.reason
    return Opaque.DYNAMIC_CODE


def _run_as(parent: Invocation, child: Child) -> str:
    """Elsewhere the user is another one, even where it is not known which."""
    return child.run_as if child.host else child.run_as or parent.run_as


def _when(parent: Invocation, child: Child, one: Invocation) -> Literal["always", "and", "or", "loop", "branch"]:
    if child.repeated or "loop" in (parent.when, one.when):
        return "loop"
    return parent.when if parent.when == "branch" or one.when == "always" else one.when


def _size(invocation: Invocation) -> int:
    return len(invocation.argv) + len(invocation.env) + len(invocation.redirects)
