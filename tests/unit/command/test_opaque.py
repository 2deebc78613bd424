"""Every reason of the closed list has a text that gives it, and no other."""

import pytest

from jumphost.command.facts import analyse
from jumphost.command.lexer import MAX_OPERATORS, MAX_WORDS
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.command.text import MAX_BYTES

UNPARSED: list[tuple[bytes, Opaque]] = [
    (b"x" * (MAX_BYTES + 1), Opaque.TOO_LONG),
    (b"echo \xff", Opaque.INVALID_UTF8),
    (b"echo \xed\xa0\x80", Opaque.INVALID_UTF8),
    (b"echo \xc0\xaf", Opaque.INVALID_UTF8),
    (b"ls\0rm", Opaque.NUL_BYTE),
    (b"ls\rrm", Opaque.CONTROL_CHAR),
    (b"echo '\x1b[2J'", Opaque.CONTROL_CHAR),
    (b"echo \x7f", Opaque.CONTROL_CHAR),
    ("echo \x85".encode(), Opaque.CONTROL_CHAR),
    ("rm -rf\u00a0/tmp/x".encode(), Opaque.INVISIBLE_UNICODE),
    ("echo '\u202efdp.exe'".encode(), Opaque.INVISIBLE_UNICODE),
    ("l\u200bs".encode(), Opaque.INVISIBLE_UNICODE),
    ("ls \u2028rm".encode(), Opaque.INVISIBLE_UNICODE),
    ("echo \u3164".encode(), Opaque.INVISIBLE_UNICODE),
    ("echo a\ufe0f".encode(), Opaque.INVISIBLE_UNICODE),
    ("echo \ue000".encode(), Opaque.INVISIBLE_UNICODE),
    ("echo \U000e0041".encode(), Opaque.INVISIBLE_UNICODE),
    (b"", Opaque.EMPTY),
    (b" \t\n\n", Opaque.EMPTY),
    (b"ls 'x", Opaque.SYNTAX),
    (b'ls "x', Opaque.SYNTAX),
    (b'ls "x\\', Opaque.SYNTAX),
    (b"ls x\\", Opaque.SYNTAX),
    (b";ls", Opaque.SYNTAX),
    (b"ls;;", Opaque.SYNTAX),
    (b"ls\n;ls", Opaque.SYNTAX),
    (b"ls |", Opaque.SYNTAX),
    (b"ls &&\n", Opaque.SYNTAX),
    (b"ls || | ls", Opaque.SYNTAX),
    (b"ls >", Opaque.SYNTAX),
    (b"ls > ;", Opaque.SYNTAX),
    (b"ls > ''", Opaque.SYNTAX),
    (b"ls;" * (MAX_OPERATORS + 1) + b"ls", Opaque.TOO_COMPLEX),
    (b"ls" + b" x" * MAX_WORDS, Opaque.TOO_COMPLEX),
    (b"ls" + b" >x" * MAX_WORDS, Opaque.TOO_COMPLEX),
    (b"ls # files", Opaque.COMMENT),
    (b"#!/bin/zsh\nls", Opaque.COMMENT),
    (b"ls ''#x", Opaque.COMMENT),
    (b"ls #\\\nrm -rf x", Opaque.COMMENT_CONTINUATION),
    (b"r\\\nm x", Opaque.CONTINUATION),
    (b"ls &\\\n& rm", Opaque.BACKGROUND),
    (b'echo "a\\\nb"', Opaque.CONTINUATION),
    (b"cat <<EOF\nx\nEOF", Opaque.HEREDOC),
    (b"cat 3<<-EOF", Opaque.HEREDOC),
    (b"cat <<< x", Opaque.HEREDOC),
    (b"ls 12>x", Opaque.REDIRECT),
    (b"ls >&x", Opaque.REDIRECT),
    (b"ls >& 2", Opaque.REDIRECT),
    (b"ls >&12", Opaque.REDIRECT),
    (b"ls >&2>x", Opaque.REDIRECT),
    (b"ls 2>&1-", Opaque.REDIRECT),
    (b"ls &>x", Opaque.REDIRECT),
    (b"ls >>|x", Opaque.REDIRECT),
    (b"ls |& tee", Opaque.REDIRECT),
    (b"sleep 9 &", Opaque.BACKGROUND),
    (b"%1", Opaque.BACKGROUND),
    (b"'%1'", Opaque.BACKGROUND),
    (b"(ls)", Opaque.SUBSHELL),
    (b"ls)", Opaque.SUBSHELL),
    (b"((x))", Opaque.SUBSHELL),
    (b"if true", Opaque.RESERVED_WORD),
    (b"time ls", Opaque.RESERVED_WORD),
    (b"A=b while x", Opaque.RESERVED_WORD),
    (b"ls; { rm", Opaque.RESERVED_WORD),
    (b"ls | ! rm", Opaque.RESERVED_WORD),
    (b"[[ a", Opaque.RESERVED_WORD),
    (b"- rm", Opaque.RESERVED_WORD),
    (b"'noglob' rm", Opaque.RESERVED_WORD),
    (b"f() { ls; }", Opaque.FUNCTION),
    (b"function f", Opaque.FUNCTION),
    (b"coproc cat", Opaque.COPROC),
    (b"echo $HOME", Opaque.PARAM),
    (b'echo "${x}"', Opaque.PARAM),
    (b'grep "x$"', Opaque.PARAM),
    (b"grep x$", Opaque.PARAM),
    (b"echo $(id)", Opaque.CMDSUBST),
    (b'echo "`id`"', Opaque.CMDSUBST),
    (b"echo `id`", Opaque.CMDSUBST),
    (b"echo $((1+1))", Opaque.ARITH),
    (b"echo $[1+1]", Opaque.ARITH),
    (b"diff <(ls) x", Opaque.PROCSUBST),
    (b"tee >(cat)", Opaque.PROCSUBST),
    (b"echo $'x'", Opaque.DOLLAR_QUOTE),
    (b'echo $"x"', Opaque.DOLLAR_QUOTE),
    (b"ls *", Opaque.GLOB),
    (b"ls a?", Opaque.GLOB),
    (b"ls [ab]", Opaque.GLOB),
    (b"echo [ x", Opaque.GLOB),
    (b"ls page<1-9>", Opaque.GLOB),
    (b"echo {a,b}", Opaque.BRACE),
    (b"echo }", Opaque.BRACE),
    (b"x{}", Opaque.BRACE),
    (b"ls ~", Opaque.TILDE),
    (b"tar --file=~/x", Opaque.TILDE),
    (b"A=b:~ ls", Opaque.TILDE),
    (b"=ls", Opaque.EQUALS),
    (b"[ a == b ]", Opaque.EQUALS),
    (b"echo ''=ls", Opaque.EQUALS),
    (b"!>x", Opaque.HISTORY),
    (b"echo a!b", Opaque.HISTORY),
    (b"ls >!x", Opaque.HISTORY),
    (b"^a^b", Opaque.HISTORY),
    (b"A=b", Opaque.ASSIGNMENT),
    (b"A=b; ls", Opaque.ASSIGNMENT),
    (b"A+=b ls", Opaque.ASSIGNMENT),
    (b"'A=b' ls", Opaque.ASSIGNMENT),
    (b"A==ls ls", Opaque.ASSIGNMENT),
    (b"''", Opaque.EMPTY_PROGRAM),
    (b">x", Opaque.EMPTY_PROGRAM),
]
HIDING: list[tuple[bytes, str]] = [
    (b"eval 'rm x'", "eval"),
    (b". ./x", "source_file"),
    (b"source x", "source_file"),
    (b"'alias' ls=rm", "alias"),
    (b"unalias ls", "alias"),
    (b"hash -p /tmp/x ls", "hash"),
    (b"trap 'rm x' EXIT", "trap"),
    (b"enable -f x.so ls", "enable"),
    (b"bind -x x", "bind"),
    (b"compgen -C x", "compgen"),
    (b"complete -C x y", "compgen"),
    (b"fc -s", "fc"),
    (b"history -w x", "fc"),
    (b"set -x", "shell_option"),
    (b"shopt -s expand_aliases", "shell_option"),
    (b"read PATH", "shell_variable"),
    (b"unset PATH", "shell_variable"),
    (b"printf -v PATH x", "shell_variable"),
    (b"wait -p PATH", "shell_variable"),
    (b"let x", "arith_eval"),
    (b"test -v 'a[$(id)]'", "arith_eval"),
    (b"[ -v 'a[x]' ]", "arith_eval"),
    (b"declare -i x=y", "declare_attr"),
    (b"typeset +n x", "declare_attr"),
    (b"exec rm x", "exec_wrapper:exec"),
    (b"command rm x", "exec_wrapper:command"),
    (b"command -p rm x", "exec_wrapper:command"),
    (b"builtin eval x", "exec_wrapper:builtin"),
    (b"jobs -x rm x", "exec_wrapper:jobs"),
]


@pytest.mark.parametrize(("raw", "reason"), UNPARSED)
def test_text_that_is_not_literal_is_unparsed_and_shows_no_command(raw: bytes, reason: Opaque) -> None:
    command = analyse(raw)
    assert (command.tier, command.opaque) == ("unparsed", (reason,))
    assert (command.commands, command.canonical) == ((), "")


@pytest.mark.parametrize(("raw", "reason"), HIDING)
def test_builtins_that_hide_something_are_literal_and_named(raw: bytes, reason: str) -> None:
    command = analyse(raw)
    assert (command.tier, command.opaque) == ("literal", (reason,))
    assert command.commands[0].builtin


def test_a_callback_and_the_variable_are_both_named() -> None:
    assert analyse(b"mapfile -C x lines").opaque == ("shell_variable", "mapfile_callback")


def test_the_tables_above_cover_the_list() -> None:
    shown = {reason.value for _, reason in UNPARSED} | {reason.partition(":")[0] for _, reason in HIDING}
    assert shown | {"mapfile_callback"} == set(Opaque)


def test_a_refusal_says_what_and_where() -> None:
    refusal = NotLiteral(Opaque.GLOB, 3)
    assert str(refusal) == "glob at character 3"
    assert (refusal.reason, refusal.at) == (Opaque.GLOB, 3)
