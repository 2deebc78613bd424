"""One pass over a text finds what a search for each hint would."""

from hypothesis import given
from hypothesis import strategies as st

from jumphost.command.secrets import paths, shapes
from jumphost.command.secrets.hints import holder

HINTS = (*paths.HINTS, *shapes.HINTS)
PIECES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(HINTS),
    st.sampled_from(HINTS).flatmap(lambda hint: st.integers(0, len(hint)).map(lambda end: hint[:end])),
)
HELD = holder(HINTS)


@given(st.lists(PIECES, max_size=6).map("".join))
def test_it_holds_one_if_one_stands_in_it(text: str) -> None:
    assert HELD(text) is any(hint in text for hint in HINTS)
