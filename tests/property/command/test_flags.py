"""Flags are read as getopt(1) of util-linux reads them, or not at all."""

import shlex
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.command.flags import OPERAND, Table, Unread, names, walk

TABLE = Table(bare=names("s:silent v:verbose all"), valued=names("X:request n:name retry"), optional=names("c:color"))
WORDS = st.sampled_from(
    [
        *("a", "", "-", "--", "-s", "-sv", "-X", "-Xa", "-sX", "-X=a", "-n", "-c", "-cx", "-scx", "-u"),
        *("--silent", "--silent=x", "--request", "--request=a", "--request=", "--req", "--retry", "--ret=1"),
        *("--color", "--color=x", "--all", "--al"),
    ]
)


def as_getopt_reads(words: list[str]) -> list[tuple[str, str]] | None:
    """Flags in their order, then the operands; None where it refuses them."""
    done = subprocess.run(
        ["getopt", "-o", "svX:n:c::", "-l", "silent,verbose,all,request:,name:,retry:,color::", "--", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return None
    spelled = TABLE.bare | TABLE.valued | TABLE.optional
    rest = iter(shlex.split(done.stdout))
    found: list[tuple[str, str]] = []
    for word in rest:
        if word == "--":
            break
        found.append((spelled[word], "" if word in TABLE.bare else next(rest)))
    return found + [(OPERAND, word) for word in rest]


@pytest.mark.skipif(shutil.which("getopt") is None, reason="getopt is not installed: apt-get install util-linux")
@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=6))
def test_what_is_read_is_what_getopt_reads(words: list[str]) -> None:
    try:
        found = list(walk(words, TABLE))
    except Unread:
        return
    flags = [(given.name, given.value) for given in found if given.name != OPERAND]
    operands = [(given.name, given.value) for given in found if given.name == OPERAND]
    assert [*flags, *operands] == as_getopt_reads(words)


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted({*TABLE.bare.values()})), st.integers(0, 1)) | st.text("ab=x", min_size=1)
    )
)
def test_what_is_written_is_read(parts: list[tuple[str, int] | str]) -> None:
    spellings = {name: [flag for flag in TABLE.bare if TABLE.bare[flag] == name] for name in TABLE.bare.values()}
    words = [part if isinstance(part, str) else spellings[part[0]][part[1] % len(spellings[part[0]])] for part in parts]
    assert [*walk(words, TABLE)] == [(OPERAND, part) if isinstance(part, str) else (part[0], "") for part in parts]
