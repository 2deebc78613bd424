"""The syntax tree of a text that is not literal → everything that it may run, over all its branches.

What is listed is never less than what a shell would run; where that is not known, ``opaque`` says why. A form that is
not understood raises NotLiteral.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from jumphost.command import parts, redirections, tree
from jumphost.command.builtins import BUILTINS, declared, dynamic_reasons, reasons
from jumphost.command.lexer import MAX_WORDS, RESERVED
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.command.words import LOCAL_NAME, Reading, read, read_text
from jumphost.model.request import Assignment, Invocation, Redirect, Word

When = Literal["always", "and", "or", "loop", "branch"]

_JOINTS: dict[str, tuple[str, When]] = {"&&": ("and", "and"), "||": ("or", "or")}
_UNREAD: dict[type, Opaque] = {
    tree.ArithmCmd: Opaque.ARITH_EVAL,
    tree.LetClause: Opaque.ARITH_EVAL,
    tree.TestClause: Opaque.ARITH_EVAL,
    tree.CoprocClause: Opaque.COPROC,
}


@dataclass(slots=True)
class Script:
    """What was found in a text; ``given`` are the variables it sets, None where the value is not known."""

    invocations: list[Invocation] = field(default_factory=list)
    opaque: dict[str, None] = field(default_factory=dict)
    dynamic: dict[str, None] = field(default_factory=dict)
    given: list[tuple[str, str | None]] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)
    pipelines: int = 0
    background: bool = False
    functions: int = 0
    loops: int = 0
    depth: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a command stands."""

    parent: int = -1
    via: str = "top"
    when: When = "always"
    pipeline: int = 0
    stage: int = 0
    piped: bool = False
    depth: int = 1
    redirects: tuple[Redirect, ...] = ()  # of the compound commands around it

    def within(self, when: When | None = None) -> "_Place":
        """The place of what a compound command holds."""
        return replace(self, when=when or self.when, depth=self.depth + 1)


def describe(file: tree.File, text: str) -> Script:
    """The facts of ``file``, the tree of ``text``."""
    reader = _Reader(text)
    reader.statements(file.stmts, _Place())
    found = reader.found
    if not found.invocations:
        raise NotLiteral(Opaque.ASSIGNMENT if found.given else Opaque.EMPTY)
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text.encode()
        self.found = Script()
        self.size = 0

    def statements(self, stmts: Iterable[tree.Stmt], place: _Place) -> None:
        """Those of a list, one after the other."""
        for number, stmt in enumerate(stmts):
            here = replace(place, pipeline=self._pipeline(stmt, place), stage=place.stage if place.piped else 0)
            if number and self.found.invocations:
                self.found.operators.append(";")
                here = replace(here, via="list" if place.via == "top" else place.via)
            self._statement(stmt, here)

    def _pipeline(self, stmt: tree.Stmt, place: _Place) -> int:
        """The number of the pipeline that starts here; a compound command has those that it holds."""
        if isinstance(stmt.cmd, tree.DeclClause | tree.BinaryCmd) or (
            isinstance(stmt.cmd, tree.CallExpr) and stmt.cmd.args
        ):
            self.found.pipelines += 1
            return self.found.pipelines - 1
        return place.pipeline

    def _count(self, more: int = 1) -> None:
        self.size += more
        if self.size > MAX_WORDS:
            raise NotLiteral(Opaque.TOO_COMPLEX)

    def _statement(self, stmt: tree.Stmt, place: _Place) -> None:
        self.found.depth = max(self.found.depth, place.depth)
        if stmt.background:
            self.found.background = True
            if self.text[stmt.semicolon.offset + 1 : stmt.semicolon.offset + 2] == b">":
                raise NotLiteral(Opaque.REDIRECT, stmt.semicolon.offset)  # &> of bash
        match stmt.cmd:
            case None:
                raise NotLiteral(Opaque.EMPTY_PROGRAM, stmt.pos.offset)
            case tree.CallExpr() if not stmt.cmd.args:
                if stmt.redirs:
                    raise NotLiteral(Opaque.EMPTY_PROGRAM, stmt.pos.offset)
                self._assigned(stmt.cmd.assigns, place)
            case tree.CallExpr():
                self._call(stmt.cmd, stmt.redirs, place)
            case tree.DeclClause():
                self._declaration(stmt.cmd, stmt.redirs, place)
            case other:
                held = tuple(self._redirect(redir, place) for redir in stmt.redirs)
                self._compound(other, replace(place, redirects=(*place.redirects, *held)))

    def _compound(self, cmd: tree.Cmd, place: _Place) -> None:
        match cmd:
            case tree.BinaryCmd():
                self._binary(cmd, place)
            case tree.Subshell():
                if self.text[cmd.lparen.offset : cmd.lparen.offset + 2] == b"((":
                    raise NotLiteral(Opaque.ARITH_EVAL, cmd.pos.offset)
                self.statements(cmd.stmts, place.within())
            case tree.Block():
                self.statements(cmd.stmts, place.within())
            case tree.If():
                self._if(cmd, place)
            case tree.WhileClause() | tree.ForClause():
                self._loop(cmd, place)
            case tree.CaseClause():
                self._case(cmd, place)
            case tree.FuncDecl(body=tree.Stmt() as body):
                self.found.functions += 1
                self.found.opaque[Opaque.FUNCTION] = None
                self._statement(
                    body, replace(place, when="branch", via="function", pipeline=self._pipeline(body, place))
                )
            case tree.TimeClause(stmt=tree.Stmt() as stmt):
                self._statement(stmt, place)
            case _:
                raise NotLiteral(_UNREAD.get(type(cmd), Opaque.SYNTAX), cmd.pos.offset)

    def _binary(self, cmd: tree.BinaryCmd, place: _Place) -> None:
        if cmd.x is None or cmd.y is None:
            raise NotLiteral(Opaque.SYNTAX, cmd.pos.offset)
        if cmd.op == "|":
            self._statement(cmd.x, place)
            self.found.operators.append("|")
            via = "pipe" if place.parent < 0 and place.via != "function" else place.via
            self._statement(cmd.y, replace(place, via=via, stage=place.stage + _stages(cmd.x), piped=True))
            return
        if cmd.op not in _JOINTS:
            raise NotLiteral(Opaque.REDIRECT, cmd.pos.offset)  # |&
        via, when = _JOINTS[cmd.op]
        self._statement(cmd.x, place)
        self.found.operators.append(cmd.op)
        self._statement(
            cmd.y,
            replace(
                place,
                via=via if place.parent < 0 and place.via != "function" else place.via,
                when=place.when if place.when in ("loop", "branch") else when,
                pipeline=self._pipeline(cmd.y, place),
            ),
        )

    def _if(self, cmd: tree.If, place: _Place) -> None:
        self.statements(cmd.cond, place.within())
        self.statements(cmd.then, place.within("branch"))
        if cmd.else_ is not None:
            self._if(cmd.else_, place.within("branch"))

    def _loop(self, cmd: tree.WhileClause | tree.ForClause, place: _Place) -> None:
        self.found.loops += 1
        match cmd:
            case tree.WhileClause():
                self.statements(cmd.cond, place.within("loop"))
            case tree.ForClause(select=False, loop=tree.WordIter() as loop):
                self._variable(loop.name.value)
                for word in loop.items:
                    self._word(word, place)
            case _:
                raise NotLiteral(Opaque.RESERVED_WORD if cmd.select else Opaque.ARITH_EVAL, cmd.pos.offset)
        self.statements(cmd.do, place.within("loop"))

    def _case(self, cmd: tree.CaseClause, place: _Place) -> None:
        self._word(cmd.word, place)
        for item in cmd.items:
            for pattern in item.patterns:
                self._nested(read_text(pattern, self.text), place, place.parent)
            self.statements(item.stmts, place.within("branch"))

    def _call(self, cmd: tree.CallExpr, redirs: Sequence[tree.Redir], place: _Place) -> None:
        number = self._reserve()
        env = tuple(self._assignment(assign, place, number) for assign in cmd.assigns)
        words = [self._word(word, place, number) for word in cmd.args]
        first = words[0]
        if first.source in RESERVED or first.source in ("!", "{", "}", "[["):
            raise NotLiteral(Opaque.RESERVED_WORD, cmd.pos.offset)
        if "=" in first.source:  # A+=b and a[x]=b, to shells that have those
            raise NotLiteral(Opaque.ASSIGNMENT, cmd.pos.offset)
        if first.literal and not first.value:
            raise NotLiteral(Opaque.EMPTY_PROGRAM, cmd.pos.offset)
        if first.literal and first.value.startswith("%"):
            raise NotLiteral(Opaque.BACKGROUND, cmd.pos.offset)
        self._invocation(number, words, env, redirs, place)

    def _declaration(self, cmd: tree.DeclClause, redirs: Sequence[tree.Redir], place: _Place) -> None:
        number = self._reserve()
        words = [Reading(cmd.variant.value, value=cmd.variant.value)]
        for assign in cmd.args:
            if assign.naked and assign.value is not None:
                words.append(self._word(assign.value, place, number))
            elif assign.naked and assign.name is not None:
                words.append(Reading(assign.name.value, value=assign.name.value))
            else:
                given = self._assignment(assign, place, number)
                text = Reading(f"{given.name}={given.value.src}", value=f"{given.name}={given.value.v}")
                text.why.update(dict.fromkeys(given.value.why))
                words.append(text)
        self._invocation(number, words, (), redirs, place)

    def _reserve(self) -> int:
        """The number of an invocation whose words are not read yet: what they hold comes after it."""
        self.found.invocations.append(Invocation(id=len(self.found.invocations), program="", argv=()))
        return len(self.found.invocations) - 1

    def _invocation(
        self,
        number: int,
        words: Sequence[Reading],
        env: tuple[Assignment, ...],
        redirs: Sequence[tree.Redir],
        place: _Place,
    ) -> None:
        self._count(len(place.redirects))  # each program in a compound command has its redirections
        redirects = (*place.redirects, *(self._redirect(redir, place, number) for redir in redirs))
        program = words[0].value if words[0].literal else ""
        self.found.invocations[number] = Invocation(
            id=number,
            program=parts.program(program),
            argv=tuple(word.word for word in words),
            parent=place.parent,
            via=place.via,
            pipeline=place.pipeline,
            stage=place.stage,
            when=place.when,
            path=program if "/" in program else "",
            kind="literal" if words[0].literal else "dynamic",
            builtin=program in BUILTINS,
            env=env,
            redirects=redirects,
            stdin=parts.stdin(redirects, piped=place.piped),
        )
        if not words[0].literal:
            self.found.opaque[Opaque.DYNAMIC_PROGRAM] = None
            return
        argv = [word.value if word.literal else "" for word in words]
        self.found.opaque.update(dict.fromkeys([*reasons(argv), *dynamic_reasons(words)]))
        if all(word.literal for word in words):
            self.found.given += declared(argv)
        elif program in ("declare", "export", "local", "readonly", "typeset"):
            self.found.given += ((word.source.partition("=")[0], None) for word in words[1:])

    def _assigned(self, assigns: Sequence[tree.Assign], place: _Place) -> None:
        for assign in assigns:
            self._variable(self._assignment(assign, place, place.parent).name)

    def _variable(self, name: str) -> None:
        """A variable of the shell that is set: one that the shell itself or a program may read is another matter."""
        if not LOCAL_NAME.fullmatch(name):
            self.found.opaque[Opaque.SHELL_VARIABLE] = None

    def _assignment(self, assign: tree.Assign, place: _Place, parent: int) -> Assignment:
        if assign.index is not None:
            raise NotLiteral(Opaque.ARITH_EVAL, assign.pos.offset)
        if assign.append or assign.array is not None or assign.name is None:
            raise NotLiteral(Opaque.ASSIGNMENT, assign.pos.offset)
        value = self._word(assign.value, place, parent).word if assign.value is not None else Word(v="")
        self.found.given.append((assign.name.value, value.v if value.k == "literal" else None))
        return Assignment(name=assign.name.value, value=value)

    def _redirect(self, redir: tree.Redir, place: _Place, parent: int | None = None) -> Redirect:
        fd = redirections.descriptor(redir)
        if redir.op in redirections.HERE_DOCUMENTS:
            self._count()
            found, body = redirections.here_document(redir, fd, self.text)
            self._nested(body, place, place.parent if parent is None else parent)
            return found
        return redirections.redirection(redir, fd, self._word(redir.word, place, parent))

    def _word(self, word: tree.Word, place: _Place, parent: int | None = None) -> Reading:
        self._count()
        found = read(word, self.text)
        self._nested(found, place, place.parent if parent is None else parent)
        return found

    def _nested(self, found: Reading, place: _Place, parent: int) -> None:
        self.found.dynamic.update(found.why)
        self.found.opaque.update(dict.fromkeys(found.opaque))
        for via, stmts in found.nested:
            inner = _Place(parent=parent, via=via, when=place.when, depth=place.depth + 1, piped=place.piped)
            self.statements(stmts, inner)


def _stages(stmt: tree.Stmt) -> int:
    """How many commands a pipeline connects, one for what is none."""
    match stmt.cmd:
        case tree.BinaryCmd(op="|", x=tree.Stmt() as x, y=tree.Stmt() as y):
            return _stages(x) + _stages(y)
        case _:
            return 1
