"""Any bytes: facts within bounds, or a documented reason; never an exception."""

import shlex

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jumphost.command.facts import analyse
from jumphost.command.text import MAX_BYTES
from jumphost.testing.facts import PIECES, hold

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
    hold(raw, analyse(raw))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.sampled_from(["sh", "bash"]))
def test_any_pieces_give_facts_or_a_documented_reason(text: str, dialect: str) -> None:
    hold(text.encode(), analyse(text.encode(), dialect=dialect))


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(
        ["curl", "wget", "http", "kubectl", "helm", "docker", "podman", "terraform", "aws", "gcloud", "az"]
    ),
    st.lists(st.sampled_from([piece.strip() for piece in PIECES]) | st.text(max_size=8), max_size=8),
)
def test_any_words_of_a_known_client_give_facts(program: str, words: list[str]) -> None:
    raw = shlex.join([program, *words]).encode()
    command = analyse(raw)
    hold(raw, command)
    if command.tier == "literal" and program not in ("curl", "wget", "http"):
        assert len(command.cloud) == 1
