"""What a redirection opens, as the document has it."""

import pytest

from jumphost.command import shfmt
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.command.redirections import HERE_DOCUMENTS, descriptor, here_document, redirection
from jumphost.command.words import read
from jumphost.model.request import Redirect


def found(text: str) -> Redirect:
    """The only redirection of a text for bash."""
    (stmt,) = shfmt.parse(text, "bash").stmts
    (redir,) = stmt.redirs
    fd = descriptor(redir)
    if redir.op in HERE_DOCUMENTS:
        return here_document(redir, fd, text.encode())[0]
    return redirection(redir, fd, read(redir.word, text.encode()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a >b", Redirect(1, ">", "truncate", "b")),
        ("a 2>>b", Redirect(2, ">>", "append", "b")),
        ("a <b", Redirect(0, "<", "read", "b")),
        ("a <>b", Redirect(0, "<>", "readwrite", "b")),
        ("a &>b", Redirect(1, "&>", "truncate", "b")),
        ("a >$b", Redirect(1, ">", "truncate", "$b", k="dynamic")),
        ("a >/dev/null", Redirect(1, ">", "truncate", "/dev/null", kind="null")),
        ("a >/dev/tcp/h/1", Redirect(1, ">", "truncate", "/dev/tcp/h/1", kind="net")),
        ("a 2>&1", Redirect(2, ">&", "dup", to=1, kind="fd")),
        ("a <&3", Redirect(0, "<&", "dup", to=3, kind="fd")),
        ("a 2>&-", Redirect(2, ">&-", "dup", kind="fd")),
        ("a <<<b", Redirect(0, "<<<", "herestring", kind="fd", text="b\n")),
        ("a <<<$b", Redirect(0, "<<<", "herestring", k="dynamic", kind="fd")),
        ("a <<E\nb\nE", Redirect(0, "<<", "heredoc", kind="fd", text="b\n")),
        ("a 3<<E\nb\nE", Redirect(3, "<<", "heredoc", kind="fd", text="b\n")),
        ("a <<-E\n\t\tb\n\tE", Redirect(0, "<<-", "heredoc", kind="fd", text="b\n")),
        ("a <<'E'\n$b\nE", Redirect(0, "<<", "heredoc", kind="fd", text="$b\n")),
        ("a <<E\n$b\nE", Redirect(0, "<<", "heredoc", k="dynamic", kind="fd")),
    ],
)
def test_what_it_opens(text: str, expected: Redirect) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a 12>b", Opaque.REDIRECT),
        ("a {x}>b", Opaque.REDIRECT),
        ("a >&b", Opaque.REDIRECT),
        ("a >&12", Opaque.REDIRECT),
        ("a >&$b", Opaque.REDIRECT),
        ("a >&'1'", Opaque.REDIRECT),
        ("a >&٣", Opaque.REDIRECT),  # a file to bash
        ("a <&٣", Opaque.REDIRECT),
        ("a >&²", Opaque.REDIRECT),
        ("a >''", Opaque.REDIRECT),
        ("a <<'E F'\nb\nE F", Opaque.HEREDOC),
        ("a <<E-F\nb\nE-F", Opaque.HEREDOC),
    ],
)
def test_what_shells_may_read_otherwise_is_refused(text: str, reason: Opaque) -> None:
    with pytest.raises(NotLiteral) as caught:
        found(text)
    assert caught.value.reason is reason
