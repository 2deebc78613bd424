"""What a program, a redirection and a variable are to both tiers."""

import pytest

from jumphost.command import parts
from jumphost.model.request import Files, Redirect


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ls", "ls"),
        ("/usr/bin/ls", "ls"),
        ("/bin/ls", "ls"),
        ("/usr/local/bin/ls", "ls"),
        ("/opt/bin/ls", "/opt/bin/ls"),
        ("./ls", "./ls"),
        ("/usr/bin/../bin/ls", "/usr/bin/../bin/ls"),
        ("/usr/bin/", "/usr/bin/"),
        ("/ls", "/ls"),
    ],
)
def test_a_program_goes_by_its_name_only_where_it_would_be_found_anyway(written: str, name: str) -> None:
    assert parts.program(written) == name


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("", "fd"),
        ("/dev/null", "null"),
        ("/dev/null/..", "device"),
        ("/dev/../dev/tcp/h/1", "net"),
        ("/dev/udp/h/1", "net"),
        ("//dev/tcp/h/1", "net"),
        ("/dev/fd/3", "fd"),
        ("/dev/stdout", "fd"),
        ("/dev/sda", "device"),
        ("/proc/self/mem", "proc"),
        ("/procs", "file"),
        ("/devel/x", "file"),
        ("out", "file"),
    ],
)
def test_what_a_redirection_opens(path: str, kind: str) -> None:
    assert parts.kind(path) == kind


READ = Redirect(fd=0, op="<", mode="read", path="/etc/hosts")
HERE = Redirect(fd=0, op="<<", mode="heredoc", kind="fd")
DUP = Redirect(fd=0, op="<&", mode="dup", to=3, kind="fd")
SHUT = Redirect(fd=0, op="<&-", mode="dup", kind="fd")
OUT = Redirect(fd=1, op=">", mode="truncate", path="/tmp/out")


@pytest.mark.parametrize(
    ("redirects", "piped", "stdin"),
    [
        ([], False, "inherit"),
        ([], True, "pipe"),
        ([OUT], True, "pipe"),
        ([READ], True, "file"),
        ([HERE], False, "heredoc"),
        ([READ, HERE], False, "heredoc"),
        ([HERE, READ], False, "file"),
        ([DUP], True, "inherit"),
        ([READ, SHUT], True, "closed"),
    ],
)
def test_what_a_program_reads_is_what_the_last_redirection_says(
    redirects: list[Redirect], piped: bool, stdin: str
) -> None:
    assert parts.stdin(redirects, piped=piped) == stdin


def test_files_are_those_with_known_names_each_once() -> None:
    both = Redirect(fd=0, op="<>", mode="readwrite", path="/tmp/both")
    dynamic = Redirect(fd=1, op=">", mode="truncate", path="$x", k="dynamic")
    nothing = Redirect(fd=2, op=">", mode="truncate", path="/dev/null", kind="null")
    assert parts.files([READ, both, OUT, OUT, dynamic, nothing, HERE]) == Files(
        read=("/etc/hosts", "/tmp/both"), write=("/tmp/both", "/tmp/out"), unknown=True
    )


@pytest.mark.parametrize(
    ("name", "value", "harmless"),
    [
        ("LANG", "C", True),
        ("TZ", "Europe/Berlin", True),
        ("TZ", ":/etc/shadow", False),
        ("TZ", "/etc/shadow", False),
        ("LC_ALL", "../x", False),
        ("LANG", None, False),
        ("PAGER", "cat", False),
        ("lang", "C", False),
    ],
)
def test_a_variable_does_more_than_say_how_to_print(name: str, value: str | None, harmless: bool) -> None:
    assert parts.dangerous([(name, value)]) == (() if harmless else (name,))


def test_dangerous_names_are_sorted_and_each_once() -> None:
    assert parts.dangerous([("PATH", ""), ("IFS", ""), ("PATH", "x"), ("TZ", "UTC")]) == ("IFS", "PATH")
