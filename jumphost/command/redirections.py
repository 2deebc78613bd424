"""A redirection of the syntax tree → that of the document."""

import re
from typing import Final, Literal

from jumphost.command import parts, tree
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.command.words import Reading, read_text
from jumphost.model.request import Redirect

HERE_DOCUMENTS: Final = frozenset({"<<", "<<-"})

_DIGIT = re.compile(r"[0-9]")  # of no other script: to a shell that is the name of a file
_DELIMITER = re.compile(rb"[A-Za-z0-9_]+")
_QUOTED_DELIMITER = re.compile(rb"'[A-Za-z0-9_]+'|\"[A-Za-z0-9_]+\"|\\[A-Za-z0-9_]+")
_TABS = re.compile(r"^\t+", re.MULTILINE)  # that <<- takes away


def descriptor(redir: tree.Redir) -> int:
    """The one that is redirected; NotLiteral for a number of two digits, and for a name."""
    if redir.n is None or not redir.n.value:
        return int(redir.op[0] in ">&")
    if _DIGIT.fullmatch(redir.n.value) is None:
        raise NotLiteral(Opaque.REDIRECT, redir.pos.offset)
    return int(redir.n.value)


def redirection(redir: tree.Redir, fd: int, to: Reading) -> Redirect:
    """Any but a here-document; ``to`` is what the word behind the operator says. Raises NotLiteral."""
    if redir.op == "<<<":
        return _here(fd, redir.op, "herestring", f"{to.value}\n" if to.literal else None)
    if redir.op in ("<&", ">&"):
        if to.source == "-":
            return Redirect(fd=fd, op=f"{redir.op}-", mode="dup", kind="fd")
        if _DIGIT.fullmatch(to.source):
            return Redirect(fd=fd, op=redir.op, mode="dup", to=int(to.source), kind="fd")
        raise NotLiteral(Opaque.REDIRECT, redir.pos.offset)
    if redir.op not in parts.MODES or (to.literal and not to.value):
        raise NotLiteral(Opaque.REDIRECT, redir.pos.offset)
    path = to.value if to.literal else to.source
    return Redirect(
        fd=fd,
        op=redir.op,
        mode=parts.MODES[redir.op],
        path=path,
        k="literal" if to.literal else "dynamic",
        kind=parts.kind(path) if to.literal else "file",
    )


def here_document(redir: tree.Redir, fd: int, text: bytes) -> tuple[Redirect, Reading]:
    """With what its body holds: nothing is expanded if the delimiter is quoted. Raises NotLiteral."""
    delimiter = text[redir.word.pos.offset : redir.word.end.offset]
    body = redir.hdoc or tree.Word()
    if _QUOTED_DELIMITER.fullmatch(delimiter):
        if not all(isinstance(part, tree.Lit) for part in body.parts):
            raise NotLiteral(Opaque.HEREDOC, redir.pos.offset)
        found = Reading("", value="".join(part.value for part in body.parts if isinstance(part, tree.Lit)))
    elif _DELIMITER.fullmatch(delimiter):
        found = read_text(body, text)
    else:
        raise NotLiteral(Opaque.HEREDOC, redir.pos.offset)
    value = _TABS.sub("", found.value) if redir.op == "<<-" else found.value
    return _here(fd, redir.op, "heredoc", value if found.literal else None), found


def _here(fd: int, op: str, mode: Literal["heredoc", "herestring"], text: str | None) -> Redirect:
    """The redirection of a text that stands in the command; None if it is not known."""
    return Redirect(fd=fd, op=op, mode=mode, kind="fd", k="dynamic" if text is None else "literal", text=text or "")
