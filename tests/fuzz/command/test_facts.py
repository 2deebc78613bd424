"""Any bytes: facts within bounds, or a documented reason; never an exception."""

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jumphost.command.facts import analyse
from jumphost.command.lexer import MAX_OPERATORS, MAX_WORDS
from jumphost.command.opaque import Opaque
from jumphost.command.text import MAX_BYTES
from jumphost.model.request import Command

REASONS = set(Opaque)
shell_like = st.text("ab \t\n'\"\\;|&<>()0123=-./{}[]!~#%$`*?é\0\r\u200b", max_size=60).map(str.encode)
repeated = st.builds(
    lambda piece, times, end: piece * times + end,
    st.sampled_from(
        [b"$(", b"{ ", b"a|", b"a;", b"a\n", b"'", b'"', b"\\", b"a \\\n", b"<", b"a>b ", b"((", b"A=b ", b"''"]
    ),
    st.integers(1, 40_000),
    st.sampled_from([b"", b"a", b"'", b'"']),
)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200) | shell_like | repeated)
@example(b"a;" * (MAX_BYTES // 2))
@example(b"a " * (MAX_BYTES // 2))
@example(b"'" * MAX_BYTES)
def test_any_bytes_give_facts_or_a_documented_reason(raw: bytes) -> None:
    command = analyse(raw)
    assert {reason.partition(":")[0] for reason in command.opaque} <= REASONS
    assert command.bytes == len(raw)
    assert (command.tier == "literal") == bool(command.canonical)
    assert (command.tier != "unparsed") == bool(command.commands)
    assert command.tier != "unparsed" or len(command.opaque) == 1
    assert command.tier != "literal" or command.shape.commands <= MAX_OPERATORS + 1
    assert all(part.parent < part.id == number for number, part in enumerate(command.commands))
    assert {part.id for part in command.commands if part.wrapper} <= {part.parent for part in command.commands}
    assert sum(len(part.argv) + len(part.env) + len(part.redirects) for part in command.commands) <= MAX_WORDS
    assert "\0" not in command.raw
    document = msgspec.json.encode(command)
    assert msgspec.json.decode(document, type=Command) == command
