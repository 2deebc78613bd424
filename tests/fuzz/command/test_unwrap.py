"""Any words behind any wrapper: facts within bounds, and no program listed that does not stand there."""

import re
import shlex

from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.command.facts import analyse
from jumphost.command.lexer import MAX_WORDS
from jumphost.command.wrapped import filters, remote, runs, shells, wrappers
from jumphost.command.wrapped.awk import awk_is_plain
from jumphost.command.wrapped.sed import sed_is_plain
from jumphost.command.wrapped.unwrap import MAX_CHAIN
from jumphost.model.request import Command

WRAPPERS = sorted(
    {*wrappers.READERS, *shells.READERS, *remote.READERS, *runs.READERS, *filters.READERS, "python3", "make", "chroot"}
)
words = st.lists(
    st.sampled_from(WRAPPERS)
    | st.sampled_from(
        ["-n", "-u", "root", "-c", "--", "-", "5", "rm x", "rm", "{}", ";", "+", "-exec", "-I", "A=b", "exec"]
    )
    | st.text("-abcensu=$'\" {};|&>\n", max_size=8),
    max_size=12,
)


def chain(command: Command, at: int) -> int:
    """How many wrappers are around the program."""
    length = 0
    while (at := command.commands[at].parent) >= 0:
        length += 1
    return length


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(WRAPPERS), words, st.sampled_from(["sh", "bash"]))
def test_any_words_give_facts_within_bounds(wrapper: str, operands: list[str], dialect: str) -> None:
    command = analyse(shlex.join([wrapper, *operands]).encode(), dialect=dialect)
    listed = command.commands
    assert sum(len(part.argv) + len(part.env) + len(part.redirects) for part in listed) <= MAX_WORDS
    assert all(part.parent < part.id == number for number, part in enumerate(listed))
    assert all(chain(command, part.id) <= 2 * MAX_CHAIN for part in listed)
    parents = {part.parent for part in listed}
    assert all(part.id in parents for part in listed if part.wrapper)
    assert all(part.k == "literal" or part.why for one in listed for part in one.argv)


@settings(max_examples=400, deadline=None)
@given(st.text("abpsedqw{}()[]/\\|>;,!$\"'#@=+ 12\n", max_size=40))
def test_any_program_of_a_filter_is_judged(text: str) -> None:
    assert not (awk_is_plain(text) and re.search(r"@|#|'|&", text.replace("&&", "")) and not re.search('["/]', text))
    assert not (sed_is_plain(text) and re.match(r"[ew]|[0-9]+[ew]", text))


@given(st.integers(1, 20_000), st.sampled_from(["(", "{", "[", "/", '"', "1", "a", "s/", "{p", "1,", "!", "\\"]))
def test_long_programs_of_filters_end(times: int, piece: str) -> None:
    for judge in (awk_is_plain, sed_is_plain):
        assert judge(piece * times) in (True, False)
